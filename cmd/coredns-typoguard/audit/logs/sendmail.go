package logs

import "bytes"

// sendmail reads the log of Sendmail (section "Logging" of its operations guide). A delivery is
//
//	Nov 21 23:38:15 relay sm-mta[314]: 5ALNcFqk000314: to=<bob@army.ml>, …, mailer=esmtp, …, dsn=2.0.0, stat=Sent (250 …)
//
// of one or more recipients, and "from=" is the arrival of a message. What the submission program hands to the server on the
// same host is logged by the latter again.
type sendmail struct {
	clock   *Clock
	origins *origins
	record  Record
}

func newSendmail(c *Clock) Parser { return &sendmail{clock: c, origins: newOrigins()} }

// Parse implements Parser.
func (s *sendmail) Parse(line []byte, found func(*Record)) Result {
	e, ok := split(line)
	if !ok {
		return s.clock.foreign(line)
	}
	id, text, ok := cut(e.message, ": ")
	if !ok || !isQueueID(id) {
		return s.clock.foreign(e.head)
	}
	switch {
	case bytes.HasPrefix(text, []byte("to=")):
		return s.delivery(&e, id, text[len("to="):], found)
	case bytes.HasPrefix(text, []byte("from=")):
		return s.arrival(&e, id, text)
	}
	return s.clock.foreign(e.head)
}

// arrival remembers where a message came from. A line without nrcpts= is not Sendmail's.
func (s *sendmail) arrival(e *entry, id, text []byte) Result {
	if !bytes.Contains(text, []byte(", nrcpts=")) {
		return s.clock.foreign(e.head)
	}
	o := s.origins.of(id)
	if sender, _ := field(append([]byte(", "), text...), ", from="); len(sender) > 0 {
		o.setSender(bytes.Trim(sender, "<>"))
	}
	relay, _ := field(text, ", relay=")
	if bytes.HasSuffix(relay, []byte("@localhost")) { // a user on this host
		relay = []byte("local")
	}
	o.setHost(bytes.ReplaceAll(relay, []byte(" ["), []byte("[")))
	return Other
}

// delivery reads a line from the recipients on.
func (s *sendmail) delivery(e *entry, id, text []byte, found func(*Record)) Result {
	_, stat, ok := cut(text, ", stat=")
	if !ok {
		return Unknown
	}
	dsn, _ := field(text, ", dsn=")
	mailer, _ := field(text, ", mailer=")
	relay, _ := field(text, ", relay=")
	outcome, ok := sendmailOutcome(stat, dsn)
	if !ok || string(mailer) == "local" || string(mailer) == "prog" || string(mailer) == "*file*" || (outcome == Delivered && isLoopback(relay)) {
		return Other
	}
	time, _, ok := s.clock.stamp(e.head)
	if !ok {
		return Unknown
	}
	result := Other
	for recipients, _, _ := cut(text, ", "); len(recipients) > 0; {
		var addr []byte
		if addr, recipients, ok = address(recipients, ','); !ok {
			addr, recipients, _ = cut(recipients, ",")
		}
		recipients = bytes.TrimPrefix(recipients, []byte(","))
		r := &s.record
		*r = Record{Time: time, Outcome: outcome}
		if r.setRecipient(addr) {
			s.origins.of(id).tell(r)
			found(r)
			result = Taken
		}
	}
	return result
}

// sendmailOutcome reads the status of a delivery. It reports false for a message that was only queued.
func sendmailOutcome(stat, dsn []byte) (Outcome, bool) {
	switch {
	case bytes.HasPrefix(stat, []byte("queued")):
		return 0, false
	case bytes.HasPrefix(stat, []byte("Sent")):
		return Delivered, true
	case bytes.HasPrefix(stat, []byte("Deferred")), bytes.HasPrefix(dsn, []byte("4")):
		return Deferred, true
	}
	return Bounced, true
}
