package logs

import "bytes"

// postfix reads the log of Postfix (mail.log, journalctl). A delivery is a line such as
//
//	Nov 21 23:38:15 relay postfix/smtp[31589]: 9C70A9883A1: to=<bob@army.ml>, relay=mx.army.ml[192.0.2.1]:25, …, status=sent (250 …)
//
// and the message's client and sender stand in lines before it, of smtpd and qmgr. A message that was handed to a content
// filter on the same host is not delivered yet: it comes back and is logged again. For mailboxes on this host no domain was
// looked up.
type postfix struct {
	clock   *Clock
	origins *origins
	record  Record
}

func newPostfix(c *Clock) Parser { return &postfix{clock: c, origins: newOrigins()} }

// Parse implements Parser.
func (p *postfix) Parse(line []byte, found func(*Record)) Result {
	e, ok := split(line)
	if !ok {
		return p.clock.foreign(line)
	}
	id, text, ok := cut(e.message, ": ")
	if !ok || !isQueueID(id) {
		return p.other(&e)
	}
	switch {
	case bytes.HasPrefix(text, []byte("to=<")):
		return p.delivery(&e, id, text[len("to="):], found)
	case bytes.HasPrefix(text, []byte("client=")):
		host, _, _ := cut(text[len("client="):], ",")
		p.origins.of(id).setHost(host)
	case bytes.HasPrefix(text, []byte("uid=")):
		p.origins.of(id).setHost([]byte("local"))
	case bytes.HasPrefix(text, []byte("from=<")):
		if sender, _, ok := address(text[len("from="):], ','); ok {
			p.origins.of(id).setSender(sender)
		}
	default:
		return p.other(&e)
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
	relay, _ := field(rest, ", relay=")
	r := &p.record
	*r = Record{}
	if !ok {
		return Unknown
	}
	switch {
	case bytes.HasPrefix(status, []byte("sent")):
		r.Outcome = Delivered
		if isLoopback(relay) {
			return Other
		}
	case bytes.HasPrefix(status, []byte("bounced")), bytes.HasPrefix(status, []byte("expired")):
		r.Outcome = Bounced
	case bytes.HasPrefix(status, []byte("deferred")):
		r.Outcome = Deferred
	case bytes.HasPrefix(status, []byte("deliverable")), bytes.HasPrefix(status, []byte("undeliverable")):
		return Other // a probe, without a message (ADDRESS_VERIFICATION_README)
	default:
		return Unknown
	}
	if r.Time, _, ok = p.clock.stamp(e.head); !ok {
		return Unknown
	}
	if isMailboxAgent(e.program()) || !r.setRecipient(addr) {
		return Other
	}
	p.origins.of(id).tell(r)
	found(r)
	return Taken
}

// other says whether a line that is no delivery is one of Postfix, whose programs log as INSTANCE/PROGRAM.
func (p *postfix) other(e *entry) Result {
	if bytes.IndexByte(e.program(), '/') >= 0 {
		return Other
	}
	return p.clock.foreign(e.head)
}

// isMailboxAgent reports whether a program, such as postfix/virtual, delivers to mailboxes on this host.
func isMailboxAgent(program []byte) bool {
	switch string(program[bytes.LastIndexByte(program, '/')+1:]) {
	case "local", "virtual", "lmtp", "pipe", "discard":
		return true
	}
	return false
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

// field returns the value behind a key, up to the next comma that a blank follows.
func field(b []byte, key string) ([]byte, bool) {
	_, value, ok := cut(b, key)
	if !ok {
		return nil, false
	}
	value, _, _ = cut(value, ", ")
	return value, true
}

// isLoopback reports whether a relay, such as localhost[127.0.0.1]:10024, is on this host.
func isLoopback(relay []byte) bool {
	return bytes.Contains(relay, []byte("[127.")) || bytes.Contains(relay, []byte("[::1]"))
}
