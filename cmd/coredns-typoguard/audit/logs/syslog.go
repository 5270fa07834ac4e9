package logs

import "bytes"

// entry is a line of a syslog file (RFC 3164, RFC 5424, journalctl -o short), or of a server's own file without a header.
type entry struct {
	head    []byte // time stamp, host and program
	message []byte
}

// split cuts a line behind "program[pid]: ". It reports false if there is no such thing, and the message is all of the line
// then. The time stamp is left to be read where it is needed.
func split(line []byte) (entry, bool) {
	end := bytes.Index(line, []byte("]: "))
	if end < 0 {
		return entry{message: line}, false
	}
	open := bytes.LastIndexByte(line[:end], '[')
	if _, ok := number(line[open+1 : end]); open <= 0 || !ok {
		return entry{message: line}, false
	}
	return entry{line[:open], line[end+len("]: "):]}, true
}

// program returns the name of the program, without its process id.
func (e *entry) program() []byte {
	return e.head[bytes.LastIndexByte(e.head, ' ')+1:]
}

// cut returns what stands before and behind the first of sep. It reports false if there is none.
func cut(b []byte, sep string) (before, after []byte, ok bool) {
	if i := bytes.Index(b, []byte(sep)); i >= 0 {
		return b[:i], b[i+len(sep):], true
	}
	return b, nil, false
}

// foreign says whether a line begins as those of syslog do: "last message repeated", a kernel's message, and what other
// programs log are not strange.
func (c *Clock) foreign(line []byte) Result {
	if _, _, ok := c.stamp(line); ok {
		return Foreign
	}
	return Unknown
}

// address cuts the address out of "<bob@army.ml>, …": it ends with the '>' that the delimiter follows, or that ends the
// text. One may stand in a quoted local part (RFC 5321 section 4.1.2), as may the delimiter.
func address(b []byte, delimiter byte) (addr, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '<' {
		return nil, b, false
	}
	quoted := false
	for i := 1; i < len(b); i++ {
		switch {
		case b[i] == '\\':
			i++
		case b[i] == '"':
			quoted = !quoted
		case b[i] == '>' && !quoted && (i+1 == len(b) || b[i+1] == delimiter):
			return b[1:i], b[i+1:], true
		}
	}
	// A quote that does not end must not hide an address.
	for i := 1; i < len(b); i++ {
		if b[i] == '>' && (i+1 == len(b) || b[i+1] == delimiter) {
			return b[1:i], b[i+1:], true
		}
	}
	return nil, b, false
}

// setRecipient takes the recipient's address apart. It reports false for one without a domain, or with an address literal
// in its place: nothing is looked up for these.
func (r *Record) setRecipient(addr []byte) bool {
	at := bytes.LastIndexByte(addr, '@')
	if at < 0 || at+1 == len(addr) || addr[at+1] == '[' {
		return false
	}
	r.Local, r.Name = addr[:at], addr[at+1:]
	return true
}
