package suffixlist

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// errEmpty is returned for a list without a suffix.
var errEmpty = errors.New("no suffix")

// largeList is the number of lines for which there is room from the beginning. More may be empty, and no list, but take gigabytes.
const largeList = 1 << 16

// parse appends the suffixes in the content of a list file: one on each line, optionally with an expiry (until=DATE) and a note
// after '#', in UTF-8. Every line must be valid: a line skipped silently would leave mail unprotected. Errors have the
// position.
func parse(to []Suffix, path string, content []byte, protects bool) ([]Suffix, error) {
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	lines.Buffer(nil, len(content)+1) // lines may have any length, so Scan cannot fail
	before := len(to)
	to = slices.Grow(to, min(bytes.Count(content, []byte("\n"))+1, largeList))
	for at := (Position{path, 1}); lines.Scan(); at.Line++ {
		s, err := parseLine(lines.Text(), protects)
		if err != nil {
			return nil, at.Errorf("%w", err)
		}
		if s.Name != "" {
			s.At = at
			if len(to) == cap(to) { // append would add only a quarter, and copy millions of suffixes again and again
				to = slices.Grow(to, len(to)+1)
			}
			to = append(to, s)
		}
	}
	if len(to) == before {
		return to, errEmpty
	}
	return to, nil
}

// parseLine returns the suffix on a line. Its name is "" if there is none.
func parseLine(line string, protects bool) (Suffix, error) {
	if !utf8.ValidString(line) {
		return Suffix{}, fmt.Errorf("%.100q is not UTF-8; expected a domain suffix", line)
	}
	text, note, _ := strings.Cut(line, "#")
	words := strings.Fields(text)
	if len(words) == 0 {
		return Suffix{}, nil
	}
	name, err := Parse(words[0], protects)
	if err != nil {
		return Suffix{}, err
	}
	s := Suffix{Name: name, Note: strings.TrimSpace(note)}
	if len(words) == 1 {
		return s, nil
	}
	date, ok := strings.CutPrefix(words[1], UntilPrefix)
	switch {
	case !ok:
		return Suffix{}, fmt.Errorf("%.100q after %.100q; expected one suffix a line, and until=DATE at most", words[1], words[0])
	case len(words) > 2:
		return Suffix{}, fmt.Errorf("%.100q after %.100q; expected nothing more", words[2], words[1])
	}
	s.Until, err = ParseUntil(date)
	return s, err
}

// maxLength is more bytes than any domain name has in UTF-8. Longer words are not quoted in errors, which go to the log.
const maxLength = 1024

// Parse reads a suffix to protect or to allow.
func Parse(s string, protects bool) (string, error) {
	if len(s) > maxLength {
		return "", fmt.Errorf("%.100q and so on has %d bytes; expected a domain suffix", s, len(s))
	}
	name, err := match.ParseSuffix(s)
	if err == nil && protects {
		err = match.CheckProtectable(name)
	}
	if err != nil {
		return "", fmt.Errorf("%q: %w", s, err)
	}
	return name, nil
}

// UntilPrefix is how a date begins at which something ends, in lists and in the Corefile.
const UntilPrefix = "until="

// ParseUntil returns the time at which something ends: an RFC 3339 time, in whole seconds, or the end of a day in the server's
// time zone.
func ParseUntil(s string) (time.Time, error) {
	if day, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("until=%.100s; expected a day such as 2026-12-31, or a time such as 2026-12-31T18:00:00Z", s)
	}
	return t.Truncate(time.Second), nil
}
