package logs

import "bytes"

// opensmtpd reads the log of OpenSMTPD, from syslog or from smtpd -d. A delivery is
//
//	Nov 21 23:38:15 relay smtpd[314]: 7cbce053dc3c54df mta delivery evpid=9283c0dde9358960 from=<alice@corp.example>
//	to=<bob@army.ml> rcpt=<-> source="192.0.2.25" relay="192.0.2.1 (mx.army.ml)" delay=0s result="Ok" stat="250 …"
//
// on one line, with "event=" before "delivery" in versions before 6.4, and "relay: Ok for …: session=…, from=<…>, to=<…>"
// before 5.9; of mda for mailboxes on this host. The client is in lines of the session that took the message, whose ID the
// envelope's begins with.
type opensmtpd struct {
	*shared
	record Record
}

func newOpenSMTPD(s *shared) parser { return &opensmtpd{shared: s} }

// claimsOpenSMTPD recognises what smtpd -d prints: the ID of a session, and a part of the server.
func claimsOpenSMTPD(message []byte) bool {
	session, text, _ := cut(message[:min(len(message), 64)], " ")
	return len(session) == 16 && isQueueID(session) &&
		(bytes.HasPrefix(text, []byte("mta ")) || bytes.HasPrefix(text, []byte("smtp ")) || bytes.HasPrefix(text, []byte("mda ")))
}

// parse implements parser.
func (o *opensmtpd) parse(e *entry, found func(*Record)) Result {
	session, text, _ := cut(e.message, " ")
	if string(session) == "relay:" {
		return o.oldDelivery(e, text, found)
	}
	if len(session) != 16 || !isQueueID(session) {
		return Other
	}
	part, event, _ := cut(text, " ")
	event = bytes.TrimPrefix(event, []byte("event="))
	kind, event := word(event)
	switch string(part) + " " + string(kind) {
	case "mta delivery":
		return o.delivery(e, event, found)
	case "smtp connected":
		addr, _ := value(text, " address=")
		host, _ := value(text, " host=")
		if string(addr) != "local" {
			addr = append(append(append([]byte(nil), host...), '['), append(bytes.Trim(addr, "[]"), ']')...)
		}
		o.origins.of(session).setHost(addr)
	case "smtp message":
		if id, ok := value(text, " msgid="); ok {
			from := *o.origins.of(session) // the place of the message may be the same
			o.origins.of(id).setHost(from.host[:from.hostSize])
		}
	case "smtp failed-command":
		return o.rejection(e, session, event, found)
	}
	return Other
}

// delivery reads "evpid=… from=<…> to=<…> … relay=… result=…".
func (o *opensmtpd) delivery(e *entry, text []byte, found func(*Record)) Result {
	result, ok := value(text, " result=")
	if !ok {
		return Unknown
	}
	r := &o.record
	*r = Record{Time: e.time}
	switch string(result) {
	case "Ok":
		r.Outcome = Delivered
	case "TempFail":
		r.Outcome = Deferred
	case "PermFail", "LoopDetected", "Loop":
		r.Outcome = Bounced
	default:
		return Unknown
	}
	_, to, _ := cut(text, " to=")
	addr, _, ok := address(to, ' ')
	if !ok {
		return Unknown
	}
	if !r.setRecipient(addr) {
		return Other
	}
	var origin *origin
	if id, ok := value(text, "evpid="); ok && len(id) >= 8 {
		origin = o.origins.of(id[:8])
		origin.tell(r)
		r.ID = id
	}
	if relay, _ := value(text, " relay="); r.Outcome == Delivered {
		o.deliver(r, origin, relay)
	}
	if _, from, ok := cut(text, " from="); ok {
		r.Sender, _, _ = address(from, ' ')
	}
	found(r)
	return Taken
}

// oldDelivery reads "Ok for 9283c0dde9358960: session=…, from=<…>, to=<…>, rcpt=<->, source=…, relay=…, delay=…, stat=…".
func (o *opensmtpd) oldDelivery(e *entry, text []byte, found func(*Record)) Result {
	result, rest, _ := cut(text, " for ")
	id, _, _ := cut(rest, ":")
	r := &o.record
	*r = Record{Time: e.time, ID: id}
	switch string(result) {
	case "Ok":
		r.Outcome = Delivered
	case "TempFail":
		r.Outcome = Deferred
	case "PermFail", "Loop":
		r.Outcome = Bounced
	default:
		return Other
	}
	_, to, ok := cut(rest, ", to=")
	addr, _, ok1 := address(to, ',')
	if !ok || !ok1 {
		return Unknown
	}
	if !r.setRecipient(addr) {
		return Other
	}
	if _, from, ok := cut(rest, ", from="); ok {
		r.Sender, _, _ = address(from, ',')
	}
	if relay, _ := field(rest, ", relay="); r.Outcome == Delivered {
		o.deliver(r, nil, relay)
	}
	found(r)
	return Taken
}

// rejection reads `command="RCPT TO:<bob@army.ml>" result="550 …"` of a client.
func (o *opensmtpd) rejection(e *entry, session, text []byte, found func(*Record)) Result {
	_, command, ok := cut(text, `command="RCPT TO:`)
	_, reply, ok1 := cut(text, `result="`)
	if !ok {
		return Other
	}
	addr, _, ok2 := address(command, '"')
	if !ok2 {
		addr, _, ok2 = address(command, ' ')
	}
	outcome, ok3 := replied(reply)
	r := &o.record
	*r = Record{Time: e.time, Outcome: outcome, ID: session}
	if !ok1 || !ok2 || !ok3 || outcome == Delivered {
		return Unknown
	}
	if !r.setRecipient(addr) {
		return Other
	}
	o.origins.of(session).tell(r)
	found(r)
	return Taken
}
