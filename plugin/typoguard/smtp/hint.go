package smtp

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxHint is the most octets of a hint before its placeholders are filled in.
const maxHint = 500

// placeholders may stand in a hint.
var placeholders = []string{"{recipient}", "{suggested}", "{lookalike}", "{intended}", "{policy}", "{id}"}

// placeholder finds what looks like one.
var placeholder = regexp.MustCompile(`\{[^{}]*\}?|\}`)

// CheckHint returns an error for a text that cannot be the hint of a policy.
func CheckHint(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("empty text; expected a message for the sender")
	case len(text) > maxHint:
		return fmt.Errorf("%d bytes long; expected at most %d", len(text), maxHint)
	case !utf8.ValidString(text):
		return fmt.Errorf("%q is not UTF-8; expected a message for the sender", text)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%q is not printable; expected a single line of text", r)
		}
	}
	for _, found := range placeholder.FindAllString(text, -1) {
		if !slices.Contains(placeholders, found) {
			return fmt.Errorf("unknown placeholder %q; expected one of %s", found, strings.Join(placeholders, ", "))
		}
	}
	return nil
}

// expandHint fills a hint in. A recipient or a suggestion that cannot be repeated is replaced by its domain. What is
// filled in is not looked at for placeholders again.
func expandHint(hint string, to *address, s *Suggestion, id string, utf8 bool) string {
	lookalike, intended := shown(to.domain, utf8), shown(s.Intended, utf8)
	return strings.NewReplacer(
		"{recipient}", orElse(to.at(to.given, utf8), lookalike),
		"{suggested}", orElse(to.at(intended, utf8), intended),
		"{lookalike}", lookalike,
		"{intended}", intended,
		"{policy}", s.Policy,
		"{id}", id,
	).Replace(hint)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
