package logs

import "bytes"

// bind reads the query log of BIND 9, from a file in any of its time formats, or from syslog:
//
//	21-Nov-2026 23:38:15.123 queries: info: client @0x7fec218d2098 192.0.2.25#53507 (army.ml): view internal: query: army.ml IN MX +E(0)K (192.0.2.53)
type bind struct{ record Record }

func newBIND(*shared) parser { return &bind{} }

// claimsBIND recognises a query in a file without the name of the program.
func claimsBIND(message []byte) bool {
	return bytes.HasPrefix(withoutCategory(message), []byte("client ")) && bytes.Contains(message, []byte(": query: "))
}

// withoutCategory cuts off the category and the severity.
func withoutCategory(b []byte) []byte {
	return bytes.TrimPrefix(bytes.TrimPrefix(b, []byte("queries: ")), []byte("info: "))
}

// parse implements parser.
func (b *bind) parse(e *entry, found func(*Record)) Result {
	head, question, ok := cut(e.message, ": query: ")
	if !ok {
		return Other
	}
	who, ok := bytes.CutPrefix(withoutCategory(head), []byte("client "))
	if !ok {
		return Other
	}
	if len(who) > 0 && who[0] == '@' {
		_, who, _ = cut(who, " ")
	}
	r := &b.record
	*r = Record{Time: e.time}
	client, _, ok := cut(who, "#")
	name, rest, ok1 := cut(question, " ")
	class, rest, ok2 := cut(rest, " ")
	qtype, _, _ := cut(rest, " ")
	if !ok || !ok1 || !ok2 {
		return Unknown
	}
	if string(class) != "IN" {
		return Other
	}
	if !r.setQuestion(name, qtype, client) {
		return Unknown
	}
	found(r)
	return Taken
}
