package logs

import "bytes"

// courier reads the log of the Courier mail server. A try to deliver is
//
//	courieresmtp: id=0038C081.4D026173.000051A4,from=<alice@corp.example>,addr=<bob@army.ml>,size=329,success: delivered: mx.army.ml [192.0.2.1]
//
// or ",status: deferred" and ",status: failure". The line ",status: success" comes behind the one above. What courierlocal
// delivers is to mailboxes here.
type courier struct {
	*shared
	record Record
}

func newCourier(s *shared) parser { return &courier{shared: s} }

// claimsCourier recognises a try to deliver without the name of the program.
func claimsCourier(message []byte) bool {
	_, text, ok := cut(message[:min(len(message), 64)], ",from=<")
	return ok && len(text) > 0 && bytes.HasPrefix(message, []byte("id=")) && bytes.Contains(message, []byte(",addr=<"))
}

// parse implements parser.
func (c *courier) parse(e *entry, found func(*Record)) Result {
	switch {
	case string(e.program) == "courierd":
		return c.arrival(e.message)
	case bytes.HasPrefix(e.program, []byte("courierlocal")):
		return Other
	}
	rest, ok := bytes.CutPrefix(e.message, []byte("id="))
	if !ok {
		return Other
	}
	id, rest, _ := cut(rest, ",")
	r := &c.record
	*r = Record{Time: e.time, ID: id}
	outcome, relay, counts := courierOutcome(rest)
	if !counts {
		return Other
	}
	_, to, ok := cut(rest, ",addr=")
	addr, _, ok1 := address(to, ',')
	if !ok || !ok1 {
		return Unknown
	}
	if !r.setRecipient(addr) {
		return Other
	}
	r.Outcome = outcome
	origin := c.origins.of(id)
	if outcome == Delivered {
		c.deliver(r, origin, bytes.ReplaceAll(relay, []byte("[::ffff:"), []byte("[")))
	}
	origin.tell(r)
	if from, ok := bytes.CutPrefix(rest, []byte("from=")); ok {
		r.Sender, _, _ = address(from, ',')
	}
	found(r)
	return Taken
}

// courierOutcome reads how a line ends. It reports false for one that does not decide.
func courierOutcome(text []byte) (outcome Outcome, relay []byte, ok bool) {
	if _, relay, ok := cut(text, ",success: delivered: "); ok {
		return Delivered, relay, true
	}
	switch {
	case bytes.HasSuffix(text, []byte(",status: deferred")):
		return Deferred, nil, true
	case bytes.HasSuffix(text, []byte(",status: failure")):
		return Bounced, nil, true
	}
	return 0, nil, false
}

// arrival reads "newmsg,id=…: dns; helo (host [192.0.2.7])".
func (c *courier) arrival(text []byte) Result {
	rest, ok := bytes.CutPrefix(text, []byte("newmsg,id="))
	if !ok {
		return Other
	}
	id, from, _ := cut(rest, ": ")
	if open := bytes.LastIndexByte(from, '('); open >= 0 {
		host := bytes.TrimSuffix(from[open+1:], []byte(")"))
		c.origins.of(id).setHost(bytes.ReplaceAll(host, []byte(" ["), []byte("[")))
	}
	return Other
}
