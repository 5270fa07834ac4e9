package rows

import "strings"

// textsSize is how many bytes of names share an allocation.
const textsSize = 1 << 14

// texts makes strings. Many of them share one allocation: whoever keeps one for long, keeps all of them, and should clone it.
type texts struct{ block strings.Builder }

// of returns a name as a string.
func (t *texts) of(name []rune) string {
	if most := 4 * len(name); t.block.Cap()-t.block.Len() < most {
		t.block = strings.Builder{}
		t.block.Grow(max(textsSize, most))
	}
	from := t.block.Len()
	for _, c := range name {
		t.block.WriteRune(c)
	}
	return t.block.String()[from:]
}
