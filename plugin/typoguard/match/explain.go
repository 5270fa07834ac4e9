package match

import (
	"slices"
	"unicode/utf8"
)

// Operation is what happened to a part of the intended name when it was mistyped.
type Operation string

// The operations. Kept is no edit, and Alike counts as none, because a homoglyph has distance 0; Missing, Extra, Changed and Swapped are
// one edit each. A name that is Moved, Doubled, Appended, a Transliteration or under another TLD has only the operations for that.
const (
	Kept     Operation = "kept"
	Missing  Operation = "missing"
	Extra    Operation = "extra"
	Changed  Operation = "changed"
	Swapped  Operation = "swapped"
	Alike    Operation = "alike"
	MovedTo  Operation = "moved"
	Repeated Operation = "repeated"
	Added    Operation = "added"
	Spelled  Operation = "spelled"
	Replaced Operation = "replaced"
)

// Edit is a part of a name and the part of the intended name that it stands for. Kept and Changed have one character of
// each, Swapped has two, Missing has none of the name, Extra has none of the intended name, and Alike, Spelled and Replaced have any number.
// MovedTo has a character of the name, where it is, or the same one of the intended name, where it should be; Repeated and Added have
// any number of the name. Characters are those of Decode, or octets if the names are nearer as they are on the wire.
type Edit struct {
	Op             Operation
	Name, Intended []rune
}

// Explain returns how a name was made of the intended name, from left to right, as the kind of its match says; for one of single edits
// with the fewest: as many as the distance that Lookup measures. For a Homoglyph see ExplainHomoglyph. Explain returns nil if
// either name is too long to be a domain name.
func Explain(name, intended string, kind Kind) []Edit {
	var n, m forms
	if !n.parse(name) || !m.parse(intended) {
		return nil
	}
	if edits, ok := explainKind(n.unicode().runes(), m.unicode().runes(), kind); ok {
		return edits
	}
	best := -1
	var edits []Edit
	for i := range n.used {
		for j := range m.used {
			a, b := n.forms[i].runes(), m.forms[j].runes()
			costs := alignmentCosts(a, b)
			// As in Index.compare, the last of equally near forms counts.
			if cost := costs[len(a)][len(b)]; best < 0 || cost <= best {
				best, edits = cost, trace(costs, a, b)
			}
		}
	}
	return edits
}

// explainKind returns how a name is Moved, Doubled, Appended, a Transliteration, or under another TLD. It reports false for any other
// kind.
func explainKind(name, intended []rune, kind Kind) ([]Edit, bool) {
	same := commonPrefix(name, intended)
	switch {
	case kind == Moved && len(name) == len(intended):
		return explainMoved(name, intended, same)
	case kind == Doubled && len(name) > len(intended):
		extra := len(name) - len(intended)
		if !slices.Equal(name[same+extra:], intended[same:]) {
			return nil, false
		}
		edits := append(kept(name[:same]), Edit{Repeated, name[same : same+extra], nil})
		return append(edits, kept(name[same+extra:])...), true
	case kind == Appended && same == len(intended):
		return append(kept(intended), Edit{Added, name[same:], nil}), true
	case kind == Transliteration:
		return explainSpelling(name, intended)
	case kind == TLD:
		return explainTLD(name, intended, same)
	}
	return nil, false
}

// explainTLD returns which public suffix replaces which, behind the last dot in what is the same.
func explainTLD(name, intended []rune, same int) ([]Edit, bool) {
	for same > 0 && (name[same-1] != '.' || same == len(name) || same == len(intended)) {
		same--
	}
	if same == 0 {
		return nil, false
	}
	return append(kept(name[:same]), Edit{Replaced, name[same:], intended[same:]}), true
}

// explainMoved returns how one character was moved, behind what is the same.
func explainMoved(name, intended []rune, same int) ([]Edit, bool) {
	edits, end := kept(name[:same]), len(name)
	for end > same && name[end-1] == intended[end-1] {
		end--
	}
	a, b := name[same:end], intended[same:end]
	last := len(a) - 1
	switch {
	case last > 0 && slices.Equal(a[1:], b[:last]) && a[0] == b[last]:
		edits = append(append(append(edits, Edit{MovedTo, a[:1], nil}), kept(a[1:])...), Edit{MovedTo, nil, b[last:]})
	case last > 0 && slices.Equal(a[:last], b[1:]) && a[last] == b[0]:
		edits = append(append(append(edits, Edit{MovedTo, nil, b[:1]}), kept(a[:last])...), Edit{MovedTo, a[last:], nil})
	default:
		return nil, false
	}
	return append(edits, kept(name[end:])...), true
}

// explainSpelling returns which characters are written as others, as the shortest parts with the same transliteration.
func explainSpelling(name, intended []rune) ([]Edit, bool) {
	var edits []Edit
	for len(name) > 0 || len(intended) > 0 {
		same := commonPrefix(name, intended)
		edits = append(edits, kept(name[:same])...)
		name, intended = name[same:], intended[same:]
		e, ok := firstSpelled(name, intended)
		if !ok {
			return nil, false
		}
		if len(e.Name)+len(e.Intended) > 0 {
			edits = append(edits, e)
		}
		name, intended = name[len(e.Name):], intended[len(e.Intended):]
	}
	return edits, true
}

