package match_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// summary writes the edits of a name that are not Kept as "operation has>meant".
func summary(edits []match.Edit) []string {
	var all []string
	for _, e := range edits {
		if e.Op != match.Kept {
			all = append(all, string(e.Op)+" "+string(e.Name)+">"+string(e.Intended))
		}
	}
	return all
}

func TestExplain(t *testing.T) {
	tests := []struct {
		name, has, meant string
		want             []string
	}{
		{"omission", "us.army.ml", "us.army.mil", []string{"missing >i"}},
		{"dot missing", "armymil", "army.mil", []string{"missing >."}},
		{"addition", "army.mail", "army.mil", []string{"extra a>"}},
		{"substitution", "army.mel", "army.mil", []string{"changed e>i"}},
		{"transposition", "army.iml", "army.mil", []string{"swapped im>mi"}},
		{"two edits", "amry.ml", "army.mil", []string{"swapped mr>rm", "missing >i"}},
		{"not edited twice", "ca", "abc", []string{"missing >a", "changed c>b", "changed a>c"}},
		{"same", "army.mil", "army.mil", nil},
		{"upper case and final dot", "ARMY.ML.", "army.mil", []string{"missing >i"}},
		{"A-label, in Unicode", "xn--mnchn-kva.de", "xn--mnchen-3ya.de", []string{"missing >e"}},
		{"A-label, as on the wire", "xn--mllar-kva.nl", "xn--mller-kva.nl", []string{"changed a>e"}},
		{"too long", strings.Repeat("x", 254), "army.mil", nil},
		{"intended too long", "army.mil", strings.Repeat("x", 254), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, summary(match.Explain(tt.has, tt.meant, match.Multiple))) })
	}
}

func TestExplainKind(t *testing.T) {
	tests := []struct {
		name, has, meant string
		kind             match.Kind
		want             []string
	}{
		{"moved on", "us.midefn.nl", "us.mindef.nl", match.Moved, []string{"moved >n", "moved n>"}},
		{"moved back", "mfinde.nl", "mindef.nl", match.Moved, []string{"moved f>", "moved >f"}},
		{"not moved", "midef.nl", "mindef.nl", match.Moved, []string{"missing >n"}},
		{"not moved either", "mixyef.nl", "mindef.nl", match.Moved, []string{"changed x>n", "changed y>d"}},
		{"the suffix twice", "mail.web.de.de", "mail.web.de", match.Doubled, []string{"repeated .de>"}},
		{"the label twice", "gmailgmail.com", "gmail.com", match.Doubled, []string{"repeated gmail>"}},
		{"a suffix behind", "www.army.mil.co.uk", "www.army.mil", match.Appended, []string{"added .co.uk>"}},
		{"no suffix behind", "army.ml", "army.mil", match.Appended, []string{"missing >i"}},
		{"another public suffix", "mail.example.com", "mail.example.de", match.TLD, []string{"replaced com>de"}},
		{"a shorter one", "example.uk", "example.co.uk", match.TLD, []string{"replaced uk>co.uk"}},
		{"one that begins alike", "example.com.br", "example.com", match.TLD, []string{"replaced com.br>com"}},
		{"the same labels but one", "example.ne.jp", "example.co.jp", match.TLD, []string{"replaced ne.jp>co.jp"}},
		{"no public suffix", "army.ml", "army", match.TLD, []string{"extra .>", "extra m>", "extra l>"}},
		{"the dot before the domain", "x.mailmindef.nl", "x.mail.mindef.nl", match.Boundary, []string{"missing >."}},
		{"letters for one", "muellerwerk.de", "xn--mllerwerk-q9a.de", match.Transliteration, []string{"spelled ue>ü"}},
		{"one for letters, and another", "xn--strassenbrg-1hb.de", "xn--straenbuerg-y6a.de", match.Transliteration, []string{"spelled ss>ß", "spelled ü>ue"}},
		{"two of them", "smoerbroed.dk", "xn--smrbrd-cyad.dk", match.Transliteration, []string{"spelled oe>ø", "spelled oe>ø"}},
		{"another letter", "xn--smr-tna.dk", "xn--smr-1na.dk", match.Transliteration, []string{"spelled ö>ø"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, summary(match.Explain(tt.has, tt.meant, tt.kind))) })
	}
}

