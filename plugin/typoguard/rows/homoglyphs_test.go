package rows

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listHomoglyphs returns the homoglyphs of a suffix on the wire.
func listHomoglyphs(suffix string, exists func(string) bool) []string {
	var names []string
	add := func(name string) bool {
		if wire, ok := toASCII(name); ok && exists(topLevel(wire)) {
			names = append(names, wire)
		}
		return true
	}
	eachReplacement(suffix, add)
	eachWriting(suffix, exists, add)
	return names
}

func TestHomoglyphs(t *testing.T) {
	for _, test := range []struct {
		suffix   string
		expected []string // in Unicode
	}{
		{"army.mil", []string{"arrny.mil", "аrmy.mil", "armу.mil"}},
		{"cool.mil", []string{"c00l.mil", "co01.mil", "сool.mil", "соо1.mil", "cꝏl.mil", "cꚙl.mil"}},
		{"war.army.mil", []string{"vvar.arrny.mil", "war.аrmy.mil", "warꓸarmy.mil"}},
		{"aero.nl", []string{"аего.nl", "ӕro.nl"}},
		{"сова.рф", []string{"cова.рф"}},
		{"münchen.de", []string{"rnünchen.de"}},
	} {
		t.Run(test.suffix, func(t *testing.T) {
			names := listHomoglyphs(test.suffix, isDelegated)
			for _, shown := range test.expected {
				wire, ok := toASCII(shown)
				require.True(t, ok, shown)
				assert.Contains(t, names, wire, shown)
			}
		})
	}
}

// TestHomoglyphsByTheEngine: every name that is listed is a homoglyph to the engine, at distance 0.
func TestHomoglyphsByTheEngine(t *testing.T) {
	for _, suffix := range []string{"army.mil", "hollow.mod.gov.uk", "bundeswehr.org", "xn--mnchen-3ya.de", "xn--80adxhks.xn--p1ai"} {
		s := selectAll(t, fmt.Sprintf(". {\n typoguard {\n protect %s\n kinds homoglyph\n }\n}", suffix))
		shown, _ := toUnicode(suffix)
		names := listHomoglyphs(shown, isDelegated)
		assert.Greater(t, len(names), 20)
		for _, name := range names {
			if name != suffix {
				assert.Equal(t, suffix, s.judge(name).protected, name)
			}
		}
	}
}