// firstSpelled returns the shortest beginnings of two texts that have the same transliteration, though they differ.
func firstSpelled(name, intended []rune) (Edit, bool) {
	for length := 0; length <= len(name)+len(intended); length++ {
		for a := range min(length, len(name)) + 1 {
			b := length - a
			if b > len(intended) || (length == 0 && len(name)+len(intended) > 0) {
				continue
			}
			if isTransliterated(name[:a], intended[:b]) {
				return Edit{Spelled, name[:a], intended[:b]}, true
			}
		}
	}
	return Edit{}, false
}

// kept returns an edit for every character that is the same.
func kept(chars []rune) []Edit {
	edits := make([]Edit, len(chars))
	for i := range chars {
		edits[i] = Edit{Kept, chars[i : i+1], chars[i : i+1]}
	}
	return edits
}

// commonPrefix returns how many characters two texts begin with that are the same.
func commonPrefix(a, b []rune) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// ExplainHomoglyph returns how a name looks like the intended name, as the shortest parts that look alike, from left to
// right. It takes the same function as Homoglyphs, and reports false if the two names do not look the same.
func ExplainHomoglyph(name, intended string, skeletonOf func(rune) string) ([]Edit, bool) {
	a, b := Decode(name), Decode(intended)
	var edits []Edit
	for len(a) > 0 || len(b) > 0 {
		e, ok := firstAlike(a, b, skeletonOf)
		if !ok {
			return nil, false
		}
		edits = append(edits, e)
		a, b = a[len(e.Name):], b[len(e.Intended):]
	}
	return edits, true
}

// Decode returns the characters of a name in presentation format as they are compared: escapes and A-labels decoded, in
// lower case in ASCII, with '.' between the labels and nowhere else. Octet recognizes octets that are not characters. Decode
// returns nil for a text that is too long to be a domain name.
func Decode(name string) []rune {
	var f forms
	if !f.parse(name) {
		return nil
	}
	return slices.Clone(f.unicode().runes())
}

// Octet returns the octet that r stands for if it is not a character: one that is not part of valid UTF-8, or a dot inside
// a label.
func Octet(r rune) (byte, bool) {
	if r < raw {
		return 0, false
	}
	return byte(r - raw), true
}

// alignmentCosts returns the distances of all beginnings of a to all beginnings of b.
func alignmentCosts(a, b []rune) [][]int {
	costs := make([][]int, len(a)+1)
	for i := range costs {
		costs[i] = make([]int, len(b)+1)
		for j := range costs[i] {
			switch {
			case i == 0:
				costs[i][j] = j
				continue
			case j == 0:
				costs[i][j] = i
				continue
			}
			cost := costs[i-1][j-1]
			if a[i-1] != b[j-1] {
				cost++
			}
			cost = min(cost, costs[i-1][j]+1, costs[i][j-1]+1)
			if endSwapped(a[:i], b[:j]) {
				cost = min(cost, costs[i-2][j-2]+1)
			}
			costs[i][j] = cost
		}
	}
	return costs
}

// endSwapped reports whether a and b end in the same two characters in opposite order.
func endSwapped(a, b []rune) bool {
	i, j := len(a), len(b)
	return i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1]
}

// trace returns the edits of one of the cheapest alignments.
func trace(costs [][]int, a, b []rune) []Edit {
	var edits []Edit
	for i, j := len(a), len(b); i > 0 || j > 0; {
		e := lastEdit(costs, a[:i], b[:j])
		edits = append(edits, e)
		i, j = i-len(e.Name), j-len(e.Intended)
	}
	slices.Reverse(edits)
	return edits
}

// lastEdit returns the edit at the end of a cheapest alignment of a and b.
func lastEdit(costs [][]int, a, b []rune) Edit {
	i, j := len(a), len(b)
	cost := costs[i][j]
	switch {
	case i > 0 && j > 0 && a[i-1] == b[j-1] && cost == costs[i-1][j-1]:
		return Edit{Kept, a[i-1:], b[j-1:]}
	case endSwapped(a, b) && cost == costs[i-2][j-2]+1:
		return Edit{Swapped, a[i-2:], b[j-2:]}
	case i > 0 && j > 0 && cost == costs[i-1][j-1]+1:
		return Edit{Changed, a[i-1:], b[j-1:]}
	case i > 0 && cost == costs[i-1][j]+1:
		return Edit{Extra, a[i-1:], nil}
	}
	return Edit{Missing, nil, b[j-1:]}
}

// firstAlike returns the shortest beginnings of a and b that look alike.
func firstAlike(a, b []rune, skeletonOf func(rune) string) (Edit, bool) {
	var looksA, looksB []rune
	i, j := 0, 0
	for i == 0 || j == 0 || len(looksA) != len(looksB) {
		switch {
		case len(looksA) <= len(looksB) && i < len(a):
			looksA = appendLooks(looksA, a[i], skeletonOf)
			i++
		case j < len(b):
			looksB = appendLooks(looksB, b[j], skeletonOf)
			j++
		default:
			return Edit{}, false
		}
	}
	if !slices.Equal(looksA, looksB) {
		return Edit{}, false
	}
	e := Edit{Alike, a[:i], b[:j]}
	if slices.Equal(e.Name, e.Intended) {
		e.Op = Kept
	}
	return e, true
}

// appendLooks appends the skeleton of a character.
func appendLooks(looks []rune, r rune, skeletonOf func(rune) string) []rune {
	if r <= utf8.MaxRune {
		if skeleton := skeletonOf(r); skeleton != "" {
			return append(looks, []rune(skeleton)...)
		}
	}
	return append(looks, r)
}
