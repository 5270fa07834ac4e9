package match_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// compile builds an index of suffixes that all have the same distance, or fails the test.
func compile(tb testing.TB, distance int, suffixes ...string) *match.Index {
	tb.Helper()
	var entries []match.Entry
	for i, s := range suffixes {
		suffix, err := match.ParseSuffix(s)
		require.NoError(tb, err)
		entries = append(entries, match.Entry{Suffix: suffix, Distance: distance, Kinds: match.AllKinds, Tag: i})
	}
	index, err := match.Compile(entries, nil, match.Homoglyphs(skeleton.Of))
	require.NoError(tb, err)
	return index
}

func TestLookup(t *testing.T) {
	tests := []struct {
		name     string
		protect  string
		distance int
		query    string
		want     string // "protected distance kind intended", or "" for a pass
	}{
		{"the letter that went to Mali", "mil", 1, "army.ml.", "mil 1 omission army.mil"},
		{"without the final dot", "mil", 1, "army.ml", "mil 1 omission army.mil"},
		{"any depth", "mil", 1, "a.b.c.us.army.ml", "mil 1 omission a.b.c.us.army.mil"},
		{"the suffix alone", "mil", 1, "ml", "mil 1 omission mil"},
		{"addition", "mil", 1, "army.miil", "mil 1 addition army.mil"},
		{"substitution", "mil", 1, "army.mul", "mil 1 substitution army.mil"},
		{"transposition", "mil", 1, "army.iml", "mil 1 transposition army.mil"},
		{"two edits are too many at distance 1", "army.mil", 1, "amry.ml", ""},
		{"two edits", "mindef.nl", 2, "midnef.n", "mindef.nl 2 multiple mindef.nl"},
		{"three edits", "mindef.nl", 2, "midne.n", ""},
		{"a full domain leaves the rest of the TLD alone", "army.mil", 1, "google.ml", ""},
		{"the protected suffix", "mil", 1, "mil", "protected mil"},
		{"under the protected suffix", "mil", 1, "x.army.mil", "protected mil"},
		{"the longest protected suffix", "mil army.mil", 1, "x.army.mil", "protected army.mil"},
		{"a name that only ends in the same letters", "mil", 1, "army.xmil.example", ""},
		{"no near suffix inside a label", "army.mil", 1, "xarmy.ml", ""},

		{"a dot left out", "usarmy.mil", 1, "usarmymil", "usarmy.mil 1 omission usarmy.mil"},
		{"a dot too many", "army.mil", 1, "ar.my.mil", "army.mil 1 addition army.mil"},
		{"a dot for a letter", "navy.army.mil", 1, "navy.ar.y.mil", "navy.army.mil 1 substitution navy.army.mil"},
		{"a dot moved", "army.mil", 1, "arm.ymil", "army.mil 1 transposition army.mil"},
		{"a dot left out below", "army.mil", 1, "usarmy.mil", "army.mil 1 boundary us.army.mil"},
		{"a lost label is no typo", "x.mili", 2, "mili", ""},
		{"a lost label in the middle is none", "army.x.mil", 2, "army.mil", ""},
		{"a lost label at the end is none", "armies.x", 2, "armies", ""},

		{"a letter moved", "mindef.nl", 1, "mail.midefn.nl", "mindef.nl 1 moved mail.mindef.nl"},
		{"a letter moved back", "mindef.nl", 1, "mdinef.nl", "mindef.nl 1 moved mindef.nl"},
		{"across the middle", "googlemail.com", 1, "goglemaiol.com", "googlemail.com 1 moved googlemail.com"},
		{"by one place it is a transposition", "mindef.nl", 1, "midnef.nl", "mindef.nl 1 transposition mindef.nl"},
		{"not the first letter", "mindef.nl", 1, "indmef.nl", ""},
		{"nor to its place", "mindef.nl", 1, "fminde.nl", ""},
		{"not in a short label", "army.mil", 1, "aymr.mil", ""},
		{"in the public suffix it is none", "mindef.gov.uk", 1, "mindef.ovg.uk", "mindef.gov.uk 2 suffix mindef.gov.uk"},
		{"nor below the registrable label", "europe.mindef.nl", 1, "eropeu.mindef.nl", ""},
		{"two letters moved", "mindef.nl", 1, "menfdi.nl", ""},
		{"a letter moved, in Unicode", "müllerwerk.example", 1, "xn--mllrwerek-q9a.example", "xn--mllerwerk-q9a.example 1 moved xn--mllerwerk-q9a.example"},
		{"moved at distance 2", "mindef.nl", 2, "midefn.nl", "mindef.nl 1 moved mindef.nl"},

		{"the public suffix twice", "web.de", 1, "mail.web.de.de", "web.de 1 doubled mail.web.de"},
		{"three times", "yahoo.com", 1, "yahoo.com.com.com", "yahoo.com 1 doubled yahoo.com"},
		{"four times", "yahoo.com", 1, "yahoo.com.com.com.com", ""},
		{"its end twice", "docomo.ne.jp", 1, "docomo.ne.jp.jp", "docomo.ne.jp 1 doubled docomo.ne.jp"},
		{"all of it twice", "docomo.ne.jp", 1, "docomo.ne.jp.ne.jp", "docomo.ne.jp 1 doubled docomo.ne.jp"},
		{"its beginning twice", "ezweb.ne.jp", 1, "ezweb.ne.ne.jp", "ezweb.ne.jp 1 doubled ezweb.ne.jp"},
		{"the label twice", "gmail.com", 1, "gmailgmail.com", "gmail.com 1 doubled gmail.com"},
		{"the label twice, in upper case", "gmail.com", 1, "WWW.GmailgMAIL.COM", "gmail.com 1 doubled www.gmail.com"},
		{"the label twice, further from the end than any suffix", "gmx.de", 1, "a.b.gmxgmx.de", "gmx.de 1 doubled a.b.gmx.de"},
		{"the label twice, in Unicode", "bücher.example", 1, "xn--bcherbcher-9dbf.example", "xn--bcher-kva.example 1 doubled xn--bcher-kva.example"},
		{"a label of two characters twice", "vu.nl", 1, "vuvu.nl", ""},
		{"a label of three is too short for nothing", "web.de", 1, "webweb.de", "web.de 1 doubled web.de"},
		{"a public suffix is not doubled", "co.uk", 1, "army.uk.uk", ""},
		{"another suffix behind", "web.de", 1, "mail.web.de.com", "web.de 1 appended mail.web.de"},
		{"one of two labels", "army.mil", 1, "Army.Mil.Co.UK", "army.mil 1 appended army.mil"},
		{"behind a domain below", "mail.army.mil", 1, "mail.army.mil.com", "mail.army.mil 1 appended mail.army.mil"},
		{"a registered domain behind", "army.mil", 1, "army.mil.corp.com", ""},
		{"a private suffix behind", "army.mil", 1, "army.mil.edgekey.net", ""},
		{"no top-level domain behind", "army.mil", 1, "army.mil.corp", ""},
		{"a suffix behind, in Unicode", "bücher.example", 1, "xn--bcher-kva.example.com", "xn--bcher-kva.example 1 appended xn--bcher-kva.example"},
		{"a public suffix behind in Unicode", "army.mil", 1, "army.mil.xn--p1ai", "army.mil 1 appended army.mil"},
		{"a suffix behind a public suffix", "co.uk", 1, "co.uk.com", ""},
		{"a suffix behind a single label", "mil", 1, `\098.example.com`, ""},
		{"a suffix behind, far from the end", "army.mil", 1, strings.Repeat("a.", 100) + "army.mil.com", "army.mil 1 appended " + strings.Repeat("a.", 100) + "army.mil"},

		{"another TLD", "mindef.nl", 1, "mindef.com", "mindef.nl 2 tld mindef.nl"},
		{"another TLD, below it", "mindef.nl", 1, "x.MinDef.Co.UK", "mindef.nl 2 tld x.mindef.nl"},
		{"another TLD of a domain below", "mail.mindef.nl", 1, "mail.mindef.com", "mail.mindef.nl 2 tld mail.mindef.nl"},
		{"a shorter public suffix", "army.co.uk", 1, "army.uk", "army.co.uk 2 tld army.co.uk"},
		{"a longer public suffix", "army.com", 1, "army.com.br", "army.com 1 appended army.com"},
		{"another TLD in Unicode", "bücher.de", 1, "xn--bcher-kva.museum", "xn--bcher-kva.de 2 tld xn--bcher-kva.de"},
		{"another TLD, one edit away", "mindef.nl", 1, "mindef.pl", "mindef.nl 1 substitution mindef.nl"},
		{"another TLD, two edits away", "mindef.nl", 2, "mindef.de", "mindef.nl 2 multiple mindef.nl"},
		{"a TLD that is not delegated", "mindef.nl", 1, "mindef.corp", ""},
		{"a public suffix in place of a domain", "co.de", 1, "x.co.uk", ""},
		{"one that only a wildcard has", "x.kobe.de", 1, "x.kobe.jp", ""},
		{"another label before", "mindef.nl", 1, "xmindef.com", ""},
		{"a TLD itself", "army", 1, "navy", ""},
		{"the dot before the domain", "mindef.nl", 1, "mailmindef.nl", "mindef.nl 1 boundary mail.mindef.nl"},
		{"below it", "mindef.nl", 1, "x.Autodiscovermindef.nl", "mindef.nl 1 boundary x.autodiscover.mindef.nl"},
		{"the dot before a longer public suffix", "army.co.uk", 1, "mxarmy.co.uk", "army.co.uk 1 boundary mx.army.co.uk"},
		{"no usual prefix", "mindef.nl", 1, "ourmindef.nl", ""},
		{"a prefix before two characters", "af.mil", 1, "usaf.mil", ""},
		{"a prefix before a domain below", "mail.army.mil", 1, "usmail.army.mil", ""},
		{"a prefix before a public suffix", "army", 1, "usarmy", ""},
		{"a prefix, in Unicode", "bücher.example", 1, "xn--mailbcher-u9a.example", "xn--bcher-kva.example 1 boundary mail.xn--bcher-kva.example"},
		{"a prefix with an escape", "mindef.nl", 1, `\109ailmindef.nl`, "mindef.nl 1 boundary mail.mindef.nl"},

		{"ß for ss", "strassenbau.example", 1, "xn--straenbau-j1a.example", "strassenbau.example 1 transliteration strassenbau.example"},
		{"ss for ß", "straßenbau.example", 1, "strassenbau.example", "xn--straenbau-j1a.example 1 transliteration xn--straenbau-j1a.example"},
		{"ü for ue", "muellerwerk.example", 1, "mail.xn--mllerwerk-q9a.example", "muellerwerk.example 1 transliteration mail.muellerwerk.example"},
		{"ue for ü", "müllerwerk.example", 1, "mail.muellerwerk.example", "xn--mllerwerk-q9a.example 1 transliteration mail.xn--mllerwerk-q9a.example"},
		{"å for aa, in UTF-8", "aalborghavn.example", 1, `\195\165lborghavn.example`, "aalborghavn.example 1 transliteration aalborghavn.example"},
		{"aa for å", "ålborghavn.example", 1, "aalborghavn.example", "xn--lborghavn-42a.example 1 transliteration xn--lborghavn-42a.example"},
		{"ø for oe, twice", "smoerbroed.example", 1, "xn--smrbrd-cyad.example", "smoerbroed.example 1 transliteration smoerbroed.example"},
		{"oe for ø, twice", "smørbrød.example", 1, "smoerbroed.example", "xn--smrbrd-cyad.example 1 transliteration xn--smrbrd-cyad.example"},
		{"one of two", "smørbrød.example", 1, "xn--smoerbrd-c5a.example", "xn--smrbrd-cyad.example 1 transliteration xn--smrbrd-cyad.example"},
		{"a transliteration with a typo", "smørbrød.example", 1, "smoerbred.example", ""},
		{"a single edit is called what it was", "müller.example", 1, "muller.example", "xn--mller-kva.example 1 substitution xn--mller-kva.example"},

		{"both edits in the public suffix", "mindef.nl", 1, "mindef.de", "mindef.nl 2 suffix mindef.nl"},
		{"one there, and one in front", "mindef.nl", 1, "mail.midef.nk", "mindef.nl 2 suffix mail.mindef.nl"},
		{"both in front", "mindef.nl", 1, "mide.nl", ""},
		{"a short label", "army.mil", 1, "army.ml.", "army.mil 1 omission army.mil"},
		{"a short label, twice in the suffix", "army.mil", 1, "army.l", ""},

		{"too short for distance 2", "a.mil", 2, "am.ml", ""},
		{"one label is too short for distance 2", "military", 2, "army.mlitry", ""},
		{"one label at distance 1", "military", 2, "army.militry", "military 1 omission army.military"},
		{"four characters before the public suffix", "army.mil", 2, "amry.ml", ""},
		{"five characters before the public suffix", "armys.mil", 2, "amrys.ml", "armys.mil 2 multiple armys.mil"},

		{"the nearest wins", "army.mil army.ml.example navy.mil", 2, "rmy.mil", "army.mil 1 omission army.mil"},
		{"the longer of equally near", "mil army.mil", 1, "us.army.ml", "army.mil 1 omission us.army.mil"},
		{"the first of equally long", "army.mil army.nil", 1, "army.ril", "army.mil 1 substitution army.mil"},
		{"as many labels rather than fewer or more", "aa.b.example", 1, "x.a.a.b.example", "aa.b.example 1 omission x.a.aa.b.example"},

		{"upper case", "mil", 1, "ARMY.ML.", "mil 1 omission army.mil"},
		{"upper case protected", "mil", 1, "Army.MIL.", "protected mil"},
		{"an escaped letter", "mil", 1, `army.m\108.`, "mil 1 omission army.mil"},
		{"an escaped capital", "mil", 1, `army.\077\076.`, "mil 1 omission army.mil"},
		{"an escaped dot is no separator", "army.mil", 1, `army\.mil.`, "army.mil 1 substitution army.mil"},
		{"an escaped dot is part of the label", "mil", 1, `army\.mil.`, ""},
		{"a backslash that escapes nothing", "mil", 1, `army.mi\`, "mil 1 substitution army.mil"},
		{"an octet that is no character", "mil", 1, `army.m\255l.`, "mil 1 substitution army.mil"},
		{"underscores", "mil", 1, "_25._tcp.mx.army.ml", "mil 1 omission _25._tcp.mx.army.mil"},
		{"the root", "mil", 1, ".", ""},
		{"nothing", "mil", 1, "", ""},
		{"empty labels", "mil", 1, "..ml", "mil 1 omission ..mil"},
		{"empty labels only", "mil", 1, "..", ""},
		{"an empty label at the end", "mil", 1, "mil..", "mil 1 addition mil"},

		{"an A-label", "bücher.example", 1, "xn--bchr-hoa.example", ""},
		{"an A-label with a letter missing", "bücher.example", 1, "xn--bchr-0ra.example", "xn--bcher-kva.example 1 omission xn--bcher-kva.example"},
		{"the letter that makes the A-label missing", "bücher.example", 1, "bcher.example", "xn--bcher-kva.example 1 omission xn--bcher-kva.example"},
		{"the plain letter", "bücher.example", 1, "bucher.example", "xn--bcher-kva.example 1 substitution xn--bcher-kva.example"},
		{"an A-label near an ASCII suffix", "army.mil", 1, "xn--rmy-tla.mil", "army.mil 1 substitution army.mil"},
		{"an A-label itself", "bücher.example", 1, "XN--BCHER-KVA.example", "protected xn--bcher-kva.example"},
		{"UTF-8 on the wire", "bücher.example", 1, `b\195\188cher.example`, "protected xn--bcher-kva.example"},
		{"UTF-8 on the wire, mistyped", "bücher.example", 1, `b\195\188hcer.example`, "xn--bcher-kva.example 1 transposition xn--bcher-kva.example"},
		{"not Punycode", "mil", 1, "xn--a-.ml", "mil 1 omission xn--a-.mil"},
		{"an A-label of ASCII only is none", "army.mil", 1, "xn--army-.mil", ""},

		{"a Cyrillic a", "army.mil", 1, "us.xn--rmy-5cd.mil", "army.mil 0 homoglyph us.army.mil"},
		{"a Cyrillic a, in UTF-8", "army.mil", 1, `\208\176rmy.mil`, "army.mil 0 homoglyph army.mil"},
		{"rn for m", "army.mil", 1, "arrny.mil", "army.mil 0 homoglyph army.mil"},
		{"m for rn", "modern.example", 1, "modem.example", "modern.example 0 homoglyph modern.example"},
		{"digits and letters", "army.mil", 1, "arrny.rni1", "army.mil 0 homoglyph army.mil"},
		{"vv for w", "wow.example", 1, "vvow.example", "wow.example 0 homoglyph wow.example"},
		{"0 for o", "gov", 1, "state.g0v", "gov 0 homoglyph state.gov"},
		{"a homoglyph is nearer than a typo", "army.mil army.mi1.example", 2, "army.mi1", "army.mil 0 homoglyph army.mil"},
		{"a homoglyph with a typo is two edits", "army.mil", 1, "xn--rmy-5cd.ml", ""},
		{"an accent is no homoglyph", "cafe.example", 1, "xn--caf-dma.example", "cafe.example 1 substitution cafe.example"},
		{"a whole label in another script", "coco.example", 1, "xn--n1aahb.example", "coco.example 0 homoglyph coco.example"},
		{"another language's own word", "army.mil", 1, "xn--80aqlp1f.mil", ""},
		{"an unrelated IDN", "army.mil", 2, "xn--80ak6aa92e.com", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			index := compile(t, tt.distance, strings.Fields(tt.protect)...)
			var buffer match.Buffer
			assert.Equal(t, tt.want, first(index.Lookup(tt.query, &buffer), tt.query))
		})
	}
}

// first describes the verdict in a result: the listing, or the best match and what it means was intended.
func first(r match.Result, query string) string {
	switch {
	case r.Listing == match.Protected:
		return "protected " + r.Suffix
	case r.Listing == match.Allowed:
		return "allowed " + r.Suffix
	case len(r.Matches) == 0:
		return ""
	}
	m := r.Matches[0]
	return fmt.Sprintf("%s %d %s %s", m.Suffix, m.Distance, m.Kind, m.Intended(query))
}

func TestLookupAllowed(t *testing.T) {
	index, err := match.Compile([]match.Entry{{Suffix: "mil", Distance: 1, Kinds: match.AllKinds}, {Suffix: "army.gov.ml", Distance: 1, Kinds: match.AllKinds}},
		[]string{"gov.ml", "il"})
	require.NoError(t, err)
	tests := []struct{ query, want string }{
		{"gov.ml", "allowed gov.ml"},
		{"www.gov.ml", "allowed gov.ml"},
		{"www.army.gov.ml", "protected army.gov.ml"},
		{"mail.co.il", "allowed il"},
		{"xgov.ml", "mil 1 omission xgov.mil"},
		{"ml", "mil 1 omission mil"},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			var buffer match.Buffer
			assert.Equal(t, tt.want, first(index.Lookup(tt.query, &buffer), tt.query))
		})
	}
}

// TestLookupAllMatches: at least one for each entry, so that a caller can pass over those that are not for a client.
func TestLookupAllMatches(t *testing.T) {
	entries := []match.Entry{
		{Suffix: "mil", Distance: 1, Kinds: match.AllKinds, Tag: 7},
		{Suffix: "army.nl", Distance: 1, Kinds: match.AllKinds, Tag: 8},
		{Suffix: "army.mil", Distance: 2, Kinds: match.AllKinds, Tag: 9}, // for which it is too short
		{Suffix: "army.mil", Distance: 1, Kinds: match.Kinds(0).With(match.Omission), Tag: 7},
		{Suffix: "army.mil", Distance: 1, Kinds: match.Kinds(0).With(match.Addition), Tag: 6},
	}
	index, err := match.Compile(entries, nil)
	require.NoError(t, err)
	var buffer match.Buffer
	assert.Equal(t, `0 "" {army.mil #9: 1 omission at 3} {army.mil #7: 1 omission at 3} {army.nl #8: 1 substitution at 3} {mil #7: 1 omission at 8}`,
		describe(index.Lookup("us.army.ml", &buffer)))
}

// TestLookupPlaces: one for each place, too, because what was meant depends on it.
func TestLookupPlaces(t *testing.T) {
	for _, tt := range []struct {
		name, protect string
		distance      int
		query, want   string
	}{
		{"a dot too many, below a letter lost", "bing.com", 1, "www.b.ing.com", "{bing.com #0: 1 omission at 6} {bing.com #0: 1 addition at 4}"},
		{"the nearer first", "gmail.com", 2, "l.mail.com", "{gmail.com #0: 1 omission at 2} {gmail.com #0: 2 multiple at 0}"},
		{"as many labels first, then more", "gov.uk", 1, "hmrc.g.ov.uk", "{gov.uk #0: 1 omission at 7} {gov.uk #0: 1 addition at 5}"},
		{"of two suffixes", "gov.uk mod.gov.uk", 1, "mod.g.ov.uk", "{mod.gov.uk #1: 1 addition at 0} {gov.uk #0: 1 omission at 6} {gov.uk #0: 1 addition at 4}"},
		{"what looks the same first", "rnail.example", 2, "r.mail.example", "{rnail.example #0: 0 homoglyph at 2} {rnail.example #0: 2 multiple at 0}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var buffer match.Buffer
			got := describe(compile(t, tt.distance, strings.Fields(tt.protect)...).Lookup(tt.query, &buffer))
			assert.Equal(t, `0 "" `+tt.want, got)
		})
	}
}

func TestCompileErrors(t *testing.T) {
	tests := []struct {
		name  string
		entry match.Entry
		want  string
	}{
		{"too short", match.Entry{Suffix: "nl", Distance: 1}, `"nl": a single label of one or two characters is within one edit of dozens of top-level domains; expected full domains, such as army.nl`},
		{"two characters in Unicode", match.Entry{Suffix: "xn--p1ai", Distance: 1}, `"xn--p1ai": a single label of one or two characters is within one edit of dozens of top-level domains; expected full domains, such as army.xn--p1ai`},
		{"no distance", match.Entry{Suffix: "mil"}, `"mil": distance 0, expected 1 or 2`},
		{"too far", match.Entry{Suffix: "mil", Distance: 3}, `"mil": distance 3, expected 1 or 2`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := match.Compile([]match.Entry{tt.entry}, nil)
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestParseSuffix(t *testing.T) {
	tests := []struct{ in, want string }{
		{"mil", "mil"},
		{"Army.MIL.", "army.mil"},
		{"bücher.example", "xn--bcher-kva.example"},
		{"BÜCHER.example", "xn--bcher-kva.example"},
		{"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
		{"army。mil。", "army.mil"}, // the dots of UTS #46
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := match.ParseSuffix(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	for _, bad := range []string{"", ".", "..", ".mil", "*.mil", "army..mil", "mil..", "mil.。", "army mil", "bob@army.mil", "-army.mil", "ar_my.mil", "192.0.2.1", "192.0.2.1.", "１９２.0.2.1",
		"2001:db8::1", "army.mil/", "army.mil,", "}", "xn--a", strings.Repeat("a", 64) + ".mil", strings.Repeat("abcdefg.", 32) + "mil", "\xff.mil"} {
		t.Run("not "+bad, func(t *testing.T) {
			got, err := match.ParseSuffix(bad)
			require.Error(t, err, got)
			assert.Contains(t, err.Error(), "expected a domain suffix such as army.nl")
		})
	}
}

func TestMaxDistance(t *testing.T) {
	for suffix, want := range map[string]int{
		"mil": 1, "military": 1, "a.mil": 1, "army.mil": 1, "armed.mil": 2, "forces.army.mil": 1, "army.forces.mil": 2,
		"gov.uk": 1, "police.uk": 1, "army.gov.uk": 1, "mindef.gov.uk": 2,
		"github.io": 2, "ab.github.io": 2, // which is an organisation's own public suffix
		"foo.ck": 1, "mindef.foo.ck": 2, "www.ck": 1, // of *.ck with an exception
		"xn--80ak6aa92e.com":    2,
		"xn--80a.military":      1, // one character
		"xn--bcher-kva.example": 2,
	} {
		assert.Equal(t, want, match.MaxDistance(suffix), suffix)
	}
}

func TestKinds(t *testing.T) {
	for _, k := range match.AllKinds.List() {
		parsed, err := match.ParseKind(k.String())
		require.NoError(t, err)
		assert.Equal(t, k, parsed)
	}
	_, err := match.ParseKind("typo")
	require.EqualError(t, err, `unknown kind "typo"; expected omission, addition, substitution, adjacent, transposition, moved, transliteration, doubled, appended, boundary, homoglyph, multiple, suffix or tld`)
	assert.Equal(t, []match.Kind{match.Omission, match.Transposition}, match.Kinds(0).With(match.Transposition).With(match.Omission).With(match.Moved).Without(match.Moved).List())
	assert.Equal(t, match.AllKinds, match.DefaultKinds.With(match.Suffix).With(match.Appended).With(match.Boundary).With(match.TLD))
}

// awkwardNames are as long, as deep or as repetitive as names get.
func awkwardNames() map[string]string {
	return map[string]string{
		"ordinary":           "www.example.org.",
		"mixed case":         "wWw.ExAmPlE.oRg.",
		"the longest":        strings.Repeat(strings.Repeat("a", 62)+".", 4)[1:] + "b.",
		"127 labels":         strings.Repeat("a.", 127),
		"127 labels of .mil": strings.Repeat("m.", 126) + "x.",
		"escaped throughout": strings.Repeat(`\001`, 60) + ".example.",
		"an A-label":         "xn--80ak6aa92e.example.",
		"UTF-8":              `b\195\188cher.example.`,
		"too long":           strings.Repeat("abcdefgh.", 30),
		"too many labels":    strings.Repeat("a.", 128),
		"dots only":          strings.Repeat(".", 300),
		"protected":          "www.army.mil.",
		"allowed":            "www.gov.ml.",
		"reverse":            "4.3.2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
	}
}

// TestLookupAllocatesNothing holds for every name that is no lookalike, and for a lookalike too.
func TestLookupAllocatesNothing(t *testing.T) {
	entries := []match.Entry{
		{Suffix: "mil", Distance: 1, Kinds: match.AllKinds},
		{Suffix: "army.nl", Distance: 2, Kinds: match.AllKinds},
		{Suffix: "xn--bcher-kva.example", Distance: 2, Kinds: match.AllKinds},
	}
	index, err := match.Compile(entries, []string{"gov.ml"}, match.Homoglyphs(skeleton.Of))
	require.NoError(t, err)
	names := awkwardNames()
	names["a lookalike"] = "us.army.ml."
	names["appended"] = "army.nl.com."
	names["nearly appended"] = "army.nl.corp.local."
	names["under another TLD"] = "army.com."
	names["without boundary"] = "mailarmy.nl."
	names["doubled"] = "xn--bcherbcher-9dbf.example.example."
	names["transliterated"] = "buecher.example."
	names["a long square"] = strings.Repeat("a", 62) + ".example."
	for name, query := range names {
		t.Run(name, func(t *testing.T) {
			var buffer match.Buffer
			assert.Zero(t, testing.AllocsPerRun(100, func() { index.Lookup(query, &buffer) }))
		})
	}
}

// TestLookupAwkwardNames: what cannot be a name is unlisted, what can is judged like any other.
func TestLookupAwkwardNames(t *testing.T) {
	entries := []match.Entry{{Suffix: "mil", Distance: 1, Kinds: match.AllKinds}}
	for name, query := range awkwardNames() {
		t.Run(name, func(t *testing.T) {
			if wireLength(query) > 253 {
				var buffer match.Buffer
				assert.Equal(t, match.Result{}, compile(t, 1, "mil").Lookup(query, &buffer))
				return
			}
			check(t, entries, []string{"gov.ml"}).compare(t, query)
		})
	}
	long := strings.Repeat(strings.Repeat("a", 61)+".", 4) + "ab.ml."
	require.Equal(t, 253, wireLength(long), "255 octets on the wire")
	check(t, entries, nil).compare(t, long)
}

// TestLookupConcurrently: an index is shared, buffers are not.
func TestLookupConcurrently(t *testing.T) {
	index := compile(t, 2, "army.mil", "mindef.nl", "bücher.example")
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			var buffer match.Buffer
			for range 1000 {
				for query, want := range map[string]string{"us.army.ml": "army.mil 1 omission us.army.mil", "midnef.n": "mindef.nl 2 multiple mindef.nl", "example.org": ""} {
					require.Equal(t, want, first(index.Lookup(query, &buffer), query))
				}
			}
		})
	}
}

// TestLookupManyOfALength: among so many suffixes that where they are cut is chosen by a sample of them, and so alike that
// it is not where it would be by default, every typo is found.
func TestLookupManyOfALength(t *testing.T) {
	var entries []match.Entry
	for n := range 300 {
		name := string([]byte{'a' + byte(n%26), 'b' + byte(n/26%7), 'k' + byte(n%11), 'q' + byte(n/5%9)})
		entries = append(entries, match.Entry{Suffix: name + ".onmail.example", Distance: n%2 + 1, Kinds: match.AllKinds, Tag: n})
	}
	c := check(t, entries, nil)
	random := rand.New(rand.NewPCG(1, 2))
	for range 120 {
		name := []byte(entries[random.IntN(len(entries))].Suffix)
		for range random.IntN(4) {
			name = mutate(random, name)
		}
		c.compare(t, string(name))
	}
}
