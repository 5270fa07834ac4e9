package logs

import "bytes"

// names reads names or mail addresses, one a line.
type names struct{ record Record }

func newNames(*Clock) Parser { return &names{} }

// Parse implements Parser.
func (n *names) Parse(line []byte, found func(*Record)) Result {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return Other
	}
	line = bytes.TrimSuffix(bytes.TrimPrefix(line, []byte("<")), []byte(">"))
	r := &n.record
	*r = Record{}
	if bytes.IndexByte(line, '@') < 0 {
		r.Name = line
	} else if !r.setRecipient(line) {
		return Other
	}
	if len(r.Name) == 0 || bytes.ContainsAny(r.Name, " \t:;,/=|()[]{}<>\"'") { // is of another kind of list
		return Unknown
	}
	found(r)
	return Taken
}
