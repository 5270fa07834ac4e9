package logs

import "bytes"

// dnsmasq reads what dnsmasq and Pi-hole log with log-queries, and with log-queries=extra:
//
//	Nov 21 23:38:15 dnsmasq[123]: query[MX] army.ml from 10.0.0.1
//	Nov 21 23:38:15 dnsmasq[123]: 45 10.0.0.1/53507 query[MX] army.ml from 10.0.0.1
type dnsmasq struct{ record Record }

func newDnsmasq(*shared) parser { return &dnsmasq{} }

func claimsDnsmasq(message []byte) bool { return bytes.HasPrefix(message, []byte("query[")) }

// parse implements parser.
func (d *dnsmasq) parse(e *entry, found func(*Record)) Result {
	text := e.message
	if first, rest := word(text); digits(first) == len(first) && len(first) > 0 {
		_, text = word(rest)
	}
	query, ok := bytes.CutPrefix(text, []byte("query["))
	if !ok {
		return Other
	}
	qtype, rest, ok := cut(query, "] ")
	name, rest := word(rest)
	client, isFrom := bytes.CutPrefix(rest, []byte("from "))
	if first, number, found := cut(qtype, "="); found && string(first) == "type" { // of a type without a name
		qtype = append([]byte("TYPE"), number...)
	}
	d.record = Record{Time: e.time}
	client, _ = word(client)
	if !ok || !isFrom || !d.record.setQuestion(name, qtype, client) {
		return Unknown
	}
	found(&d.record)
	return Taken
}
