package input

import (
	"bytes"
	"errors"
	"io"
)

// isObjects reports whether a log is JSON that has no object a line: a list of objects, or objects over several lines, as
// ConvertTo-Json and journalctl -o json-pretty write them.
func isObjects(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 {
		return false
	}
	rest := bytes.TrimLeft(head[1:], " \t\r\n")
	switch head[0] {
	case '[':
		return len(rest) > 0 && rest[0] == '{'
	case '{':
		return len(rest) > 0 && rest[0] == '"' && bytes.IndexByte(head[:len(head)-len(rest)], '\n') > 0
	}
	return false
}

// object reads an object, from its first brace to its last.
func (l *Log) object() ([]byte, error) {
	for {
		c, err := l.octet()
		if err != nil {
			return nil, err
		}
		if c != '{' {
			continue
		}
		l.buffer = append(l.buffer[:0], c)
		tooLong, err := l.restOfObject()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		l.Items++
		if !tooLong {
			return l.buffer, nil
		}
		l.TooLong++
	}
}

// restOfObject reads up to the brace that closes the first one.
func (l *Log) restOfObject() (tooLong bool, err error) {
	quoted, escaped := false, false
	for depth := 1; depth > 0; {
		c, err := l.octet()
		if err != nil {
			return false, err
		}
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			depth--
		}
		if len(l.buffer) < MaxItem {
			l.buffer = append(l.buffer, c)
		} else {
			tooLong = true
		}
	}
	return tooLong, nil
}

func (l *Log) octet() (byte, error) {
	c, err := l.reader.ReadByte()
	if err == nil {
		l.Octets++
	}
	return c, err
}
