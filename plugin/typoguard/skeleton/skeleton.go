// Package skeleton knows what characters look like: two names with the same skeleton are homoglyphs of each other.
//
// Skeletons are those of UTS #39, Unicode Security Mechanisms, section 4, in lower case, plus the look-alikes within ASCII that forged
// mail addresses use: rn and m, vv and w, 0 and o, 1 and l. They are computed character by character; the reordering of combining
// marks across characters is not covered.
package skeleton

import (
	"strings"
	"sync"
	"unicode"

	"go.mau.fi/util/confusable"
	"golang.org/x/text/unicode/norm"
)

// covered are the ranges in the table: planes 0 and 1 without ideographs, Hangul, surrogates and private use, which look like
// nothing in another script.
var covered = [][2]rune{{0, 0x33ff}, {0xa000, 0xabff}, {0xf900, 0x1ffff}}

// pageBits are the lower bits of a character, which tell it from others of the same page.
const pageBits = 8

// skeletons has the skeletons of all characters that are not their own skeleton, in a sixth of the memory that a map needs.
type skeletons struct {
	pages  [0x20000 >> pageBits]uint8 // by the upper bits of a character: where its page is in places, or 0
	places [][1 << pageBits]uint16    // by its lower bits: the place of its skeleton, or 0
	ends   []uint16                   // by place: where a skeleton ends in text, and the one of the next place begins
	text   string
}

// table is computed once, because a lookup must not allocate, and then never changes.
var table = sync.OnceValue(func() *skeletons {
	t := &skeletons{places: make([][1 << pageBits]uint16, 1), ends: make([]uint16, 1)}
	var text strings.Builder
	known := map[string]uint16{}
	for _, part := range covered {
		for r := part[0]; r <= part[1]; r++ {
			s := of(r)
			if s == string(r) {
				continue
			}
			place, ok := known[s]
			if !ok {
				place = uint16(len(t.ends))
				known[s] = place
				text.WriteString(s)
				t.ends = append(t.ends, uint16(text.Len()))
			}
			*t.placeOf(r) = place
		}
	}
	t.text = text.String()
	return t
})

// placeOf returns the place of a character's skeleton, for setting it.
func (t *skeletons) placeOf(r rune) *uint16 {
	page := &t.pages[r>>pageBits]
	if *page == 0 {
		*page = uint8(len(t.places))
		t.places = append(t.places, [1 << pageBits]uint16{})
	}
	return &t.places[*page][r&(1<<pageBits-1)]
}

// of returns the skeleton of a character, or "" if it is the character itself.
func (t *skeletons) of(r rune) string {
	if r < 0 || int(r>>pageBits) >= len(t.pages) {
		return ""
	}
	place := t.places[t.pages[r>>pageBits]][r&(1<<pageBits-1)]
	if place == 0 {
		return ""
	}
	return t.text[t.ends[place-1]:t.ends[place]]
}

// Of returns the skeleton of a lower-case character, or "" if it is the character itself.
func Of(r rune) string { return table().of(r) }

// ascii has the look-alikes within ASCII.
var ascii = strings.NewReplacer("m", "rn", "w", "vv", "0", "o", "1", "l")

// of computes a skeleton: it decomposes the character, replaces each part by what it looks like, and decomposes the result.
func of(r rune) string {
	var s strings.Builder
	for _, part := range norm.NFD.String(string(r)) {
		if looks := confusable.GetReplacement(part); looks != "" {
			s.WriteString(looks)
		} else {
			s.WriteRune(part)
		}
	}
	lower := strings.Map(unicode.ToLower, norm.NFD.String(s.String()))
	return ascii.Replace(lower)
}
