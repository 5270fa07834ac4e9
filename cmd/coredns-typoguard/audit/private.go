package audit

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// hidden stands for what is not shown.
const hidden = "…"

// userName is the name of a user behind a key, which may be the local part of an address.
var userName = regexp.MustCompile(`(?i)\b((?:sasl_)?user(?:name)?|login|authid|ctladdr|uid|account|A=[a-z_]+:?)([=:]\s*)[^\s,;<>()]+`)

// maxExample is how much of a line is shown, in octets.
const maxExample = 200

// shortened returns the beginning of a line, quoted, without local parts of addresses unless they are wanted. They go first:
// a line may be cut off in the midst of one.
func shortened(line []byte, addresses bool) string {
	const enough = 16 << 10 // nobody needs to look at what is not shown
	line = line[:min(len(line), enough)]
	if !addresses {
		line = withoutLocalParts(line)
	}
	return strconv.Quote(string(line[:min(len(line), maxExample)]))
}

// withoutLocalParts hides what stands before each @ of a line, in whatever spelling: with quotes and blanks in them, with
// prvs= or an apostrophe; and what stands in angle brackets without one, for it may be cut off.
func withoutLocalParts(line []byte) []byte {
	line = bytes.ReplaceAll(line, []byte("%40"), []byte("@"))
	var out []byte
	for len(line) > 0 {
		at := bytes.IndexByte(line, '@')
		if at < 0 {
			out = append(out, withoutBrackets(line)...)
			break
		}
		out = append(append(out, withoutBrackets(line[:startOfLocal(line[:at])])...), hidden+"@"...)
		line = line[at+1:]
	}
	return userName.ReplaceAll(out, []byte("$1$2"+hidden))
}

// startOfLocal returns where the local part begins that a text ends with. One in quotes begins with the first of them: there
// may be more inside, and CSV has them twice.
func startOfLocal(b []byte) int {
	i := len(b)
	if i > 0 && b[i-1] == '"' {
		i = bytes.IndexByte(b, '"')
	}
	for i > 0 && !bytes.ContainsRune([]byte(" \t<>,;()[]{}"), rune(b[i-1])) {
		i--
	}
	return i
}

// withoutBrackets hides what stands in angle brackets, or behind one that does not end.
func withoutBrackets(b []byte) []byte {
	var out []byte
	for {
		open := bytes.IndexByte(b, '<')
		if open < 0 {
			return append(out, b...)
		}
		out = append(out, b[:open+1]...)
		b = b[open+1:]
		end := bytes.IndexByte(b, '>')
		if len(b) > 0 && end != 0 {
			out = append(out, hidden...)
		}
		if end < 0 {
			return out
		}
		b = b[end:]
	}
}

// withoutUser returns a host as it is, and of what has an @ in it only what is behind.
func withoutUser(source []byte) []byte {
	if at := bytes.LastIndexByte(source, '@'); at >= 0 {
		return source[at:]
	}
	return source
}

// plain returns a text with nothing in it that a terminal would obey: it is as others wrote it.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// cell returns a text for CSV. Spreadsheets take one for a formula that begins with one of these characters; an apostrophe
// before it keeps them from that.
func cell(s string) string {
	s = plain(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
