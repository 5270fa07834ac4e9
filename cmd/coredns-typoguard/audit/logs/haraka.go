package logs

import "bytes"

// haraka reads the log of Haraka, in syslog or as it prints it. A delivery is known by its domain only:
//
//	[NOTICE] [6E2C1E4A-….1.1] [outbound] delivered file=1795300695_… domain=army.ml host=mx.army.ml ip=192.0.2.1 port=25 mode=SMTP tls=N auth=N response="250 ok" delay=0.1 fails=0 rcpts=1/0/0
//
// where rcpts= has how many were taken, put off and refused. A recipient that is refused or put off has a line of its own
// before, "recipient <bob@army.ml> rejected: 550 …". Not covered: a message that is refused or put off as a whole ("bounced: …",
// "temp fail: …"), whose lines do not name the recipients.
type haraka struct {
	*shared
	record Record
}

func newHaraka(s *shared) parser { return &haraka{shared: s} }

// claimsHaraka recognises a line by its level.
func claimsHaraka(message []byte) bool {
	for _, level := range []string{"[NOTICE] [", "[CRIT] [", "[PROTOCOL] [", "[INFO] [", "[DEBUG] [", "[WARN] [", "[ERROR] [", "[ALERT] ["} {
		if bytes.HasPrefix(message, []byte(level)) {
			_, rest, _ := cut(message, "] [")
			_, rest, ok := cut(rest, "] ")
			return ok && len(rest) > 0 && rest[0] == '['
		}
	}
	return false
}

// parse implements parser.
func (h *haraka) parse(e *entry, found func(*Record)) Result {
	_, text, ok := cut(e.message, "[outbound] ")
	if !ok {
		return Other
	}
	if bytes.HasPrefix(text, []byte("delivered file=")) {
		return h.delivered(e, text, found)
	}
	if rest, ok := bytes.CutPrefix(text, []byte("recipient ")); ok {
		return h.refused(e, rest, found)
	}
	return Other
}

// maxRecipients is how many recipients a message of Haraka is believed to have.
const maxRecipients = 10_000

// delivered reads a delivery, of which each recipient counts that was taken.
func (h *haraka) delivered(e *entry, text []byte, found func(*Record)) Result {
	name, ok := value(text, " domain=")
	rcpts, ok1 := value(text, " rcpts=")
	taken, _, ok2 := leading(rcpts, 6)
	if !ok || !ok1 || !ok2 || len(name) == 0 {
		return Unknown
	}
	host, _ := value(text, " host=")
	ip, _ := value(text, " ip=")
	port, _ := value(text, " port=")
	relay := append(append(append(append(bytes.Clone(host), '['), ip...), "]:"...), port...)
	for range min(taken, maxRecipients) {
		r := &h.record
		*r = Record{Time: e.time, Name: name, Outcome: Delivered}
		h.deliver(r, nil, relay)
		found(r)
	}
	if taken == 0 {
		return Other
	}
	return Taken
}

// refused reads "<bob@army.ml> rejected: 550 …".
func (h *haraka) refused(e *entry, text []byte, found func(*Record)) Result {
	addr, rest, ok := address(text, ' ')
	if !ok {
		return Unknown
	}
	r := &h.record
	*r = Record{Time: e.time}
	switch {
	case bytes.HasPrefix(rest, []byte(" rejected: ")):
		r.Outcome = Bounced
	case bytes.HasPrefix(rest, []byte(" deferred: ")):
		r.Outcome = Deferred
	default:
		return Other
	}
	if !r.setRecipient(addr) {
		return Other
	}
	found(r)
	return Taken
}
