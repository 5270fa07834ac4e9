package review

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"
)

// wordsOf says in a sentence for each edit what is wrong with a lookalike.
func wordsOf(edits []edit) []string {
	var sentences []string
	for i, e := range edits {
		where := whereOf(edits, i)
		switch e.Op {
		case kept:
		case missing:
			sentences = append(sentences, fmt.Sprintf("The %s is missing %s.", called(e.Meant[0]), where))
		case extra:
			sentences = append(sentences, fmt.Sprintf("There is an extra %s %s.", called(e.Has[0]), where))
		case changed:
			sentences = append(sentences, fmt.Sprintf("The %s replaces the %s %s.", called(e.Has[0]), called(e.Meant[0]), where))
		case swapped:
			sentences = append(sentences, fmt.Sprintf("The %s and the %s are swapped %s.", called(e.Meant[0]), called(e.Meant[1]), where))
		case alike:
			sentences = append(sentences, fmt.Sprintf("%s looks like “%s” %s.", looking(e.Has), show(e.Meant), where))
		}
	}
	return sentences
}

// whereOf says where in the lookalike an edit is.
func whereOf(edits []edit, i int) string {
	for _, e := range edits[i+1:] {
		if len(e.Has) > 0 {
			return "before “" + show(e.Has[:1]) + "”"
		}
	}
	return "at the end"
}

// called names a character, for those who hear it too.
func called(r rune) string {
	switch {
	case r >= raw:
		return fmt.Sprintf("byte %d", r-raw)
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

// looking names characters that look like others.
func looking(letters []rune) string {
	if len(letters) == 1 {
		return "The " + called(letters[0])
	}
	return "“" + show(letters) + "”"
}
