package logs

import (
	"bytes"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// readFields reads what a row of a table, or an object, has for each role.
func (r *Reader) readFields(format formatNumber, value func(role) string, utc bool, found func(*Record)) (formatNumber, Result) {
	clock := r.shared.clock
	at, how := fieldTime(clock, []byte(value(timeRole)), utc)
	recipient, name, message := value(recipientRole), value(nameRole), value(messageRole)
	if message != "" {
		if format, result := r.readMessage(format, message, value(programRole), at, how, found); format != noFormat || recipient+name == "" {
			return format, result
		}
	}
	record := Record{Time: at, ID: []byte(value(idRole)), Source: []byte(value(sourceRole)), Sender: cleaned([]byte(value(senderRole)))}
	if isNull(record.Source) {
		record.Source = nil
	}
	if recipient != "" {
		if isInside(value) {
			return format, Other
		}
		if !isOutside(value) {
			return format, Unknown
		}
		return format, readRecipients(recipient, value(statusRole), record, found)
	}
	if name == "" || name == "-" {
		return format, Other
	}
	return format, readQuestion(name, value(typeRole), value(classRole), record, found)
}

// readMessage reads the line of another program that a field has. There may be fields with usual names beside it, which say
// less.
func (r *Reader) readMessage(format formatNumber, message, program string, at int64, how rank, found func(*Record)) (formatNumber, Result) {
	e := &r.entry
	*e = entry{program: programOf(program), message: []byte(strings.TrimRight(strings.TrimLeft(message, " "), "\r\n"))}
	e.stamped(at, how)
	e.openMore(r.shared.clock, r.isKnown)
	if len(e.message) > 0 && e.message[0] == '{' && format == objectFormat && r.depth == 0 {
		return r.readInner(found)
	}
	return r.dispatch(e, found)
}

// isNull reports whether a value stands for none.
func isNull(b []byte) bool { return len(b) == 0 || string(b) == "-" || string(b) == "(empty)" }

// readQuestion makes a record of a query.
func readQuestion(name, qtype, class string, record Record, found func(*Record)) Result {
	if class != "" && class != "1" && !strings.EqualFold(class, "IN") && class != "C_INTERNET" && class != "-" {
		return Other
	}
	client := record.Source
	if at, _, ok := cut(client, ":"); ok && bytes.Count(client, []byte(":")) == 1 { // with a port
		client = at
	}
	t := typeOf(qtype)
	if t == "" || !isQueried(name) || !record.setQuestion([]byte(name), []byte(t), client) {
		return Unknown
	}
	if qtype == "" {
		record.Type = 0
	}
	found(&record)
	return Taken
}

// isQueried reports whether a value can be a name that was asked for.
func isQueried(name string) bool { return !strings.ContainsAny(name, " \t,;@<>\"|") }

// typeOf reads a query type such as MX, 15 or "15 (MX)"; one that is not there is that of an address.
func typeOf(s string) string {
	if number, kind, ok := strings.Cut(s, " ("); ok && digits([]byte(number)) == len(number) {
		s = strings.TrimSuffix(kind, ")")
	}
	switch {
	case s == "" || s == "-":
		return "A"
	case digits([]byte(s)) == len(s):
		return "TYPE" + s
	}
	s = strings.ToUpper(s)
	if _, ok := dns.StringToType[s]; ok || strings.HasPrefix(s, "TYPE") {
		return s
	}
	return ""
}

// readRecipients makes a record of each recipient in a value: several are separated by commas, semicolons or blanks, and in
// Microsoft's extended report each has its own status, "bob@army.ml##Receive, Deliver".
func readRecipients(recipients, status string, record Record, found func(*Record)) Result {
	if strings.Contains(recipients, "##") {
		return readStatuses(recipients, record, found)
	}
	if status != "" && status != "-" {
		o, ok := outcomeOf([]byte(status))
		if !ok {
			return Unknown
		}
		if !o.counts {
			return Other
		}
		record.Outcome = o.outcome
	}
	result := Other
	for addr := range eachRecipient([]byte(recipients)) {
		addr = cleaned(addr)
		r := record
		switch {
		case isNull(addr):
		case !isAddress(addr):
			return Unknown
		case !r.setRecipient(addr): // an address literal
		case !isName(r.Name):
			return Unknown
		default:
			found(&r)
			result = Taken
		}
	}
	return result
}

// readStatuses reads recipients with their statuses, of which the last one counts.
func readStatuses(recipients string, record Record, found func(*Record)) Result {
	result := Other
	for part := range strings.SplitSeq(recipients, ";") {
		addr, list, _ := strings.Cut(strings.TrimSpace(part), "##")
		last := list[strings.LastIndexByte(list, ',')+1:]
		o, ok := outcomeOf([]byte(last))
		if strings.EqualFold(strings.TrimSpace(last), "deliver") {
			o, ok = statusOutcome{Delivered, true}, true
		}
		r := record
		r.Outcome = o.outcome
		switch {
		case addr == "":
		case !ok || !isAddress([]byte(addr)) || strings.Contains(list, "##"):
			return Unknown
		case o.counts && r.setRecipient([]byte(addr)):
			found(&r)
			result = Taken
		}
	}
	return result
}

// eachRecipient splits a list of addresses where no quote or bracket is open.
func eachRecipient(b []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		quoted, bracket, start := false, false, 0
		for i := 0; i <= len(b); i++ {
			end := i == len(b)
			if !end {
				switch b[i] {
				case '\\':
					i++
					continue
				case '"':
					quoted = !quoted
				case '<':
					bracket = true
				case '>':
					bracket = false
				}
			}
			if !end && (quoted || bracket || (b[i] != ',' && b[i] != ';' && (b[i] != ' ' || bytes.IndexByte(b[start:i], '@') < 0))) {
				continue
			}
			if part := bytes.TrimSpace(b[start:min(i, len(b))]); len(part) > 0 {
				if !yield(part) {
					return
				}
			}
			start = i + 1
		}
	}
}

// fieldTime reads a time in a field.
func fieldTime(c *Clock, b []byte, utc bool) (int64, rank) {
	b = bytes.TrimSpace(b)
	if t, ok := unixTime(b); ok {
		return t, exact
	}
	if t, _, ok := c.stamp(b); ok {
		if c.rank == withoutZone && utc {
			_, offset := time.Unix(t, 0).In(c.zone).Zone()
			return t + int64(offset), exact
		}
		return t, c.rank
	}
	if t, err := time.ParseInLocation("Jan 2, 2006, 3:04:05 PM", string(b), c.zone); err == nil {
		return t.Unix(), withoutZone
	}
	return 0, noTime
}

// programOf returns the program in a field, which may be a syslog tag, "postfix/smtp[31589]:", or a unit of systemd.
func programOf(s string) []byte {
	s = strings.TrimSuffix(strings.TrimSpace(s), ":")
	if open := strings.IndexByte(s, '['); open > 0 {
		s = s[:open]
	}
	return []byte(s)
}
