package logs

import "bytes"

// exim reads the main log of Exim, its own file or in syslog (chapter "Log files" of its specification). A delivery is
//
//	2026-11-21 23:38:15 1xUut0-0007oD-37 => bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1] C="250 …"
//
// with "->" for further addresses of the same delivery, "**" for a failure and "==" for one to be tried again; "<=" is the
// arrival of a message. Deliveries without a host are to mailboxes here, and those to this host are to a content filter.
type exim struct {
	clock   *Clock
	origins *origins
	record  Record
}

func newExim(c *Clock) Parser { return &exim{clock: c, origins: newOrigins()} }

// Parse implements Parser.
func (x *exim) Parse(line []byte, found func(*Record)) Result {
	text := line
	if len(line) > 0 && (line[0] < '0' || line[0] > '9' || !isBlankDate(line)) {
		e, ok := split(line)
		if !ok || !bytes.HasPrefix(e.program(), []byte("exim")) {
			return x.clock.foreign(line)
		}
		text = e.message
	}
	time, rest, ok := x.clock.rfc3339(text)
	if !ok { // syslog_timestamp = no
		if time, _, ok = x.clock.stamp(line); !ok {
			return Unknown
		}
		rest = text
	}
	rest = withoutPID(bytes.TrimLeft(rest, " "))
	id, rest, _ := cut(rest, " ")
	if !isEximID(id) || len(rest) < 3 || rest[2] != ' ' {
		return Foreign
	}
	flag, rest := rest[:2], rest[3:]
	r := &x.record
	*r = Record{Time: time}
	switch string(flag) {
	case "<=":
		x.arrival(id, rest)
		return Other
	case "=>", "->", ">>":
		r.Outcome = Delivered
		_, host, ok := cut(rest, " H=")
		if !ok {
			return Other
		}
		if isLoopback(host[:bytes.IndexByte(host, ']')+1]) { // without what the host replied
			return Other
		}
	case "**":
		r.Outcome = Bounced
	case "==":
		r.Outcome = Deferred
	default:
		return Other
	}
	if !r.setRecipient(recipient(rest)) {
		return Other
	}
	x.origins.of(id).tell(r)
	found(r)
	return Taken
}

// arrival remembers where a message came from: "alice@corp.example H=host (helo) [192.0.2.1]:1234 P=esmtp …", or of a
// program on this host, "U=root P=local".
func (x *exim) arrival(id, text []byte) {
	sender, rest, _ := cut(text, " ")
	o := x.origins.of(id)
	if string(sender) != "<>" {
		o.setSender(sender)
	}
	_, host, ok := cut(rest, "H=")
	if !ok {
		o.setHost([]byte("local"))
		return
	}
	name, addr, _ := cut(host, "[")
	name, _, _ = cut(name, " ")
	addr, _, _ = cut(addr, "]")
	var both []byte
	if len(name) > 0 && name[0] != '(' && name[0] != '[' { // what is in parentheses is what the client calls itself
		both = append(both, name...)
	}
	o.setHost(append(append(append(both, '['), addr...), ']'))
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
		addr, _, _ := address(text[end+1:], ' ')
		return addr
	}
	return first
}

// isBlankDate reports whether a line begins with a date and a blank, not with a T as in syslog.
func isBlankDate(line []byte) bool {
	return len(line) > 10 && line[4] == '-' && line[10] == ' '
}

// withoutPID cuts off the process id that log_selector = +pid writes.
func withoutPID(b []byte) []byte {
	if len(b) > 0 && b[0] == '[' {
		if _, rest, ok := cut(b, "] "); ok {
			return rest
		}
	}
	return b
}

// isEximID reports whether a word has the form of a message ID: 6-6-2 characters, or 6-11-4 from Exim 4.97 on.
func isEximID(word []byte) bool {
	switch len(word) {
	case 16:
		return word[6] == '-' && word[13] == '-'
	case 23:
		return word[6] == '-' && word[18] == '-'
	}
	return false
}
