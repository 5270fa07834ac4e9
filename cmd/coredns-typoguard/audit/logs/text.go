package logs

import (
	"bytes"
	"strconv"
)

// cut returns what stands before and behind the first of sep. It reports false if there is none.
func cut(b []byte, sep string) (before, after []byte, ok bool) {
	if i := bytes.Index(b, []byte(sep)); i >= 0 {
		return b[:i], b[i+len(sep):], true
	}
	return b, nil, false
}

// keyOf cuts off the key of a message, which ends with a colon and a blank, as cut(b, ": ") does.
func keyOf(b []byte) (key, rest []byte, ok bool) {
	for at := 0; ; at++ {
		colon := bytes.IndexByte(b[at:], ':')
		if colon < 0 {
			return b, nil, false
		}
		at += colon
		if at+1 < len(b) && b[at+1] == ' ' {
			return b[:at], b[at+2:], true
		}
	}
}

// trimBlanks cuts off the blanks and tabs that a text begins with.
func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
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

// field returns the value behind a key, up to the next comma that a blank follows.
func field(b []byte, key string) ([]byte, bool) {
	_, value, ok := cut(b, key)
	if !ok {
		return nil, false
	}
	value, _, _ = cut(value, ", ")
	return value, true
}

// value returns the value behind a key, up to the next blank, without quotes.
func value(b []byte, key string) ([]byte, bool) {
	_, rest, ok := cut(b, key)
	if !ok {
		return nil, false
	}
	if len(rest) > 0 && rest[0] == '"' {
		quoted, _, _ := cut(rest[1:], `"`)
		return quoted, true
	}
	word, _, _ := cut(rest, " ")
	return word, true
}

// replied is the outcome that the first digit of a reply code means (RFC 5321 section 4.2.1).
func replied(code []byte) (Outcome, bool) {
	if len(code) < 3 || digits(code[:3]) != 3 {
		return 0, false
	}
	switch code[0] {
	case '2':
		return Delivered, true
	case '4':
		return Deferred, true
	case '5':
		return Bounced, true
	}
	return 0, false
}

// appendNumber appends a number in decimal.
func appendNumber(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }
