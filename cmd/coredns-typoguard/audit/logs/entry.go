package logs

import "bytes"

// entry is what is left of a line when everything that carried it has been taken off.
type entry struct {
	time    int64  // in seconds since 1970; 0 if there is none
	rank    rank   // of the time
	program []byte // its name, without the process id; empty if there is none
	message []byte
}

// stamped notes a time, unless a better one is known: the one behind it, nearer to the program, is better if it tells as much.
func (e *entry) stamped(time int64, r rank) {
	if r >= e.rank && r != noTime {
		e.time, e.rank = time, r
	}
}

// maxLayers is how many envelopes may lie around each other.
const maxLayers = 6

// open takes off what carried a line: the headers of syslog daemons, of journalctl, Docker and Kubernetes. It stops at the
// name of a program that is known, since what follows is that program's.
func (e *entry) open(line []byte, c *Clock, known func(program []byte) bool) {
	*e = entry{message: line}
	e.openMore(c, known)
}

// openMore goes on with the message, of which what carried it in JSON or CSV has been taken off.
func (e *entry) openMore(c *Clock, known func(program []byte) bool) {
	isKnown := false
	for range maxLayers {
		if isKnown = known(e.program); isKnown || !e.layer(c) && !e.bareTag(known) {
			break
		}
	}
	if !isKnown {
		e.farTag(known)
	}
	if bytes.HasPrefix(e.message, []byte("[ID ")) {
		e.message = withoutID(e.message)
	}
}

// layer takes one envelope off. It reports false if there is none.
func (e *entry) layer(c *Clock) bool {
	b := e.message
	if len(b) == 0 {
		return false
	}
	if b[0] == '<' {
		after, ok := withoutPriority(b)
		if !ok {
			return false
		}
		e.message = after
		return true
	}
	if time, rest, ok := c.stamp(b); ok {
		e.stamped(time, c.rank)
		e.header(trimBlanks(rest))
		return true
	}
	rest, ok := withoutContainer(b)
	if !ok {
		rest, ok = withoutCount(b)
	}
	if !ok {
		rest, ok = c.withoutFile(b)
	}
	e.message = rest
	return ok
}

// bareTag takes the tag of a known program off a line without a time stamp.
func (e *entry) bareTag(known func([]byte) bool) bool {
	before := *e
	if first, rest := word(e.message); e.tag(first, rest) && known(e.program) {
		return true
	}
	*e = before
	return false
}

// farthest is how many words may stand before what a mail server wrote that are not known: levels, hosts, labels.
const farthest = 12

// farTag takes off everything up to the tag of a known program, which has a process ID: other words may end with a colon.
func (e *entry) farTag(known func([]byte) bool) {
	rest := e.message
	const longest = 400
	if bytes.HasPrefix(rest, []byte(`{"`)) || !bytes.Contains(rest[:min(len(rest), longest)], []byte("]: ")) {
		return
	}
	before := *e
	for range farthest {
		var first []byte
		if first, rest = word(rest); bytes.HasSuffix(first, []byte("]:")) && e.tag(first, rest) && known(e.program) {
			return
		}
		*e = before
	}
}

// withoutPriority cuts off "<22>", and the version that follows it in RFC 5424.
func withoutPriority(b []byte) ([]byte, bool) {
	end := bytes.IndexByte(b[:min(len(b), 6)], '>')
	if end < 2 || digits(b[1:end]) != end-1 {
		return b, false
	}
	return bytes.TrimPrefix(b[end+1:], []byte("1 ")), true
}

// withoutContainer cuts off the name of a container: "mail-1  | " of docker compose, "[pod/mail-0/postfix] " of kubectl.
func withoutContainer(b []byte) ([]byte, bool) {
	if bytes.HasPrefix(b, []byte("[pod/")) {
		end := bytes.Index(b[:min(len(b), 200)], []byte("] "))
		return b[end+len("] "):], end > 0
	}
	const longest = 80
	bar := bytes.Index(b[:min(len(b), longest)], []byte(" | "))
	if bar <= 0 {
		return b, false
	}
	for _, c := range bytes.TrimRight(b[:bar], " ") {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return b, false
		}
	}
	return b[bar+len(" | "):], true
}

// withoutCount cuts off the length that stands before a message of syslog over TCP (RFC 6587 section 3.4.1).
func withoutCount(b []byte) ([]byte, bool) {
	n := digits(b)
	if n == 0 || n > 6 || !bytes.HasPrefix(b[n:], []byte(" <")) {
		return b, false
	}
	return withoutPriority(b[n+1:])
}

