package logs

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// maxDepth is how deep objects in objects are looked at: Elastic has the fields of a document in _source.
const maxDepth = 4

// object is a line in JSON: its values by their path.
type object struct {
	values map[string]any
	roles  [numRoles]string
	ranks  [numRoles]int
	utc    bool
}

// readObject reads a line in JSON: of a server that logs so, of what carries lines of others, or with the usual keys.
func (r *Reader) readObject(line []byte, found func(*Record)) (formatNumber, Result) {
	r.depth = 0
	return r.readValue(line, found)
}

// readInner reads an object that is the message of an entry, as Docker carries the line of a server that logs in JSON.
func (r *Reader) readInner(found func(*Record)) (formatNumber, Result) {
	outer := r.entry
	r.depth = 1
	format, result := r.readValue(outer.message, func(record *Record) {
		if record.Time == 0 {
			record.Time = outer.time
		}
		found(record)
	})
	return format, result
}

func (r *Reader) readValue(line []byte, found func(*Record)) (formatNumber, Result) {
	o := &r.object
	*o = object{values: map[string]any{}}
	if err := json.Unmarshal(line, &o.values); err != nil {
		if r.depth > 0 {
			return r.dispatch(&r.entry, found)
		}
		return objectFormat, Unknown
	}
	return r.readMap(o, line, found)
}

// readMap reads an object that was taken apart.
func (r *Reader) readMap(o *object, line []byte, found func(*Record)) (formatNumber, Result) {
	switch {
	case o.values["event_type"] != nil && (o.values["src_ip"] != nil || o.values["flow_id"] != nil):
		return suricataFormat, readSuricata(o.values, r.shared.clock, found)
	case o.values["uuid"] != nil && o.values["origin"] != nil:
		return harakaFormat, r.readHarakaObject(o.values, found)
	case o.values["plugin"] != nil && o.values["level"] != nil:
		return corednsFormat, readCoreDNSObject(line, found)
	}
	o.find("", o.values, 0)
	if r.options.Columns != nil {
		o.choose(r.options.Columns)
	}
	format := objectFormat
	if o.values["id.orig_h"] != nil {
		format = zeekFormat
	}
	if o.roles[recipientRole]+o.roles[nameRole]+o.roles[messageRole] == "" {
		return format, r.readLists(o.values, line, found)
	}
	roles := o.roles // an object in the message may be read meanwhile
	return r.readFields(format, func(what role) string { return roles[what] }, o.utc, found)
}

// readLists reads the lists of objects in an object that has nothing to judge itself: a reply of a web service. Without one, and
// without an address in it, the object is of something else; so is one of journald that has no message, unless it left that
// out because it was long.
func (r *Reader) readLists(values map[string]any, line []byte, found func(*Record)) Result {
	if message, ok := values["MESSAGE"]; ok && message == nil && r.isKnown(programOf(textOf(values["SYSLOG_IDENTIFIER"]))) {
		return Unknown
	}
	result := Foreign
	for _, value := range values {
		list, _ := value.([]any)
		for _, item := range list {
			if inner, ok := item.(map[string]any); ok && r.depth < maxDepth {
				r.depth++
				r.object = object{values: inner}
				_, one := r.readMap(&r.object, line, found)
				result = max(result, one)
				r.depth--
			}
		}
	}
	switch {
	case result != Foreign:
		return result
	case bytes.IndexByte(line, '@') >= 0:
		return Unknown
	}
	return Other
}

// find finds the roles of an object's values by their keys, with those of the objects around before them, or without.
func (o *object) find(path string, values map[string]any, depth int) {
	for key, value := range values {
		full := path + key
		if inner, ok := value.(map[string]any); ok {
			if depth < maxDepth {
				o.find(full+".", inner, depth+1)
			}
			continue
		}
		what, rank := roleOf(full)
		if what == noRole && depth > 0 {
			if what, rank = roleOf(key); what != noRole {
				rank += 100 * depth
			}
		}
		if what == noRole {
			continue
		}
		text := textOf(value)
		// Of two keys that are as good the one whose path comes first in the alphabet counts: a map has no order.
		if text == "" || (o.roles[what] != "" && (o.ranks[what] < rank || (o.ranks[what] == rank && o.roles[what] <= text))) {
			continue
		}
		o.roles[what], o.ranks[what] = text, rank
		if what == timeRole {
			o.utc = isUTC(key)
		}
	}
}

// choose takes the values that the option -column names.
func (o *object) choose(columns map[string]string) {
	o.roles = [numRoles]string{}
	for what, name := range roleNames {
		if column := columns[name]; name != "" && column != "" {
			o.roles[what] = textOf(valueAt(o.values, column))
		}
	}
}

// valueAt returns the value with a key, or with the keys of objects in objects with points between.
func valueAt(values map[string]any, path string) any {
	if value, ok := values[path]; ok {
		return value
	}
	key, rest, ok := strings.Cut(path, ".")
	if inner, isObject := values[key].(map[string]any); ok && isObject {
		return valueAt(inner, rest)
	}
	return nil
}

// textOf returns a value as text. A list of texts is joined by commas, and one of numbers is the octets that journald writes
// for what is no UTF-8.
func textOf(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		return textOfList(v)
	}
	return ""
}

func textOfList(list []any) string {
	var texts []string
	var octets []byte
	for _, item := range list {
		switch v := item.(type) {
		case string:
			texts = append(texts, v)
		case float64:
			octets = append(octets, byte(v))
		case map[string]any: // Exchange's and Microsoft Graph's form of an address
			if addr, ok := valueAt(v, "emailAddress.address").(string); ok {
				texts = append(texts, addr)
			} else if addr, ok := v["emailAddress"].(string); ok { // Amazon SES, of a bounce
				texts = append(texts, addr)
			}
		}
	}
	if len(texts) > 0 {
		return strings.Join(texts, ",")
	}
	return string(octets)
}
