package logs

import "bytes"

// qmail reads what qmail-send logs, through splogger or multilog (qmail-log(5)):
//
//	info msg 53: bytes 246 from <alice@corp.example> qp 20345 uid 666
//	starting delivery 1: msg 53 to remote bob@army.ml
//	delivery 1: success: 192.0.2.1_accepted_message./Remote_host_said:_250_ok/
//
// A delivery is known by its number only, so those that are under way are remembered, as many as have a place in a table.
type qmail struct {
	*shared
	slots  []qmailDelivery
	record Record
	name   []byte // of the message of the record
}

// qmailDelivery is a delivery that is under way.
type qmailDelivery struct {
	number  int // 0 if there is none
	message int
	local   bool // to a mailbox here
	size    uint16
	rcpt    [320]byte
}

const qmailSlots = 1 << 12 // more than concurrencyremote can be, with several servers in one log

func newQmail(s *shared) parser { return &qmail{shared: s} }

// claimsQmail recognises the messages of qmail-send, with or without the seconds that splogger has before them.
func claimsQmail(message []byte) bool {
	message = withoutSeconds(message)
	for _, form := range [][2]string{{"starting delivery ", ": msg "}, {"delivery ", ": success: "}, {"delivery ", ": failure: "}, {"delivery ", ": deferral: "}, {"info msg ", ": bytes "}} {
		if rest, ok := bytes.CutPrefix(message, []byte(form[0])); ok {
			if n := digits(rest); n > 0 && bytes.HasPrefix(rest[n:], []byte(form[1])) {
				return true
			}
		}
	}
	return bytes.HasPrefix(message, []byte("status: local "))
}

// withoutSeconds cuts "1795300695.123456 " off.
func withoutSeconds(b []byte) []byte {
	if first, rest := word(b); digits(first) >= 9 {
		return rest
	}
	return b
}

// parse implements parser.
func (q *qmail) parse(e *entry, found func(*Record)) Result {
	text := withoutSeconds(e.message)
	switch {
	case bytes.HasPrefix(text, []byte("starting delivery ")):
		return q.start(text[len("starting delivery "):])
	case bytes.HasPrefix(text, []byte("delivery ")):
		return q.end(e, text[len("delivery "):], found)
	case bytes.HasPrefix(text, []byte("info msg ")):
		return q.arrival(text[len("info "):])
	}
	return Other
}

// arrival reads "msg 53: bytes 246 from <alice@corp.example> qp 20345 uid 666".
func (q *qmail) arrival(text []byte) Result {
	id, rest, ok := cut(text, ": bytes ")
	_, from, ok1 := cut(rest, " from ")
	sender, _, ok2 := address(from, ' ')
	if !ok || !ok1 || !ok2 {
		return Unknown
	}
	q.origins.of(id).setSender(sender)
	return Other
}

// start reads "1: msg 53 to remote bob@army.ml".
func (q *qmail) start(text []byte) Result {
	number, rest, ok := leading(text, 9)
	rest, isMessage := bytes.CutPrefix(rest, []byte(": msg "))
	message, rest, ok1 := leading(rest, 18)
	if !ok || !isMessage || !ok1 {
		return Unknown
	}
	slot := q.slot(number)
	rcpt, isRemote := bytes.CutPrefix(rest, []byte(" to remote "))
	rcpt, _ = word(rcpt) // IndiMail has the queue behind it
	slot.number, slot.message, slot.local, slot.size = number, message, !isRemote, uint16(copy(slot.rcpt[:], rcpt))
	return Other
}

// end reads "1: success: …". Nobody knows where a delivery went whose start was not seen.
func (q *qmail) end(e *entry, text []byte, found func(*Record)) Result {
	number, rest, ok := leading(text, 9)
	if !ok {
		return Unknown
	}
	r := &q.record
	*r = Record{Time: e.time}
	switch {
	case bytes.HasPrefix(rest, []byte(": success: ")):
		r.Outcome = Delivered
	case bytes.HasPrefix(rest, []byte(": failure: ")):
		r.Outcome = Bounced
	case bytes.HasPrefix(rest, []byte(": deferral: ")):
		r.Outcome = Deferred
	default:
		return Unknown
	}
	slot := q.slot(number)
	if slot.number != number {
		return Unknown
	}
	slot.number = 0
	if slot.local || !r.setRecipient(slot.rcpt[:slot.size]) {
		return Other
	}
	q.name = appendNumber(append(q.name[:0], "msg "...), slot.message)
	origin := q.origins.of(q.name)
	r.ID = q.name[len("msg "):]
	if r.Outcome == Delivered {
		_, reply, _ := cut(rest, ": success: ")
		relay, _, _ := cut(reply, "_accepted_message")
		q.deliver(r, origin, relay)
	}
	origin.tell(r)
	found(r)
	return Taken
}

// slot returns the place of a delivery.
func (q *qmail) slot(number int) *qmailDelivery {
	if q.slots == nil {
		q.slots = make([]qmailDelivery, qmailSlots)
	}
	return &q.slots[number%qmailSlots]
}
