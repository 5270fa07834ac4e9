package logs

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/miekg/dns"
)

// coredns reads what the plugin log of CoreDNS writes: as text in its default format, common or combined, or in one that
// begins with "{remote} {name} {type}" as this project's documentation has it, and with -log-format=json. Text has no time
// stamp of its own; what syslog or journalctl puts before it is read.
//
//	[INFO] 192.0.2.25:37972 - 3852 "MX IN army.ml. udp 48 false 1232" NXDOMAIN qr,rd,ra 169 0.000115s
type coredns struct{ record Record }

func newCoreDNS(*shared) parser { return &coredns{} }

// claimsCoreDNS recognises a line by its level.
func claimsCoreDNS(message []byte) bool {
	for _, level := range []string{"[INFO] ", "[WARNING] ", "[ERROR] ", "[DEBUG] ", "[FATAL] "} {
		if bytes.HasPrefix(message, []byte(level)) {
			return true
		}
	}
	return false
}

// parse implements parser.
func (d *coredns) parse(e *entry, found func(*Record)) Result {
	text, ok := bytes.CutPrefix(e.message, []byte("[INFO] "))
	if !ok {
		return Other
	}
	r := &d.record
	*r = Record{Time: e.time}
	name, qtype, client, ok := question(text)
	if !ok {
		return Other
	}
	if !r.setQuestion(name, qtype, client) {
		return Unknown
	}
	found(r)
	return Taken
}

// question takes a line apart, behind its level. Queries of other classes than IN report false.
func question(text []byte) (name, qtype, client []byte, ok bool) {
	remote, rest, _ := cut(text, " ")
	if id, ok := bytes.CutPrefix(rest, []byte("- ")); ok {
		_, quoted, ok := cut(id, ` "`)
		qtype, quoted, ok1 := cut(quoted, " IN ")
		name, _, ok2 := cut(quoted, " ")
		colon := bytes.LastIndexByte(remote, ':')
		if !ok || !ok1 || !ok2 || colon < 0 {
			return nil, nil, nil, false
		}
		return name, qtype, bytes.Trim(remote[:colon], "[]"), true
	}
	name, rest, _ = cut(rest, " ")
	qtype, _, _ = cut(rest, " ")
	if _, ok := dns.StringToType[string(qtype)]; !ok || !bytes.HasSuffix(name, []byte(".")) {
		return nil, nil, nil, false
	}
	return name, qtype, bytes.Trim(remote, "[]"), true
}

// jsonLine is what concerns us of a line in JSON.
type jsonLine struct {
	Time     time.Time `json:"time"`
	Plugin   string    `json:"plugin"`
	ClientIP string    `json:"client_ip"`
	Name     string    `json:"qname"`
	Type     string    `json:"qtype"`
	Class    string    `json:"qclass"`
}

// readCoreDNSObject reads a line of -log-format=json.
func readCoreDNSObject(line []byte, found func(*Record)) Result {
	var l jsonLine
	if err := json.Unmarshal(line, &l); err != nil || l.Time.Year() < firstYear {
		return Unknown
	}
	if l.Plugin != "log" || l.Class != "IN" {
		return Other
	}
	r := Record{Time: l.Time.Unix()}
	if !r.setQuestion([]byte(l.Name), []byte(l.Type), []byte(l.ClientIP)) {
		return Unknown
	}
	found(&r)
	return Taken
}
