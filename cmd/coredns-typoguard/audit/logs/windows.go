package logs

import "bytes"

// windowsDNS reads the debug log of Microsoft's DNS server, of which queries that came in count:
//
//	11/21/2026 10:38:15 PM 0A1C PACKET  000000E5B3F5C0A0 UDP Rcv 10.0.0.1        0002   Q [0001   D   NOERROR] MX     (4)army(2)ml(0)
type windowsDNS struct {
	name   []byte
	record Record
}

func newWindowsDNS(*shared) parser { return &windowsDNS{} }

func claimsWindowsDNS(message []byte) bool {
	return bytes.Contains(message[:min(len(message), 24)], []byte(" PACKET "))
}

// parse implements parser.
func (w *windowsDNS) parse(e *entry, found func(*Record)) Result {
	_, rest, _ := cut(e.message, " Rcv ")
	if rest == nil {
		return Other // sent
	}
	client, rest := word(rest)
	_, rest = word(rest) // the ID of the message
	first, _ := word(rest)
	if string(first) != "Q" {
		return Other // a response has R before it; or of another opcode
	}
	_, question, ok := cut(rest, "] ")
	qtype, labels := word(question)
	if !ok || !w.unpack(labels) {
		return Unknown
	}
	w.record = Record{Time: e.time}
	if !w.record.setQuestion(w.name, qtype, client) {
		return Unknown
	}
	found(&w.record)
	return Taken
}

// unpack reads "(4)army(2)ml(0)".
func (w *windowsDNS) unpack(b []byte) bool {
	w.name = w.name[:0]
	for len(b) > 2 && b[0] == '(' {
		n, rest, ok := leading(b[1:], 2)
		if !ok || len(rest) == 0 || rest[0] != ')' || n > len(rest)-1 {
			return false
		}
		if n == 0 {
			if len(w.name) == 0 {
				w.name = append(w.name, '.')
			}
			return true
		}
		w.name = append(append(w.name, rest[1:1+n]...), '.')
		b = rest[1+n:]
	}
	return false
}
