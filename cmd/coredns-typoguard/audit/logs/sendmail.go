package logs

import "bytes"

// sendmail reads the log of Sendmail (section "Logging" of its operations guide). A delivery is
//
//	Nov 21 23:38:15 relay sm-mta[314]: 5ALNcFqk000314: to=<bob@army.ml>, …, mailer=esmtp, …, dsn=2.0.0, stat=Sent (250 …)
//
// of one or more recipients, and "from=" is the arrival of a message. What the submission program hands to the server on the
// same host is logged by the latter again.
type sendmail struct {
	*shared
	record Record
}

func newSendmail(s *shared) parser { return &sendmail{shared: s} }

// claimsSendmail recognises what Sendmail logs of a message, without the program.
func claimsSendmail(message []byte) bool {
	id, text, ok := cut(message[:min(len(message), 64)], ": ")
	return ok && isQueueID(id) && (bytes.HasPrefix(text, []byte("to=")) && bytes.Contains(message, []byte(", stat=")) ||
		bytes.HasPrefix(text, []byte("from=")) && bytes.Contains(message, []byte(", nrcpts=")))
}

// parse implements parser.
func (s *sendmail) parse(e *entry, found func(*Record)) Result {
	id, text, ok := cut(e.message, ": ")
	if !ok || !isQueueID(id) {
		return Other
	}
	switch {
	case bytes.HasPrefix(text, []byte("to=")):
		return s.delivery(e, id, text[len("to="):], found)
	case bytes.HasPrefix(text, []byte("from=")):
		s.arrival(id, text)
	case bytes.HasPrefix(text, []byte("ruleset=check_rcpt, ")):
		return s.rejection(e, id, text, found)
	}
	return Other
}

// arrival remembers where a message came from.
func (s *sendmail) arrival(id, text []byte) {
	o := s.origins.of(id)
	sender, _, ok := address(text[len("from="):], ',')
	if !ok {
		sender, _, _ = cut(text[len("from="):], ", ")
	}
	if len(sender) > 0 {
		o.setSender(sender)
	}
	if messageID, ok := field(text, ", msgid="); ok {
		s.relays.seen(o, messageID)
	}
	relay, _ := field(text, ", relay=")
	if bytes.HasSuffix(relay, []byte("@localhost")) { // a user on this host
		relay = []byte("local")
	}
	o.setHost(bytes.ReplaceAll(relay, []byte(" ["), []byte("[")))
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
	if !ok || string(mailer) == "local" || string(mailer) == "prog" || string(mailer) == "*file*" {
		return Other
	}
	origin := s.origins.of(id)
	result := Other
	for addr := range eachRecipient(sendmailRecipients(text)) {
		r := &s.record
		*r = Record{Time: e.time, Outcome: outcome, ID: id}
		if !r.setRecipient(cleaned(addr)) {
			continue
		}
		if outcome == Delivered {
			s.deliver(r, origin, bytes.ReplaceAll(relay, []byte(" ["), []byte("[")))
		}
		origin.tell(r)
		found(r)
		result = Taken
	}
	return result
}

// sendmailRecipients returns what stands before the next key: names of people, which may stand with the addresses, have
// commas, too.
func sendmailRecipients(text []byte) []byte {
	for i := range text {
		if text[i] != ',' || i+2 >= len(text) || text[i+1] != ' ' {
			continue
		}
		if key, _, ok := cut(text[i+2:min(len(text), i+16)], "="); ok && len(bytes.Trim(key, "abcdefghijklmnopqrstuvwxyz")) == 0 {
			return text[:i]
		}
	}
	return text
}

// rejection reads "ruleset=check_rcpt, arg1=<bob@army.ml>, relay=…, reject=553 5.1.8 …".
func (s *sendmail) rejection(e *entry, id, text []byte, found func(*Record)) Result {
	_, arg, ok := cut(text, ", arg1=")
	reply, rejected := field(text, ", reject=")
	if !ok || !rejected {
		return Other
	}
	addr, _, ok1 := address(arg, ',')
	outcome, ok2 := replied(reply)
	r := &s.record
	*r = Record{Time: e.time, Outcome: outcome, ID: id}
	if !ok1 || !ok2 || outcome == Delivered || !r.setRecipient(addr) {
		return Unknown
	}
	relay, _ := field(text, ", relay=")
	r.Source = bytes.ReplaceAll(relay, []byte(" ["), []byte("["))
	found(r)
	return Taken
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