// TestExplainTie: of equally near forms the one in Unicode is explained.
func TestExplainTie(t *testing.T) {
	var name []rune
	for _, e := range match.Explain("xn--mnchen-3ya.d", "xn--mnchen-3ya.de", match.Omission) {
		name = append(name, e.Name...)
	}
	assert.Equal(t, "münchen.d", string(name))
}

func TestExplainHomoglyph(t *testing.T) {
	tests := []struct {
		name, has, meant string
		want             []string
		ok               bool
	}{
		{"in ASCII", "arrny.mi1", "army.mil", []string{"alike rn>m", "alike 1>l"}, true},
		{"in Cyrillic", "xn--rmy-5cd.mil", "army.mil", []string{"alike а>a"}, true},
		{"as octets", `\208\176rmy.mil`, "army.mil", []string{"alike а>a"}, true},
		{"not a homoglyph", "army.ml", "army.mil", nil, false},
		{"not a character", `\255rmy.mil`, "army.mil", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			edits, ok := match.ExplainHomoglyph(tt.has, tt.meant, skeleton.Of)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.want, summary(edits))
		})
	}
}

func TestDecode(t *testing.T) {
	for name, want := range map[string]string{
		"ARMY.mil.":       "army.mil",
		"xn--rmy-5cd.mil": "аrmy.mil",
		"xn--0.mil":       "xn--0.mil",
		`a\032b\c`:        "a bc",
		"":                "",
	} {
		assert.Equal(t, want, string(match.Decode(name)), name)
	}
	assert.Nil(t, match.Decode(strings.Repeat("x", 254)))
	octets := match.Decode(`\255\.a`)
	require.Len(t, octets, 3)
	for i, want := range []byte{255, '.'} {
		octet, ok := match.Octet(octets[i])
		assert.True(t, ok)
		assert.Equal(t, want, octet)
	}
	_, ok := match.Octet(octets[2])
	assert.False(t, ok)
}

// FuzzExplain: applied to a name, the edits give the intended name. Of any two names there are as few as the oracle needs, and
// of what an index finds as many as it says.
func FuzzExplain(f *testing.F) {
	f.Add("army.ml", "army.mil", uint64(1))
	f.Add("amry.iml", "army.mil", uint64(2))
	f.Add("ca", "abc.example", uint64(3))
	f.Add("xn--rmy-5cd.mil", "army.mil", uint64(4))
	f.Add("xn--mllar-kva.nl", "xn--mller-kva.nl", uint64(5))
	f.Add(`\208\176.\.`, "xn--mnchen-3ya.de", uint64(6))
	f.Fuzz(func(t *testing.T, name, intended string, seed uint64) {
		const most = 60 // the oracle is slow
		if len(name) > most || len(intended) > most {
			return
		}
		checkExplained(t, name, intended)
		entries, _ := fuzzedLists(intended, "", 2)
		if len(entries) == 0 {
			return
		}
		index := check(t, entries, nil).index
		random := rand.New(rand.NewPCG(seed, 0))
		var buffer match.Buffer
		for range 32 {
			mutant := []byte(entries[0].Suffix)
			for range 1 + random.IntN(2) {
				mutant = mutate(random, mutant)
			}
			near := []string{"", "www."}[random.IntN(2)] + string(mutant)
			for _, m := range index.Lookup(near, &buffer).Matches {
				checkMatch(t, near, m.Intended(near), m)
			}
		}
	})
}

