package review

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// explain returns how a lookalike was made of the intended name, as the engine measured it.
func explain(name string, c event.Lookalike) []match.Edit {
	if c.Kind == match.Homoglyph.String() {
		if edits, ok := match.ExplainHomoglyph(name, c.Intended, skeleton.Of); ok {
			return edits
		}
	}
	kind, _ := match.ParseKind(c.Kind) // of another release, perhaps: then any will do
	return match.Explain(name, c.Intended, kind)
}

// sentences describes each edit.
func sentences(edits []match.Edit) []string {
	var all []string
	for i, e := range edits {
		where := position(edits, i)
		switch e.Op {
		case match.Kept:
		case match.Missing:
			all = append(all, fmt.Sprintf("The %s is missing %s.", describe(e.Intended[0]), where))
		case match.Extra:
			all = append(all, fmt.Sprintf("There is an extra %s %s.", describe(e.Name[0]), where))
		case match.Changed:
			all = append(all, fmt.Sprintf("The %s replaces the %s %s.", describe(e.Name[0]), describe(e.Intended[0]), where))
		case match.Swapped:
			all = append(all, fmt.Sprintf("The %s and the %s are swapped %s.", describe(e.Intended[0]), describe(e.Intended[1]), where))
		case match.MovedTo:
			if len(e.Name) > 0 {
				all = append(all, fmt.Sprintf("The %s stands %s.", describe(e.Name[0]), where))
			} else {
				all = append(all, fmt.Sprintf("The %s belongs %s.", describe(e.Intended[0]), where))
			}
		case match.Repeated:
			all = append(all, fmt.Sprintf("“%s” is repeated %s.", show(e.Name), where))
		case match.Added:
			all = append(all, fmt.Sprintf("“%s” is added %s.", show(e.Name), where))
		case match.Spelled:
			all = append(all, fmt.Sprintf("“%s” is written as “%s” %s.", show(e.Intended), show(e.Name), where))
		case match.Replaced:
			all = append(all, fmt.Sprintf("“%s” replaces “%s” %s.", show(e.Name), show(e.Intended), where))
		case match.Alike:
			all = append(all, fmt.Sprintf("%s looks like “%s” %s.", describeAll(e.Name), show(e.Intended), where))
		}
	}
	return all
}

// position says where in the lookalike an edit is.
func position(edits []match.Edit, i int) string {
	for _, e := range edits[i+1:] {
		if len(e.Name) > 0 {
			return "before “" + show(e.Name[:1]) + "”"
		}
	}
	return "at the end"
}

// describe names a character, also for people who use a screen reader.
func describe(r rune) string {
	octet, isOctet := match.Octet(r)
	switch {
	case isOctet:
		return fmt.Sprintf("byte %d", octet)
	case r == '.':
		return "dot"
	case r == '-':
		return "hyphen"
	case r == '_':
		return "underscore"
	case r >= utf8.RuneSelf:
		return fmt.Sprintf("character “%s” (%s %s)", show([]rune{r}), codePoint(r), runenames.Name(r))
	case unicode.IsDigit(r):
		return fmt.Sprintf("digit “%c”", r)
	case unicode.IsLetter(r):
		return fmt.Sprintf("letter “%c”", r)
	}
	return fmt.Sprintf("character “%s”", show([]rune{r}))
}

// describeAll names characters that look like others.
func describeAll(chars []rune) string {
	if len(chars) == 1 {
		return "The " + describe(chars[0])
	}
	return "“" + show(chars) + "”"
}

// mark returns a sign for an operation, which says the same as its colour.
func mark(op match.Operation) string {
	switch op {
	case match.Missing:
		return "−"
	case match.Extra, match.Added:
		return "+"
	case match.Changed, match.Replaced:
		return "≠"
	case match.Swapped:
		return "⇄"
	case match.Alike:
		return "≈"
	case match.MovedTo:
		return "↔"
	case match.Repeated:
		return "×2"
	case match.Spelled:
		return "~"
	case match.Kept:
	}
	return ""
}

// nonASCII is a character of a name that is not in ASCII.
type nonASCII struct {
	// Char is the character, Code its code point, and Name what Unicode calls it.
	Char, Code, Name string
	// Looks is what it looks like (UTS #39); "" if only like itself.
	Looks string
}

// findNonASCII returns the characters that are not in ASCII, each once.
func findNonASCII(chars []rune) []nonASCII {
	var found []nonASCII
	seen := map[rune]bool{}
	for _, r := range chars {
		if r < utf8.RuneSelf || r > utf8.MaxRune || seen[r] {
			continue
		}
		seen[r] = true
		found = append(found, nonASCII{show([]rune{r}), codePoint(r), runenames.Name(r), escape(skeleton.Of(unicode.ToLower(r)))})
	}
	return found
}

func codePoint(r rune) string { return fmt.Sprintf("U+%04X", r) }
