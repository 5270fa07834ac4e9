package rows

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/tlds"
)

func TestToASCII(t *testing.T) {
	for _, test := range []struct {
		name, given, expected string
		ok                    bool
	}{
		{"host name", "army.mil", "army.mil", true},
		{"digits and hyphen", "1-a.3com", "1-a.3com", true},
		{"label in Unicode", "münchen.de", "xn--mnchen-3ya.de", true},
		{"Cyrillic a", "аrmy.mil", "xn--rmy-5cd.mil", true},
		{"hyphen in front", "-army.mil", "-army.mil", false},
		{"hyphen behind", "army-.mil", "army-.mil", false},
		{"underscore", "_army.mil", "_army.mil", false},
		{"empty label", "army..mil", "army..mil", false},
		{"final dot", "army.mil.", "army.mil.", false},
		{"nothing", "", "", false},
		{"upper case in Unicode, which IDNA 2008 has not", "Ä.mil", "", false},
		{"label of 63 octets", strings.Repeat("a", 63) + ".mil", strings.Repeat("a", 63) + ".mil", true},
		{"label of 64 octets", strings.Repeat("a", 64) + ".mil", strings.Repeat("a", 64) + ".mil", false},
		{"label too long as A-label", strings.Repeat("ä", 63) + ".mil", "", false},
		{"name of 253 octets", strings.Repeat("a.", 126) + "b", strings.Repeat("a.", 126) + "b", true},
		{"name of 254 octets", strings.Repeat("a.", 126) + "bb", strings.Repeat("a.", 126) + "bb", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := toASCII(test.given)
			assert.Equal(t, test.expected, got)
			assert.Equal(t, test.ok, ok)
		})
	}
}

func TestToUnicode(t *testing.T) {
	for given, expected := range map[string]string{"xn--mnchen-3ya.de": "münchen.de", "army.mil": "army.mil", "xn--0.mil": "xn--0.mil"} {
		got, foreign := toUnicode(given)
		assert.Equal(t, expected, got)
		assert.Equal(t, expected != given, foreign)
	}
}

func TestParent(t *testing.T) {
	assert.Equal(t, "b.c", parent("a.b.c"))
	assert.Empty(t, parent("c"))
	assert.Equal(t, "c", topLevel("a.b.c"))
	assert.Equal(t, "c", topLevel("c"))
}

// isDelegated reports whether there is a top-level domain, to the plan of a policy that is about none.
func isDelegated(top string) bool {
	label, ok := toASCII(top)
	return ok && tlds.Delegated(label)
}

// TestExists: a top-level domain exists, in either form, if it is delegated or a listed suffix has it.
func TestExists(t *testing.T) {
	exists := selectAll(t, ". {\n typoguard {\n protect army.internal\n allow army.xn--80adxhks1b\n }\n}").Plan(false).exists
	for label, expected := range map[string]bool{
		"mil": true, "ml": true, "xn--p1ai": true, "рф": true, "internal": true, "xn--80adxhks1b": true,
		"mi1": false, "corp": false, "": false, "-": false, "мил": false,
	} {
		assert.Equal(t, expected, exists(label), label)
	}
	assert.True(t, selectAll(t, ". {\n typoguard {\n protect army.nl\n }\n}").Plan(true).exists("corp"))
}
