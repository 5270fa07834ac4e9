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

// maxHint is the maximum size of a hint in bytes, before its placeholders are filled in.
const maxHint = 500

// placeholders may stand in a hint.
var placeholders = []string{"{recipient}", "{suggested}", "{lookalike}", "{intended}", "{policy}", "{id}"}

// placeholder finds anything that looks like a placeholder.
var placeholder = regexp.MustCompile(`\{[^{}]*\}?|\}`)

// CheckHint returns an error for a text that is not a valid hint.
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

// expandHint fills in a hint. A recipient or suggestion that a reply cannot contain is replaced by its domain. Text that was
// filled in is not expanded again.
func expandHint(hint string, to *address, s *Suggestion, id string, utf8 bool) string {
	lookalike, intended := displayName(to.domain, utf8), displayName(s.Intended, utf8)
	return strings.NewReplacer(
		"{recipient}", orElse(to.withDomain(to.given, utf8), lookalike),
		"{suggested}", orElse(to.withDomain(intended, utf8), intended),
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
