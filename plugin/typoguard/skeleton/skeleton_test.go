package skeleton_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// of returns the skeleton of a name.
func of(name string) string {
	var s string
	for _, r := range name {
		if looks := skeleton.Of(r); looks != "" {
			s += looks
		} else {
			s += string(r)
		}
	}
	return s
}

func TestSameSkeleton(t *testing.T) {
	for _, pair := range [][2]string{
		{"army.mil", "аrmy.mil"}, // Cyrillic
		{"army.mil", "arrny.rnil"},
		{"army.mil", "army.mi1"},
		{"wow", "vvovv"},
		{"gov", "g0v"},
		{"paypal", "раураӏ"},
		{"navy", "nаvу"},
		{"mil", "ⅿil"},     // a Roman numeral
		{"ecole", "ｅcole"}, // full width
	} {
		assert.Equal(t, of(pair[0]), of(pair[1]), pair)
	}
}

func TestOtherSkeleton(t *testing.T) {
	for _, pair := range [][2]string{
		{"army.mil", "army.ml"},
		{"cafe", "café"},
		{"uber", "über"},
		{"army", "армия"},
		{"nato", "nat"},
	} {
		assert.NotEqual(t, of(pair[0]), of(pair[1]), pair)
	}
}

func TestOfAllocatesNothing(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, r := range "армия.cаfé日本" {
			skeleton.Of(r)
		}
	}))
}