// withoutFile cuts off what grep writes before a line, "mail.log:" or "mail.log:17:", which a time stamp follows.
func (c *Clock) withoutFile(b []byte) ([]byte, bool) {
	name, _, _ := bytes.Cut(b[:min(len(b), 300)], []byte(" "))
	for i, octet := range name {
		if octet != ':' {
			continue
		}
		if _, _, ok := c.stamp(b[i+1:]); ok {
			return b[i+1:], true
		}
	}
	return b, false
}

// withoutID cuts off the message ID of Solaris: "[ID 801593 mail.info] ".
func withoutID(b []byte) []byte {
	id, rest, ok := cut(b[len("[ID "):], "] ")
	if !ok || digits(id) == 0 {
		return b
	}
	return rest
}

// header takes off what follows a time stamp: "relay postfix/smtp[31589]: " with or without the host, or the fields of
// RFC 5424, or the stream of a container. What has none of these is the message.
func (e *entry) header(b []byte) {
	e.message = b
	first, rest := word(b)
	if e.tag(first, rest) {
		return
	}
	if e.stream(first, rest) {
		return
	}
	second, more := word(rest)
	if len(second) == 0 || !isHost(first) { // no host's name
		return
	}
	if e.tag(second, more) {
		return
	}
	if text, ok := structured(more); ok && len(second) <= 48 {
		e.program, e.message = second, text
	}
}

// isHost reports whether a word can be the name of a host.
func isHost(word []byte) bool {
	for _, c := range word {
		if c == '=' || c == '<' || c == ',' {
			return false
		}
	}
	return true
}

// tag takes "program[pid]:", "program:" or Unbound's "program[pid:thread]" off.
func (e *entry) tag(tag, rest []byte) bool {
	end := nameEnd(tag)
	if end == 0 || end == len(tag) || digits(tag[:end]) == end {
		return false
	}
	switch name, id := tag[:end], tag[end:]; {
	case len(id) == 1 && id[0] == ':':
		if string(name) == "NOQUEUE" || (name[0] >= '0' && name[0] <= '9' && len(name) >= 10 && isQueueID(name)) {
			return false // the message of a mail server that is not named
		}
	case id[0] == '[' && len(id) > 2 && id[1] >= '0' && id[1] <= '9' && (id[len(id)-1] == ']' || id[len(id)-2] == ']' && id[len(id)-1] == ':'):
	case id[0] == '@' && bytes.Contains(id, []byte(".service[")): // a unit of systemd
	default:
		return false
	}
	e.program, e.message = tag[:end], rest
	return true
}

// nameEnd returns where the name of a program ends.
func nameEnd(tag []byte) int {
	for i, c := range tag {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '/', c == '-', c == '_', c == '.', c == '+':
		default:
			return i
		}
	}
	return len(tag)
}

// stream takes "stdout F " off, which the container runtime interface of Kubernetes writes.
func (e *entry) stream(first, rest []byte) bool {
	if string(first) != "stdout" && string(first) != "stderr" {
		return false
	}
	whole, text := word(rest)
	if string(whole) != "F" && string(whole) != "P" {
		return false
	}
	e.message = text
	return true
}

// structured reads "31589 - - message" or "31589 ID [data] message": the rest of an RFC 5424 header (section 6).
func structured(b []byte) ([]byte, bool) {
	pid, rest := word(b)
	id, rest := word(rest)
	if len(id) == 0 || (string(pid) != "-" && (digits(pid) == 0 || digits(pid) != len(pid))) || len(rest) == 0 {
		return nil, false
	}
	switch {
	case string(rest) == "-":
		return nil, true
	case bytes.HasPrefix(rest, []byte("- ")):
		rest = rest[2:]
	case rest[0] == '[':
		end := dataEnd(rest)
		if end < 0 {
			return nil, false
		}
		rest = bytes.TrimPrefix(rest[end:], []byte(" "))
	default:
		return nil, false
	}
	return bytes.TrimPrefix(rest, []byte("\xef\xbb\xbf")), true
}

// dataEnd finds the end of structured data, in whose quoted values brackets may stand.
func dataEnd(b []byte) int {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ']':
			if !quoted && (i+1 == len(b) || b[i+1] != '[') {
				return i + 1
			}
		}
	}
	return -1
}

// word cuts off the first word; the blanks behind it go, too.
func word(b []byte) (first, rest []byte) {
	first, rest, _ = bytes.Cut(b, []byte(" "))
	for len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	return first, rest
}
