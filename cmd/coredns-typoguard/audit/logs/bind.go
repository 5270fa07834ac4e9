package logs

import "bytes"

// bind reads the query log of BIND 9, from a file in any of its time formats, or from syslog:
//
//	21-Nov-2026 23:38:15.123 queries: info: client @0x7fec218d2098 192.0.2.25#53507 (army.ml): view internal: query: army.ml IN MX +E(0)K (192.0.2.53)
type bind struct {
	clock  *Clock
	record Record
}

func newBIND(c *Clock) Parser { return &bind{clock: c} }

// Parse implements Parser.
func (b *bind) Parse(line []byte, found func(*Record)) Result {
	head, question, ok := cut(line, ": query: ")
	if !ok {
		return b.other(line)
	}
	before, who, ok := cut(head, "client ")
	if !ok {
		return b.other(line)
	}
	r := &b.record
	*r = Record{}
	if len(before) > 0 {
		if r.Time, ok = b.time(before); !ok && !bytes.HasPrefix(before, []byte("queries: ")) && !bytes.HasPrefix(before, []byte("info: ")) {
			return Unknown
		}
	}
	if len(who) > 0 && who[0] == '@' {
		_, who, _ = cut(who, " ")
	}
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

// time reads the time stamp, in one of BIND's forms or of syslog's.
func (b *bind) time(head []byte) (int64, bool) {
	if t, _, ok := b.clock.bind(head); ok {
		return t, true
	}
	t, _, ok := b.clock.stamp(head)
	return t, ok
}

// other says whether a line that is no query can stand in the same log.
func (b *bind) other(line []byte) Result {
	if _, ok := b.time(line); ok {
		return Foreign
	}
	return Unknown
}
