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
	if bytes.ContainsAny(line, " \t") {
		return Unknown
	}
	r := &n.record
	*r = Record{}
	if bytes.IndexByte(line, '@') < 0 {
		r.Name = line
	} else if !r.setRecipient(bytes.TrimSuffix(bytes.TrimPrefix(line, []byte("<")), []byte(">"))) {
		return Other
	}
	found(r)
	return Taken
}
