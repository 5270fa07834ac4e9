package match

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Keyboard is a layout, which decides whether a substitution is by an adjacent key. The zero value is no layout.
type Keyboard uint8

// The layouts. QWERTZ is the German one, AZERTY the French.
const (
	NoKeyboard Keyboard = iota
	QWERTY
	QWERTZ
	AZERTY
)

// row is a row of keys: the characters they type, its position from the top, and its indent in quarters of a key. A key that types
// several characters is in several rows.
type row struct {
	keys        string
	top, indent int
}

// layouts are the keyboards, as unshifted, and shifted where that is needed for what can be in a name.
var layouts = [...]struct {
	name string
	rows []row
}{
	NoKeyboard: {"none", nil},
	QWERTY:     {"qwerty", []row{{"1234567890-=", 0, 0}, {"qwertyuiop[]", 1, 2}, {"asdfghjkl;'", 2, 3}, {"zxcvbnm,./", 3, 5}}},
	QWERTZ:     {"qwertz", []row{{"1234567890ß´", 0, 0}, {"qwertzuiopü+", 1, 2}, {"asdfghjklöä#", 2, 3}, {"yxcvbnm,.-", 3, 5}}},
	AZERTY: {"azerty", []row{{"1234567890°+", 0, 0}, {"&é\"'(-è_çà)=", 0, 0}, {"azertyuiop^$", 1, 2}, {"qsdfghjklmù*", 2, 3},
		{"wxcvbn,;:!", 3, 5}, {"WXCVBN?./§", 3, 5}}},
}

// String returns the name of the layout, as used in the Corefile.
func (k Keyboard) String() string { return layouts[k].name }

// ParseKeyboard returns the keyboard called s. The error names all there are.
func ParseKeyboard(s string) (Keyboard, error) {
	var names []string
	for k, layout := range layouts[1:] {
		if layout.name == s {
			return Keyboard(k + 1), nil
		}
		names = append(names, layout.name)
	}
	return NoKeyboard, fmt.Errorf("unknown keyboard %q; expected one of %s", s, strings.Join(names, ", "))
}

// adjacent reports whether two characters are typed by neighbouring keys: beside one another, or with less than a key
// between their middles in rows above one another.
func (k Keyboard) adjacent(a, b rune) bool {
	for _, r := range layouts[k].rows {
		x, ok := r.position(a)
		if !ok {
			continue
		}
		for _, s := range layouts[k].rows {
			y, ok := s.position(b)
			if !ok {
				continue
			}
			across, down := abs(x-y), abs(r.top-s.top)
			if down == 0 && across == 4 || down == 1 && across < 4 {
				return true
			}
		}
	}
	return false
}

// position returns where in a row, in quarters of a key, a character is typed.
func (r row) position(c rune) (int, bool) {
	before, _, ok := strings.Cut(r.keys, string(c))
	return r.indent + 4*utf8.RuneCountInString(before), ok
}
