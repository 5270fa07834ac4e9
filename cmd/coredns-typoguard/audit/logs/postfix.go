package logs

import (
	"bytes"
	"slices"
	"strings"
)

// postfix reads the log of Postfix (mail.log, journalctl). A delivery is a line such as
//
//	Nov 21 23:38:15 relay postfix/smtp[31589]: 9C70A9883A1: to=<bob@army.ml>, relay=mx.army.ml[192.0.2.1]:25, …, status=sent (250 …)
//
// and the message's client and sender stand in lines before it, of smtpd and qmgr. What smtpd and postscreen refuse is
//
//	Nov 21 23:38:15 relay postfix/smtpd[1]: NOQUEUE: reject: RCPT from host[192.0.2.7]: 450 4.1.2 <bob@army.ml>: …; from=<…> to=<bob@army.ml> …
//
// A message that was handed to a content filter on the same host is not delivered yet: it comes back and is logged again. For
// mailboxes on this host no domain was looked up.
type postfix struct {
	*shared
	record Record
}

func newPostfix(s *shared) parser { return &postfix{shared: s} }

// postfixDaemons are the programs of Postfix, which log as INSTANCE/PROGRAM, or INSTANCE/SERVICE/PROGRAM.
var postfixDaemons = strings.Fields(`anvil bounce cleanup discard dnsblog error flush lmtp local master nqmgr oqmgr pickup pipe postalias
	postdrop postfix-script postlog postlogd postmap postqueue postscreen postsuper proxymap qmgr qmqpd relay retry scache sendmail
	showq smtp smtpd spawn submission submissions tlsmgr tlsproxy trace trivial-rewrite verify virtual`)

// isPostfix reports whether a program is one of Postfix, whatever the syslog_name of the instance is.
func isPostfix(program []byte) bool {
	if bytes.HasPrefix(program, []byte("postfix")) {
		return true
	}
	slash := bytes.LastIndexByte(program, '/')
	return slash > 0 && slices.Contains(postfixDaemons, string(program[slash+1:]))
}

// claimsPostfix recognises what Postfix logs of a message, without the program: journalctl -o cat.
func claimsPostfix(message []byte) bool {
	id, text, ok := cut(message[:min(len(message), 64)], ": ")
	return ok && isQueueID(id) && (bytes.HasPrefix(text, []byte("to=<")) && bytes.Contains(message, []byte(", status=")) ||
		bytes.HasPrefix(text, []byte("from=<")) && bytes.Contains(message, []byte(", nrcpt=")) ||
		bytes.HasPrefix(text, []byte("message-id=")) || bytes.HasPrefix(text, []byte("client=")) || bytes.HasPrefix(text, []byte("reject: ")))
}

// parse implements parser.
func (p *postfix) parse(e *entry, found func(*Record)) Result {
	id, text, ok := keyOf(e.message)
	if !ok || !isQueueID(id) {
		return Other
	}
	switch {
	case bytes.HasPrefix(text, []byte("to=<")):
		return p.delivery(e, id, text[len("to="):], found)
	case bytes.HasPrefix(text, []byte("client=")):
		host, _, _ := cut(text[len("client="):], ",")
		p.origins.of(id).setHost(host)
	case bytes.HasPrefix(text, []byte("uid=")):
		p.origins.of(id).setHost([]byte("local"))
	case bytes.HasPrefix(text, []byte("from=<")):
		if sender, _, ok := address(text[len("from="):], ','); ok {
			p.origins.of(id).setSender(sender)
		}
	case bytes.HasPrefix(text, []byte("message-id=")):
		p.relays.seen(p.origins.of(id), text[len("message-id="):])
	case bytes.HasPrefix(text, []byte("reject: ")), bytes.HasPrefix(text, []byte("milter-reject: ")):
		return p.rejection(e, id, text, found)
	}
	return Other
}

// delivery reads a line of a delivery agent from the recipient on.
func (p *postfix) delivery(e *entry, id, text []byte, found func(*Record)) Result {
	addr, rest, ok := address(text, ',')
	if !ok {
		return Unknown
	}
	status, ok := field(rest, ", status=")
	if !ok {
		return Unknown
	}
	relay, _ := field(rest, ", relay=")
	r := &p.record
	*r = Record{Time: e.time, ID: id}
	state, _ := word(status)
	switch string(state) {
	case "sent":
		r.Outcome = Delivered
	case "bounced", "expired":
		r.Outcome = Bounced
	case "deferred", "SOFTBOUNCE":
		r.Outcome = Deferred
	case "deliverable", "undeliverable":
		return Other // a probe, without a message (ADDRESS_VERIFICATION_README)
	default:
		return Unknown
	}
	if isMailboxAgent(e.program, relay, status) || !r.setRecipient(addr) {
		return Other
	}
	origin := p.origins.of(id)
	if r.Outcome == Delivered {
		p.deliver(r, origin, relay)
	}
	origin.tell(r)
	found(r)
	return Taken
}

// rejection reads what smtpd refused. Without a recipient it was refused before one was named.
func (p *postfix) rejection(e *entry, id, text []byte, found func(*Record)) Result {
	from := bytes.LastIndex(text, []byte("; from=<"))
	to := bytes.LastIndex(text, []byte(" to=<"))
	if from < 0 || to < from {
		return Other
	}
	// postscreen has a comma behind each field, smtpd has none.
	sender := bytes.TrimSuffix(bytes.TrimSuffix(text[from+len("; from=<"):to], []byte(",")), []byte(">"))
	addr, _, ok := address(text[to+len(" to="):], ' ')
	if comma, _, isList := address(text[to+len(" to="):], ','); isList && (!ok || len(comma) < len(addr)) {
		addr, ok = comma, true
	}
	_, client, ok1 := cut(text[:from], " from ")
	client, reply, ok2 := cut(client, ": ")
	outcome, ok3 := rejected(reply)
	if !ok || !ok1 || !ok2 || !ok3 {
		return Unknown
	}
	r := &p.record
	*r = Record{Time: e.time, Outcome: outcome, Source: client, Sender: sender}
	if string(id) != "NOQUEUE" {
		r.ID = id
	}
	if outcome == Delivered || !r.setRecipient(addr) { // a 2xx of a policy that discards
		return Other
	}
	found(r)
	return Taken
}

// rejected reads the reply to a client, whose code may be the enhanced one alone (RFC 3463).
func rejected(reply []byte) (Outcome, bool) {
	if len(reply) > 2 && reply[1] == '.' {
		return replied([]byte{reply[0], '0', '0'})
	}
	return replied(reply)
}

// isMailboxAgent reports whether a program, such as postfix/virtual, delivers to mailboxes on this host. The LMTP client
// also talks to content filters, which say where they queued the message.
func isMailboxAgent(program, relay, status []byte) bool {
	switch string(program[bytes.LastIndexByte(program, '/')+1:]) {
	case "local", "virtual", "pipe", "discard":
		return true
	case "lmtp":
		return !bytes.Contains(status, []byte("queued")) && !bytes.Contains(status, []byte("from MTA("))
	case "smtp", "relay", "error", "retry":
		return false
	}
	return len(relay) > 0 && string(relay) != "none" && bytes.IndexByte(relay, '[') < 0 // the program is not known
}

// isQueueID reports whether a word can be a queue ID: short ones are hexadecimal, long ones (enable_long_queue_ids) have
// letters without vowels, too.
func isQueueID(word []byte) bool {
	if len(word) < 5 || len(word) > 24 {
		return false
	}
	for _, c := range word {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
