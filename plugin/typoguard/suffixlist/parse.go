package suffixlist

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
)

// errEmpty is returned for a list without a suffix.
var errEmpty = errors.New("no suffix")

// text is the content of a list file: one suffix on each line, optionally with an expiry (until=DATE) and a note after '#', in UTF-8.
type text struct {
	path, content string
	protects      bool
}

// all returns the suffixes, and what is wrong with a line, with its position. Every line must be valid: one skipped silently would leave
// mail unprotected.
func (t text) all() iter.Seq2[Suffix, error] {
	return func(yield func(Suffix, error) bool) {
		rest := strings.TrimPrefix(t.content, "\ufeff")
		for at := (Position{t.path, 1}); rest != ""; at.Line++ {
			var line string
			line, rest, _ = strings.Cut(rest, "\n")
			s, err := parseLine(strings.TrimSuffix(line, "\r"), t.protects)
			switch {
			case err != nil:
				err = at.Errorf("%w", err)
			case s.Name == "":
				continue
			}
			s.At = at
			if !yield(s, err) {
				return
			}
		}
	}
}

// check returns an error for a text that is no list, or that has no suffix.
func (t text) check(p *pace.Pace) error {
	err := errEmpty
	for _, lineErr := range t.all() {
		if err = lineErr; err != nil {
			return err
		}
		p.Step()
	}
	return err
}

// parseLine returns the suffix on a line. Its name is "" if there is none.
func parseLine(line string, protects bool) (Suffix, error) {
	if !utf8.ValidString(line) {
		return Suffix{}, fmt.Errorf("%.100q is not UTF-8; expected a domain suffix", line)
	}
	text, note, _ := strings.Cut(line, "#")
	var words [3]string // more are not needed to say what is wrong
	count := 0
	for word := range strings.FieldsSeq(text) { // strings.Fields would allocate for each of millions of lines
		words[count] = word
		if count++; count == len(words) {
			break
		}
	}
	if count == 0 {
		return Suffix{}, nil
	}
	name, err := Parse(words[0], protects)
	if err != nil {
		return Suffix{}, err
	}
	s := Suffix{Name: name, Note: strings.TrimSpace(note)}
	if count == 1 {
		return s, nil
	}
	date, ok := strings.CutPrefix(words[1], UntilPrefix)
	switch {
	case !ok:
		return Suffix{}, fmt.Errorf("%.100q after %.100q; expected one suffix a line, and until=DATE at most", words[1], words[0])
	case count > 2:
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
