package rows

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// ascii are the characters of host names (RFC 1123 section 2.1) and the dot, in the order in which names are enumerated.
const ascii = ".-0123456789abcdefghijklmnopqrstuvwxyz"

// latinLetters are the letters outside ASCII of the languages of Europe that are written in Latin letters, as far as they can
// stand in a domain name: those of the blocks Latin-1 Supplement and Latin Extended-A, and two of Romanian.
var latinLetters = sync.OnceValue(func() []rune {
	letters := []rune("șț")
	for c := rune(0x80); c < 0x180; c++ {
		if canStand(c) {
			letters = append(letters, c)
		}
	}
	return letters
})

// maxDistance is the largest distance a policy can have.
const maxDistance = 2

// band has the cells of a row of the alignment table that can be within maxDistance: of row i those of the columns from
// i-maxDistance on.
type band [2*maxDistance + 1]uint8

// far is what a cell holds that is further away than any policy looks.
const far = maxDistance + 1

// neighbours enumerates the names within a distance of a text, in optimal string alignment, as the engine measures it.
//
// It walks the tree of all names from their ends, a row of the alignment table for each character, and turns back where
// no continuation can come near the text any more. So every name comes once, behind the names above it, no name is kept,
// and whole top-level domains are left out by looking at their last label.
type neighbours struct {
	text     []rune // from its end
	alphabet []rune // in ascending order
	distance int
	exists   func(top string) bool // whether there is a top-level domain
}

// newNeighbours prepares the enumeration for a text. Its alphabet is that of host names, with the characters of the text
// and some more letters.
func newNeighbours(text []rune, distance int, exists func(top string) bool, letters ...rune) *neighbours {
	n := &neighbours{text: slices.Clone(text), alphabet: slices.Concat([]rune(ascii), text, letters), distance: distance, exists: exists}
	slices.Reverse(n.text)
	slices.Sort(n.alphabet)
	n.alphabet = slices.Compact(n.alphabet)
	return n
}

// walk is one enumeration under way.
type walk struct {
	*neighbours
	name  []rune // from its end
	rows  []band // of the empty name, and of each character of name
	label int    // where in name the label under way begins
	visit func(name []rune) bool

	forward []rune // a buffer for name from its start
}

// each calls visit with every name. It returns false, at once, if visit does. The name is valid during the call only.
func (n *neighbours) each(visit func(name []rune) bool) bool {
	w := &walk{neighbours: n, visit: visit, rows: []band{n.firstRow()}}
	return w.descend()
}

// contains reports whether a name is within the distance.
func (n *neighbours) contains(name string) bool {
	length := utf8.RuneCountInString(name)
	if longer := length - len(n.text); longer > n.distance || -longer > n.distance {
		return false
	}
	w := walk{neighbours: n, rows: make([]band, 1, length+1), name: make([]rune, 0, length)}
	w.rows[0] = n.firstRow()
	for end := len(name); end > 0; {
		c, size := utf8.DecodeLastRuneInString(name[:end])
		end -= size
		row, alive := w.next(c)
		if !alive {
			return false
		}
		w.push(c, row)
	}
	return w.isNear()
}

// descend enumerates the names that end in the one under way, that one included.
func (w *walk) descend() bool {
	if rest, ok := w.onlyRest(); ok {
		return w.complete(rest)
	}
	if w.isNear() && w.closes() && !w.emit() {
		return false
	}
	var few [2*maxDistance + 2]rune
	for _, c := range w.following(few[:0]) {
		row, alive := w.next(c)
		if !alive || (c == '.' && !w.closes()) {
			continue
		}
		label := w.label
		if w.push(c, row); c == '.' {
			w.label = len(w.name)
		}
		ok := w.descend()
		w.name, w.rows, w.label = w.name[:len(w.name)-1], w.rows[:len(w.rows)-1], label
		if !ok {
			return false
		}
	}
	return true
}

