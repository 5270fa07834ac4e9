package input

import (
	"bufio"
	"io"

	"golang.org/x/text/encoding/unicode"
)

// decoded returns a text in UTF-8, which may be in UTF-16, as PowerShell writes it, with or without a byte order mark. The
// mark of UTF-8 is cut off.
func decoded(r io.Reader) io.Reader {
	in := bufio.NewReaderSize(r, lookAhead)
	head, _ := in.Peek(lookAhead / 2) // an error is that of the first read, too
	switch {
	case len(head) >= 3 && string(head[:3]) == "\xef\xbb\xbf":
		_, _ = in.Discard(3) // which are in the buffer
		return in
	case len(head) >= 2 && (string(head[:2]) == "\xff\xfe" || string(head[:2]) == "\xfe\xff"):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(in)
	case isUTF16(head, 1):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Reader(in)
	case isUTF16(head, 0):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Reader(in)
	}
	return in
}

// isUTF16 reports whether nearly every second octet, from the first or second on, is zero, and no other.
func isUTF16(head []byte, first int) bool {
	const least = 16
	if len(head) < least {
		return false
	}
	zeros, pairs := 0, 0
	for i := 0; i+1 < len(head); i += 2 {
		pairs++
		if head[i+1-first] == 0 {
			return false
		}
		if head[i+first] == 0 {
			zeros++
		}
	}
	return zeros*10 >= pairs*9
}
