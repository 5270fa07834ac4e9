package review

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/runenames"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// raw is added to an octet that is no character by itself: one that is not part of valid UTF-8, or a dot inside a label.
const raw = utf8.MaxRune + 1

// lettersOf returns the characters of a name in presentation format (RFC 4343 section 2.1): escapes and A-labels decoded,
// with '.' between the labels and nowhere else.
func lettersOf(name string) []rune {
	var letters []rune
	for i, label := range labelsOf(name) {
		if i > 0 {
			letters = append(letters, '.')
		}
		letters = append(letters, lettersOfLabel(label)...)
	}
	return letters
}

// labelsOf returns the labels of a name as octets.
func labelsOf(name string) []string {
	labels := []string{""}
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '.':
			labels = append(labels, "")
			continue
		case c == '\\' && isDecimal(name[i+1:]):
			c = byte((int(name[i+1]-'0')*10+int(name[i+2]-'0'))*10 + int(name[i+3]-'0'))
			i += 3
		case c == '\\' && i+1 < len(name):
			i++
			c = name[i]
		}
		labels[len(labels)-1] += string([]byte{c})
	}
	return labels
}

// isDecimal reports whether text begins with the three digits of an octet.
func isDecimal(text string) bool {
	if len(text) < 3 {
		return false
	}
	for _, c := range []byte(text[:3]) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return text[:3] <= "255"
}

func lettersOfLabel(label string) []rune {
	if strings.HasPrefix(label, "xn--") {
		if decoded, err := idna.Punycode.ToUnicode(label); err == nil && utf8.ValidString(decoded) {
			label = decoded
		}
	}
	var letters []rune
	for i, r := range label {
		switch {
		case r == '.':
			r = raw + '.'
		case r == utf8.RuneError && !strings.HasPrefix(label[i:], string(utf8.RuneError)):
			r = raw + rune(label[i])
		}
		letters = append(letters, r)
	}
	return letters
}

// show writes characters for people, so that each can be seen.
func show(letters []rune) string {
	var b strings.Builder
	for _, r := range letters {
		switch {
		case r == raw+'.':
			b.WriteString(`\.`)
		case r >= raw:
			fmt.Fprintf(&b, `\%03d`, r-raw)
		default:
			b.WriteString(visible(string(r)))
		}
	}
	return b.String()
}

// foreign is a character of a name that is not in ASCII.
type foreign struct {
	// Letter is the character, Code its code point, and Name what Unicode calls it.
	Letter, Code, Name string
	// Looks is what it looks like (UTS #39); "" if only like itself.
	Looks string
}

// foreignIn returns the characters that are not in ASCII, each once.
func foreignIn(letters []rune) []foreign {
	var found []foreign
	seen := map[rune]bool{}
	for _, r := range letters {
		if r < utf8.RuneSelf || r >= raw || seen[r] {
			continue
		}
		seen[r] = true
		found = append(found, foreign{show([]rune{r}), codePoint(r), runenames.Name(r), visible(skeleton.Of(unicode.ToLower(r)))})
	}
	return found
}

func codePoint(r rune) string { return fmt.Sprintf("U+%04X", r) }
