package logs

import (
	"bytes"
	"hash/maphash"
)

// esa reads mail_logs of Cisco's Email Security Appliance (IronPort). A message and its recipients have numbers:
//
//	Info: MID 6 ICID 5 From: <alice@corp.example>
//	Info: MID 6 ICID 5 RID 0 To: <bob@army.ml>
//	Info: Message done DCID 8 MID 6 to RID [0]
//	Info: Bounced: DCID 8 MID 6 to RID 0 - 5.1.0 - …
//
// Recipients are remembered in a table of fixed size; of two with the same place the later one.
type esa struct {
	*shared
	slots  []esaRecipient
	record Record
}

// esaRecipient is a recipient of a message.
type esaRecipient struct {
	key  uint64 // of MID and RID
	size uint16
	rcpt [320]byte
}

const esaSlots = 1 << 13 // 2.7 MiB

func newESA(s *shared) parser { return &esa{shared: s} }

// withoutLevel cuts the level off.
func withoutLevel(b []byte) []byte {
	for _, level := range []string{"Info: ", "Warning: ", "Debug: "} {
		if rest, ok := bytes.CutPrefix(b, []byte(level)); ok {
			return rest
		}
	}
	return b
}

func claimsESA(message []byte) bool {
	message = withoutLevel(message)
	if rest, ok := bytes.CutPrefix(message, []byte("MID ")); ok {
		return digits(rest) > 0
	}
	for _, start := range []string{"Message done DCID ", "Bounced: DCID ", "Bounced: MID ", "Delayed: DCID ", "Delivery start DCID ", "New SMTP ICID ", "New SMTP DCID "} {
		if bytes.HasPrefix(message, []byte(start)) {
			return true
		}
	}
	return false
}

// parse implements parser.
func (a *esa) parse(e *entry, found func(*Record)) Result {
	text := withoutLevel(e.message)
	switch {
	case bytes.HasPrefix(text, []byte("MID ")):
		return a.message(e, text, found)
	case bytes.HasPrefix(text, []byte("Message done DCID ")):
		return a.done(e, text, Delivered, found)
	case bytes.HasPrefix(text, []byte("Bounced: ")):
		return a.done(e, text, Bounced, found)
	case bytes.HasPrefix(text, []byte("Delayed: ")):
		return a.done(e, text, Deferred, found)
	}
	return Other
}

// message reads a line about a message that comes in.
func (a *esa) message(e *entry, text []byte, found func(*Record)) Result {
	mid, rest := word(text[len("MID "):])
	if _, from, ok := cut(rest, " From: "); ok && bytes.HasPrefix(rest, []byte("ICID ")) {
		if sender, _, ok := address(from, ' '); ok {
			a.origins.of(append([]byte("MID "), mid...)).setSender(sender)
		}
		return Other
	}
	before, to, ok := cut(rest, " To: ")
	if !ok || !bytes.HasPrefix(rest, []byte("ICID ")) {
		return Other
	}
	addr, after, ok := address(to, ' ')
	if !ok {
		return Unknown
	}
	if bytes.HasPrefix(after, []byte(" Rejected by ")) {
		r := &a.record
		*r = Record{Time: e.time, Outcome: Bounced, ID: mid}
		if !r.setRecipient(addr) {
			return Other
		}
		a.origins.of(append([]byte("MID "), mid...)).tell(r)
		found(r)
		return Taken
	}
	_, rid, ok := cut(before, " RID ")
	if !ok {
		return Unknown
	}
	slot := a.slot(mid, rid)
	slot.size = uint16(copy(slot.rcpt[:], addr))
	return Other
}

// slot returns the place of a recipient, emptied if it was another's.
func (a *esa) slot(mid, rid []byte) *esaRecipient {
	if a.slots == nil {
		a.slots = make([]esaRecipient, esaSlots)
	}
	key := maphash.Bytes(a.origins.seed, append(append(append([]byte(nil), mid...), ' '), rid...))
	slot := &a.slots[key%esaSlots]
	if slot.key != key {
		slot.key, slot.size = key, 0
	}
	return slot
}

// done reads "DCID 8 MID 6 to RID [0, 1]", or "to RID 0 - 5.1.0 - …".
func (a *esa) done(e *entry, text []byte, outcome Outcome, found func(*Record)) Result {
	_, rest, ok := cut(text, "MID ")
	mid, rest := word(rest)
	rids, isList := bytes.CutPrefix(rest, []byte("to RID "))
	if !ok || !isList {
		return Unknown
	}
	if len(rids) > 0 && rids[0] == '[' {
		rids, _, _ = cut(rids[1:], "]")
	} else {
		rids, _, _ = cut(rids, " - ")
	}
	result := Other
	for len(rids) > 0 {
		var rid []byte
		rid, rids, _ = cut(rids, ",")
		slot := a.slot(mid, bytes.TrimSpace(rid))
		r := &a.record
		*r = Record{Time: e.time, Outcome: outcome, ID: mid}
		switch {
		case slot.size == 0:
			return Unknown // its recipient was named before the log begins
		case r.setRecipient(slot.rcpt[:slot.size]):
			a.origins.of(append([]byte("MID "), mid...)).tell(r)
			found(r)
			result = Taken
		}
	}
	return result
}
