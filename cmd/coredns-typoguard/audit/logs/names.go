package logs

import "bytes"

// readName reads a line that is one name or one mail address, and nothing else.
func readName(line []byte, found func(*Record)) Result {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] == '#' {
		return Other
	}
	r := Record{}
	switch {
	case r.setName(line):
		found(&r)
		return Taken
	case isAddress(line) && bytes.Contains(line, []byte("@[")):
		return Other // nothing is looked up for an address literal
	}
	return Unknown
}

// setName takes a name, or the recipient's address. It reports false if it is neither.
func (r *Record) setName(b []byte) bool {
	if n := len(b); n > 1 && (b[0] == '"' && b[n-1] == '"' || b[0] == '<' && b[n-1] == '>') {
		b = b[1 : n-1]
	}
	if bytes.IndexByte(b, '@') >= 0 {
		if !isAddress(b) || !r.setRecipient(b) {
			return false
		}
	} else {
		r.Name = b
	}
	return isName(r.Name)
}

// cleaned cuts off what may stand around an address: blanks, quotes, angle brackets with a name before them, "mailto:".
func cleaned(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if n := len(b); n > 1 && (b[0] == '"' || b[0] == '\'') && b[n-1] == b[0] {
		b = bytes.TrimSpace(b[1 : n-1])
	}
	b = bytes.Trim(b, "{}") // of a list that PowerShell wrote
	if open := bytes.LastIndexByte(b, '<'); open >= 0 && b[len(b)-1] == '>' {
		b = b[open+1 : len(b)-1]
	}
	for _, scheme := range []string{"mailto:", "smtp:", "SMTP:"} {
		b = bytes.TrimPrefix(b, []byte(scheme))
	}
	return b
}

// isAddress reports whether a text is one address: one @ outside of quotes, and no blank or comma there.
func isAddress(b []byte) bool {
	quoted, ats := false, 0
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '@':
			ats++
		case c <= ' ' || c == ',' || c == ';' || c == '<' || c == '>' || c == 0x7f:
			return false
		}
	}
	return ats == 1 && !quoted
}

// isName reports whether a text can be a name, written by a person or a log: what has a blank or a sign of another kind of
// list in it is none.
func isName(b []byte) bool {
	return len(b) > 0 && len(b) <= 255 && !bytes.ContainsAny(b, " \t:;,/=|()[]{}<>\"'@\x00\x7f") && b[0] != '.' && b[0] != '-'
}

// isList reports whether a file that begins with head is a list of names: nearly all of its lines are one name with a dot,
// or one address, and the first is.
func (r *Reader) isList(head []byte) bool {
	lines, names := 0, 0
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		record := Record{}
		lines++
		if bytes.ContainsAny(line, ".@") && record.setName(line) {
			names++
		} else if names == 0 {
			return false
		}
	}
	const mostly = 20 // all but one of so many, and of few all but one
	return names > 0 && lines-names <= max(1, lines/mostly)
}
