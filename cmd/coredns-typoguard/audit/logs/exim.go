package logs

import "bytes"

// exim reads the main log of Exim, its own file or in syslog (chapter "Log files" of its specification). A delivery is
//
//	2026-11-21 23:38:15 1xUut0-0007oD-37 => bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1] C="250 …"
//
// with "->" for further addresses of the same delivery, "**" for a failure and "==" for one to be tried again; "<=" is the
// arrival of a message. Deliveries without a host are to mailboxes here, and those to this host are to a content filter. What
// is refused while it comes in is
//
//	2026-11-21 23:38:15 H=(pc) [192.0.2.7] F=<alice@corp.example> rejected RCPT <bob@army.ml>: …
type exim struct {
	*shared
	record Record
}

func newExim(s *shared) parser { return &exim{shared: s} }

// claimsExim recognises the main log: a message ID and a flag, or a refusal.
func claimsExim(message []byte) bool {
	message = withoutPID(message)
	id, rest, _ := cut(message[:min(len(message), 40)], " ")
	if isEximID(id) {
		return len(rest) > 0
	}
	return bytes.HasPrefix(message, []byte("H=")) && bytes.Contains(message, []byte("rejected "))
}

// parse implements parser.
func (x *exim) parse(e *entry, found func(*Record)) Result {
	text := withoutPart(e.message)
	if time, rest, ok := x.clock.stamp(text); ok { // in syslog it has one of its own, unless syslog_timestamp = no
		e.stamped(time, x.clock.rank)
		text = rest
	}
	text = withoutPID(bytes.TrimLeft(text, " "))
	id, rest, _ := cut(text, " ")
	if !isEximID(id) {
		return x.rejection(e, text, found)
	}
	if len(rest) < 3 || rest[2] != ' ' {
		return x.rejection(e, rest, found)
	}
	flag, rest := rest[:2], rest[3:]
	r := &x.record
	*r = Record{Time: e.time, ID: id}
	switch string(flag) {
	case "<=":
		x.arrival(id, rest)
		return Other
	case "=>", "->", ">>":
		r.Outcome = Delivered
	case "**":
		r.Outcome = Bounced
	case "==":
		r.Outcome = Deferred
	default:
		return x.rejection(e, rest, found)
	}
	return x.delivery(id, rest, found)
}

// delivery reads a line from the recipient on.
func (x *exim) delivery(id, text []byte, found func(*Record)) Result {
	r := &x.record
	addr := recipient(text)
	if len(addr) == 0 {
		return Unknown
	}
	origin := x.origins.of(id)
	if r.Outcome == Delivered {
		_, host, ok := cut(text, " H=")
		if !ok {
			return withoutHost(addr, text)
		}
		end := bytes.IndexByte(host, ']') // what follows is what the host replied
		port, _ := word(host[end+1:])
		if end >= 0 && r.setRecipient(addr) {
			x.deliver(r, origin, append(bytes.ReplaceAll(host[:end+1], []byte(" ["), []byte("[")), port...))
		}
	}
	if !r.setRecipient(addr) {
		return Other
	}
	origin.tell(r)
	found(r)
	return Taken
}

// withoutHost is what a delivery without a host is: one to a mailbox, or discarded; unless the line was cut off before it.
func withoutHost(addr, text []byte) Result {
	transport, ok := value(text, " T=")
	if bytes.IndexByte(addr, '@') >= 0 && (!ok && !bytes.Contains(text, []byte("discard")) || bytes.Contains(transport, []byte("smtp"))) {
		return Unknown
	}
	return Other
}

// rejection reads the refusal of a recipient. Other refusals, of connections or of what a message has in it, name none.
func (x *exim) rejection(e *entry, text []byte, found func(*Record)) Result {
	before, rest, ok := cut(text, "rejected RCPT <")
	if !ok {
		return Other
	}
	r := &x.record
	*r = Record{Time: e.time, Outcome: Bounced}
	if bytes.HasSuffix(before, []byte("temporarily ")) {
		r.Outcome = Deferred
	}
	addr, _, ok := address(text[len(text)-len(rest)-1:], ':')
	if !ok {
		return Unknown
	}
	if !r.setRecipient(addr) {
		return Other
	}
	if _, sender, ok := cut(before, " F=<"); ok {
		r.Sender, _, _ = cut(sender, "> ")
	}
	r.Source = eximHost(before)
	found(r)
	return Taken
}

// arrival remembers where a message came from: "alice@corp.example H=host (helo) [192.0.2.1]:1234 P=esmtp … id=…", or of a
// program on this host, "U=root P=local".
func (x *exim) arrival(id, text []byte) {
	sender, rest, _ := cut(text, " ")
	o := x.origins.of(id)
	if string(sender) != "<>" {
		o.setSender(sender)
	}
	if messageID, ok := value(rest, " id="); ok {
		x.relays.seen(o, messageID)
	}
	if !bytes.HasPrefix(rest, []byte("H=")) && !bytes.Contains(rest, []byte(" H=")) {
		o.setHost([]byte("local"))
		return
	}
	o.setHost(eximHost(rest))
}

// eximHost returns the name and the address of a host; what is in parentheses is what the client calls itself.
func eximHost(text []byte) []byte {
	_, host, ok := cut(text, "H=")
	if !ok {
		return nil
	}
	name, addr, _ := cut(host, "[")
	name, _, _ = cut(name, " ")
	addr, _, _ = cut(addr, "]")
	var both []byte
	if len(name) > 0 && name[0] != '(' && name[0] != '[' {
		both = append(both, name...)
	}
	return append(append(append(both, '['), addr...), ']')
}

// recipient returns the address that a delivery is to: the first word, which a colon may end, and may have a quoted local
// part with blanks in it; or what follows in angle brackets, if that word is a local part only.
func recipient(text []byte) []byte {
	end := 0
	for quoted := false; end < len(text) && (quoted || text[end] != ' '); end++ {
		if text[end] == '"' {
			quoted = !quoted
		}
	}
	first := bytes.TrimSuffix(text[:end], []byte(":"))
	if bytes.IndexByte(first, '@') < 0 && end+1 < len(text) {
		if addr, _, ok := address(text[end+1:], ' '); ok {
			return addr
		}
	}
	return bytes.Trim(first, "<>")
}

// withoutPID cuts off the process id that log_selector = +pid writes.
func withoutPID(b []byte) []byte {
	if len(b) > 0 && b[0] == '[' {
		if pid, rest, ok := cut(b, "] "); ok && digits(pid[1:]) == len(pid)-1 {
			return rest
		}
	}
	return b
}

// withoutPart cuts off which part of a long line it is, "[1\2] ": Exim writes these to syslog.
func withoutPart(b []byte) []byte {
	if len(b) == 0 || b[0] != '[' {
		return b
	}
	first, rest, _ := leading(b[1:], 3)
	if len(rest) == 0 || first == 0 || (rest[0] != '/' && rest[0] != '\\') {
		return b
	}
	if _, rest, ok := leading(rest[1:], 3); ok && bytes.HasPrefix(rest, []byte("] ")) {
		return rest[len("] "):]
	}
	return b
}

// isEximID reports whether a word has the form of a message ID: 6-6-2 characters, or 6-11-4 from Exim 4.97 on.
func isEximID(word []byte) bool {
	switch len(word) {
	case 16:
		return word[6] == '-' && word[13] == '-' && isQueueID(word[:6]) && isQueueID(word[7:13])
	case 23:
		return word[6] == '-' && word[18] == '-' && isQueueID(word[:6]) && isQueueID(word[7:18])
	}
	return false
}