// checkExplained compares Explain with the oracle.
func checkExplained(t *testing.T, name, intended string) {
	t.Helper()
	edits := match.Explain(name, intended, match.Multiple)
	best := -1
	for _, a := range spelledForms(name) {
		for _, b := range spelledForms(intended) {
			if d := plainOSA(a, b); best < 0 || d < best {
				best = d
			}
		}
	}
	require.Len(t, summary(edits), best)
	checkEdits(t, name, intended, edits)
}

func spelledForms(name string) [][]rune { return spell(name, oracleLabels(name)).forms }

// checkMatch compares Explain with what an index found.
func checkMatch(t *testing.T, name, intended string, m match.Match) {
	t.Helper()
	if m.Kind == match.Homoglyph {
		edits, ok := match.ExplainHomoglyph(name, intended, skeleton.Of)
		require.True(t, ok)
		checkEdits(t, name, intended, edits)
		return
	}
	edits := match.Explain(name, intended, m.Kind)
	checkEdits(t, name, intended, edits)
	operations := map[match.Kind]match.Operation{
		match.Moved: match.MovedTo, match.Doubled: match.Repeated, match.Appended: match.Added, match.Transliteration: match.Spelled,
		match.TLD: match.Replaced,
	}
	want, ok := operations[m.Kind]
	if !ok {
		require.Len(t, summary(edits), m.Distance, "%s for %s", name, intended)
		return
	}
	require.NotEmpty(t, summary(edits))
	for _, e := range edits {
		require.Contains(t, []match.Operation{match.Kept, want}, e.Op, "%s for %s", name, intended)
	}
}

// checkEdits applies edits to a form of a name, as their operations say, and expects a form of the intended name.
func checkEdits(t *testing.T, name, intended string, edits []match.Edit) {
	t.Helper()
	var from, to []rune
	for _, e := range edits {
		var made []rune
		switch e.Op {
		case match.Kept:
			made = e.Name
		case match.Missing:
			require.Empty(t, e.Name)
			require.Len(t, e.Intended, 1)
			made = e.Intended
		case match.Extra:
			require.Len(t, e.Name, 1)
		case match.Changed:
			require.Len(t, e.Name, 1)
			require.Len(t, e.Intended, 1)
			require.NotEqual(t, e.Name, e.Intended)
			made = e.Intended
		case match.Swapped:
			require.Len(t, e.Name, 2)
			made = []rune{e.Name[1], e.Name[0]}
		case match.MovedTo:
			require.Len(t, slices.Concat(e.Name, e.Intended), 1)
			made = e.Intended
		case match.Repeated, match.Added:
			require.Empty(t, e.Intended)
		case match.Spelled:
			require.Equal(t, plainLetters(e.Name), plainLetters(e.Intended))
			made = e.Intended
		case match.Replaced:
			require.NotEqual(t, e.Name, e.Intended)
			made = e.Intended
		case match.Alike:
			require.Equal(t, skeletonOf(e.Name), skeletonOf(e.Intended))
			made = e.Intended
		}
		from, to = append(from, e.Name...), append(to, made...)
	}
	requireForm(t, name, from)
	requireForm(t, intended, to)
}

// requireForm expects characters of the package to be one of the oracle's forms of a name.
func requireForm(t *testing.T, name string, got []rune) {
	t.Helper()
	same := func(form []rune) bool {
		return slices.EqualFunc(got, form, func(r, want rune) bool {
			if c, ok := match.Octet(r); ok {
				return octet(c) == want
			}
			return r == want || (r == '.' && want == separator)
		})
	}
	forms := spelledForms(name)
	require.True(t, slices.ContainsFunc(forms[:], same), "%q is not a form of %q", got, name)
}

// skeletonOf returns what a text looks like.
func skeletonOf(text []rune) string {
	var looks strings.Builder
	for _, r := range text {
		if s := skeleton.Of(r); s != "" {
			looks.WriteString(s)
		} else {
			looks.WriteRune(r)
		}
	}
	return looks.String()
}