// onlyRest returns how the name under way must go on, and reports false unless there is only one way: no edit is left, nor one that the second
// character of a transposition saves, and one part of the text is as far as the name goes. Nearly all of each name is gone through like that.
func (w *walk) onlyRest() (rest []rune, ok bool) {
	at := len(w.name)
	if at == 0 || w.least(at) < w.distance || w.least(at-1) < w.distance {
		return nil, false
	}
	for k, cost := range w.rows[at] {
		if int(cost) > w.distance {
			continue
		}
		if ok {
			return nil, false
		}
		rest, ok = w.text[at+k-maxDistance:], true
	}
	return rest, ok
}

// least returns the lowest cost in a row.
func (w *walk) least(row int) int { return int(slices.Min(w.rows[row][:])) }

// complete visits the name under way with the rest of the text behind it, if all labels are ones that a name can have.
func (w *walk) complete(rest []rune) (more bool) {
	length, label := len(w.name), w.label
	defer func() { w.name, w.label = w.name[:length], label }()
	for _, c := range rest {
		if c == '.' && !w.closes() {
			return true
		}
		if w.name = append(w.name, c); c == '.' {
			w.label = len(w.name)
		}
	}
	return !w.closes() || w.emit()
}

// following returns characters, in ascending order, that may follow the name under way; others cannot. If no edit is left it
// is those of the text around there, of which it makes a list in few: there are far more names to be gone on with without an
// edit than with one.
func (w *walk) following(few []rune) []rune {
	at := len(w.name)
	if w.least(at) < w.distance {
		return w.alphabet
	}
	// A character that equals the text's is at most maxDistance away from there, and the second one of a transposition
	// equals the text's before.
	from, to := max(at-maxDistance-1, 0), min(at+maxDistance+1, len(w.text))
	if from >= to {
		return nil
	}
	few = append(few, w.text[from:to]...)
	slices.Sort(few)
	return slices.Compact(few)
}

// emit calls visit with the name under way.
func (w *walk) emit() bool {
	w.forward = append(w.forward[:0], w.name...)
	slices.Reverse(w.forward)
	return w.visit(w.forward)
}

// closes reports whether the label under way is one that a name can have. How long it is as an A-label is seen later.
func (w *walk) closes() bool {
	label := w.name[w.label:]
	if len(label) == 0 || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	if w.label > 0 {
		return true
	}
	top := slices.Clone(label)
	slices.Reverse(top)
	return w.exists(string(top))
}

// push makes a character, with its row, the next of the name under way.
func (w *walk) push(c rune, row band) {
	w.name, w.rows = append(w.name, c), append(w.rows, row)
}

// isNear reports whether the name under way is within the distance.
func (w *walk) isNear() bool {
	column := len(w.text) - len(w.name) + maxDistance
	return column >= 0 && column < len(band{}) && int(w.rows[len(w.name)][column]) <= w.distance
}

// firstRow is the row of the empty name: so many characters of the text are missing.
func (n *neighbours) firstRow() band {
	var row band
	for k := range row {
		row[k] = uint8(far)
		if j := k - maxDistance; j >= 0 && j <= len(n.text) {
			row[k] = uint8(j)
		}
	}
	return row
}

// next returns the row of the name under way with one more character, and whether any name that goes on from there can
// be within the distance. A transposition that comes later costs no less than replacing its first character does now.
func (w *walk) next(c rune) (row band, alive bool) {
	i := len(w.rows)
	above := &w.rows[i-1]
	for k := range row {
		row[k] = far
		j := i + k - maxDistance
		if j < 0 || j > len(w.text) {
			continue
		}
		cost := uint8(far)
		if k+1 < len(row) {
			cost = min(cost, above[k+1]+1)
		}
		if j > 0 {
			replaced := above[k]
			if w.text[j-1] != c {
				replaced++
			}
			cost = min(cost, replaced)
			if k > 0 {
				cost = min(cost, row[k-1]+1)
			}
			if i > 1 && j > 1 && w.text[j-1] == w.name[i-2] && w.text[j-2] == c {
				cost = min(cost, w.rows[i-2][k]+1)
			}
		}
		row[k] = cost
		alive = alive || int(cost) <= w.distance
	}
	return row, alive
}
