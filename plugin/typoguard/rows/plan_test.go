package rows

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/test/typos"
)

// rules are the rules of a zone by name.
type rules map[string]rule

// rulesOf returns the rules that a plan makes. No name may have two.
func rulesOf(t *testing.T, p *Plan) rules {
	t.Helper()
	all, err := tryRulesOf(t, p)
	require.NoError(t, err)
	return all
}

// tryRulesOf is rulesOf of a plan that may be refused.
func tryRulesOf(t *testing.T, p *Plan) (rules, error) {
	t.Helper()
	all := rules{}
	return all, p.each(func(name string, r rule) error {
		if _, ok := all[name]; ok {
			require.Fail(t, "second rule for the same name", name)
		}
		all[name] = r
		return nil
	})
}

// existing returns the names that exist by the zone: those with rules, and those above them (RFC 4592 section 2.2.2).
func (all rules) existing() map[string]bool {
	exists := map[string]bool{}
	for owner := range all {
		for ; owner != "" && !exists[owner]; owner = parent(owner) {
			exists[owner] = true
		}
	}
	return exists
}

// encloser returns the rule of the closest name, the name itself or one above it, that ends the search.
func (all rules) encloser(name string, ends func(string) bool) rule {
	for ; name != ""; name = parent(name) {
		if ends(name) {
			return all[name]
		}
	}
	return rule{}
}

// deny reports whether the zone answers NXDOMAIN for a name, of which the closest rule is given.
func (all rules) deny(name string, p *Plan, closest rule) bool {
	if !closest.blocks() {
		return false
	}
	var records records
	records.set(name, closest, p.isAbove)
	if _, ok := all[name]; ok {
		return slices.Contains(records.own, nxdomain)
	}
	return slices.Contains(records.below, nxdomain)
}

// policyTexts are policies whose suffixes are of few characters, so that all names there are can be tried.
var policyTexts = map[string]string{
	"one suffix":        "typoguard {\n protect ab.la\n }",
	"top level":         "typoguard {\n protect abl\n }",
	"distance 2":        "typoguard {\n protect aabab.l\n distance 2\n }",
	"three labels":      "typoguard {\n protect a.b.lab\n }",
	"homoglyphs only":   "typoguard {\n protect al1.l1\n kinds homoglyph\n }",
	"some kinds":        "typoguard {\n protect ab.la\n kinds omission transposition\n }",
	"allowed":           "typoguard {\n protect abl\n allow al bb.bl\n allow b.a.ab\n }",
	"protected below":   "typoguard {\n protect abl ab.al\n }",
	"allowed far below": "typoguard {\n protect abl\n allow a.b.al\n }\ntypoguard two {\n protect ab.al\n }",
	"two policies": "typoguard one {\n protect abl\n }\n" +
		"typoguard two {\n protect ab.al a.b.lb\n action nodata\n }",
	"nested lookalikes": "typoguard one {\n protect abl\n action nullmx\n }\n" +
		"typoguard two {\n protect a.bal.bl ab.lal\n action nodata\n allow a.al\n }",
	"monitor between": "typoguard one {\n protect abl\n mode monitor\n }\n" +
		"typoguard two {\n protect ab.al\n }",
	"A-labels": "typoguard {\n protect xn--l-0ga.ab\n }",
	"moved":    "typoguard {\n protect babal.a\n kinds moved transliteration\n }",
	"doubled":  "typoguard {\n protect bla.l\n kinds doubled\n }",
	"boundary": "typoguard {\n protect bla.l\n kinds boundary\n allow b.mxbla.l a.usbla.l\n }",
	"prefixes": "typoguard one {\n protect bla.l bla.ab\n kinds boundary\n boundary_prefixes ab 1\n }\n" +
		"typoguard two {\n protect bla.l\n kinds boundary\n boundary_prefixes lb\n action nodata\n }",
	"in suffix":    "typoguard {\n protect bla1b.l\n kinds suffix\n }",
	"not suffixes": "typoguard {\n protect ab.bla1b.l\n kinds moved doubled suffix\n }",
}

// longer are lookalikes of the policies above that are longer than all names that can be tried.
var longer = strings.Fields("l.b.bb.la abbla.ab lbbla.ab x.abbla.ab mailbla.l x.mailbla.l usbla.l b.usbla.l a.usbla.l mxbla.l b.mxbla.l x.bla.l.l.l bla.l.l.l.l blabla.l blablabla.l bla1b.ll.l abbla1bbla1b.l ab.bla1bbla1b.l ab.bla1b.l.l ab.b1lab.l ab.ba1lb.l ab.ba1bl.l")

// TestPlanSaysWhatTheServerSays: of all names of some characters up to a length, the zone hides those that the server
// hides, with the action of the same policy. It does so for servers that go by RFC 4592, where a wildcard is of no effect
// below names that exist, and for those that look for a wildcard at every name above.
func TestPlanSaysWhatTheServerSays(t *testing.T) {
	texts := maps.Clone(policyTexts)
	file := filepath.Join(t.TempDir(), "popular.csv")
	require.NoError(t, os.WriteFile(file, []byte("al.la\nb.bb.la\n1.b.lla\nlb.la\nbb.la.a\nal.bb\na.al\n1.abla\n"), 0o600))
	texts["popular"] = "typoguard one {\n protect ab.la a.b.la\n popular " + file + "\n}\ntypoguard two {\n protect abl\n popular " + file + "\n}"
	texts["popular, and a protected name that begins with any"] = "typoguard {\n protect ab.la anyb.bb.la\n popular " + file + "\n}"
	tail := filepath.Join(t.TempDir(), "tail.csv")
	require.NoError(t, os.WriteFile(tail, []byte("lab.la\nb.lab.la\n"), 0o600))
	texts["in two places"] = "typoguard {\n protect alab.la bab.la blab.la\n popular " + tail + "\n}"
	texts["denied"] = "typoguard {\n protect ab.la\n popular " + file + "\n deny b.al.la lb.la 1.b.bb.la\n}"
	texts["denied, and allowed"] = "typoguard {\n protect ab.la\n popular " + file + "\n deny b.al.la 1.a.lb.la bb.la\n allow al.la lb.la b.bb.la\n}"
	texts["short"] = "typoguard {\n protect ab.la\n short report\n}"
	texts["short, denied"] = "typoguard {\n protect ab.la\n short report\n popular " + file + "\n deny 1b.la b.lb.la\n}"
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			s := selectAll(t, ". {\n "+text+"\n}")
			hidden := 0
			p := s.Plan(true)
			try := comparison(t, p, rulesOf(t, p), func(name string) policy.Decision {
				d := s.decide(name)
				if d.Enforced() {
					hidden++
				}
				return d
			})
			words("abl1.", 7, try)
			for _, name := range longer {
				try(name)
			}
			assert.Positive(t, hidden)
		})
	}
}

// TestPlanRules: what rules there are, and that there are no more than needed.
func TestPlanRules(t *testing.T) {
	for _, test := range []struct {
		name, text string
		allTLDs    bool
		has        map[string]string // the rules, with their action
		lacks      []string
	}{
		{
			name:  "top-level domain",
			text:  "typoguard {\n protect mil\n }",
			has:   map[string]string{"ml": "nxdomain", "il": "nxdomain", "mit": "nxdomain", "ril": "nxdomain"},
			lacks: []string{"mil", "ilm", "army.ml", "gov.ml"},
		},
		{
			name:    "undelegated",
			text:    "typoguard {\n protect mil\n }",
			allTLDs: true,
			has:     map[string]string{"ml": "nxdomain", "mi1": "nxdomain", "rnil": "nxdomain", "m-il": "nxdomain"},
			lacks:   []string{"-mil", "mil-", "m_l"},
		},
		{
			name:  "exceptions",
			text:  "typoguard {\n protect mil army.mit\n allow gov.ml il a.b.c.ml x.gov.ml org\n }",
			has:   map[string]string{"ml": "nxdomain", "gov.ml": "", "army.mit": "", "a.b.c.ml": "", "b.c.ml": "nxdomain", "c.ml": "nxdomain"},
			lacks: []string{"il", "x.gov.ml", "org", "army.il"},
		},
		{
			name:  "appended",
			text:  "typoguard {\n protect army.mil\n kinds default appended\n deny army.mil.com\n allow x.army.mil.co\n }",
			has:   map[string]string{"army.ml": "nxdomain", "army.mil.com": "nxdomain"},
			lacks: []string{"army.mil.de", "army.mil.co", "x.army.mil.co"},
		},
		{
			name:  "a private top-level domain",
			text:  "typoguard {\n protect army.internal\n }",
			has:   map[string]string{"amry.internal": "nxdomain"},
			lacks: []string{"army.interna", "army.internal"},
		},
		{
			name:  "letters of other languages", // armyø, armø and þarmy
			text:  "typoguard {\n protect army.nl\n }",
			has:   map[string]string{"xn--army-jra.nl": "nxdomain", "xn--arm-2na.nl": "nxdomain", "xn--army-9ra.nl": "nxdomain", "arm.nl": "nxdomain"},
			lacks: []string{"xn--arm-2naa.nl"}, // armøø
		},
		{
			name:  "a suffix with letters of other languages", // müller.de, and müllerø
			text:  "typoguard {\n protect xn--mller-kva.de\n }",
			has:   map[string]string{"xn--mller-zuax.de": "nxdomain", "muller.de": "nxdomain", "mller.de": "nxdomain", "mxller.de": "nxdomain"},
			lacks: []string{"mxllr.de"},
		},
		{
			name: "of one policy below another's",
			text: "typoguard a {\n protect mil\n }\ntypoguard b {\n protect x.navy.ml\n action nodata\n }",
			has:  map[string]string{"ml": "nxdomain", "x.navy.ml": "", "navy.ml": "nxdomain", "x.nay.ml": "nodata", "nay.ml": "nxdomain", "xnavy.ml": "nodata"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := rulesOf(t, selectAll(t, ". {\n "+test.text+"\n}").Plan(test.allTLDs))
			for name, action := range test.has {
				if assert.Contains(t, all, name) && action == "" {
					assert.True(t, all[name].passes, name)
				} else if assert.NotNil(t, all[name].policy, name) {
					assert.Equal(t, action, all[name].policy.Action.String(), name)
				}
			}
			for _, name := range test.lacks {
				assert.NotContains(t, all, name)
			}
			for name, r := range all {
				if _, ok := all[parent(name)]; ok && all[parent(name)] == r {
					below := strings.Contains(fmt.Sprint(keysBelow(all, name)), "."+name)
					assert.True(t, below, "%s needs no rule", name)
				}
			}
		})
	}
}

// keysBelow returns the names with rules below a name.
func keysBelow(all rules, name string) []string {
	var below []string
	for owner := range all {
		if strings.HasSuffix(owner, "."+name) {
			below = append(below, owner)
		}
	}
	return below
}

// TestTooManyHomoglyphs: there are five ways to write o in Arabic alone, and a label of o in as many ways for each.
func TestTooManyHomoglyphs(t *testing.T) {
	p := selectAll(t, ". {\n typoguard {\n protect oooooooooooooooo.nl\n }\n}").Plan(false)
	require.EqualError(t, p.each(func(string, rule) error { return nil }),
		"more than 1000000 non-ASCII names look like oooooooooooooooo.nl; expected a policy without the kind homoglyph")
}

// TestPlanOrder: the same policies make the same rules in the same order.
func TestPlanOrder(t *testing.T) {
	const text = ". {\n typoguard {\n protect mil army.mit navy.mil\n allow gov.ml a.b.ml\n }\n}"
	order := func() []string {
		var names []string
		require.NoError(t, selectAll(t, text).Plan(false).each(func(name string, _ rule) error {
			names = append(names, name)
			return nil
		}))
		return names
	}
	first, second := order(), order()
	assert.Equal(t, first, second)
}

// FuzzPlan: the zone of any two suffixes says of names made from one of them, by a few edits and a label in front, what the
// server says.
func FuzzPlan(f *testing.F) {
	f.Add("army.mil", "ab.ml", "gov.ml", "x", []byte{5, 0, 0})
	f.Add("mil", "army.mit", "a.b.ml", "b", []byte{1, 0, 0})
	f.Add("a.bc.mil", "abc.mil", "c.ml", "a", []byte{1, 2, 3, 4, 5, 6})
	f.Add("mindef.nl", "midef.nl", "mindef.l", "mail", []byte{2, 1, 7, 3, 3, 0})
	f.Add("0.00.00", "a0.11", "0000", "0", []byte("0")) // which is refused
	f.Add("mindef.nl", "mindef.co.uk", "mindf.nl", "mail", []byte{1, 4, 3})
	f.Add("mindef.co.uk", "mindef.co.il", "xmindef.uk", "mail", []byte{7, 6, 0})
	f.Fuzz(func(t *testing.T, one, two, allowed, below string, edits []byte) {
		if len(one)+len(two)+len(allowed) > 30 || len(edits) > 9 || strings.Count(one+two, "o")+strings.Count(one+two, "0") > 6 {
			return // too long, or with too many homoglyphs, for a zone to be made often
		}
		for _, name := range []string{one, two, allowed} {
			if suffix, err := match.ParseSuffix(name); err != nil || suffix != name || !IsHostname(name) || strings.Contains(name, "xn--") {
				return
			}
		}
		text := fmt.Sprintf(". {\n typoguard one {\n protect %s\n allow %s\n kinds default appended tld\n }\n"+
			" typoguard two {\n protect %s\n action nodata\n }\n}", one, allowed, two)
		s, err := selectFrom(text)
		if err != nil {
			return // no policies
		}
		listed := selectAll(t, withoutUnlisted.Replace(text))
		name := edit(one, edits)
		p := s.Plan(false)
		p.exists = func(top string) bool {
			return slices.Contains([]string{topLevel(one), topLevel(two), topLevel(allowed), topLevel(name), "com"}, top)
		}
		all, err := tryRulesOf(t, p)
		if err != nil { // what has more homoglyphs than a zone can list is refused, and nothing else is
			require.ErrorContains(t, err, "expected a policy without the kind homoglyph")
			return
		}
		try := comparison(t, p, all, listed.decide)
		for _, name := range []string{name, below + "." + name, below + "." + allowed, below + "." + parent(name), one + ".com", below + "." + name + ".com"} {
			if !strings.Contains(name, "xn--") {
				try(name)
			}
		}
	})
}

// edit changes a name at a place, in a way, and with a character or another place, for every three octets.
func edit(name string, edits []byte) string {
	for ; len(edits) >= 3 && name != ""; edits = edits[3:] {
		at := int(edits[0]) % len(name)
		c := string(ascii[int(edits[2])%len(ascii)])
		switch op := edits[1] % 7; op {
		case 4: // a character moved
			moved, rest := name[at:at+1], name[:at]+name[at+1:]
			to := int(edits[2]) % len(name)
			name = rest[:to] + moved + rest[to:]
		case 5: // an end repeated
			name += name[at:]
		case 6: // a beginning repeated
			name = name[:at] + name
		default:
			name = typos.Edit(name, at, typos.Op(op), c)
		}
	}
	return name
}

// TestPlanPrivateSuffix: of a popular domain below which strangers register, only the name itself passes.
func TestPlanPrivateSuffix(t *testing.T) {
	s := selectAll(t, ". {\n typoguard {\n protect ups.com\n deny x.y.us.com\n }\n}")
	all := rulesOf(t, s.Plan(false))
	r, ok := all["us.com"]
	require.True(t, ok)
	var records records
	records.set("us.com", r, func(string) bool { return false })
	assert.Equal(t, []string{passthru}, records.own)
	assert.Equal(t, []string{nxdomain}, records.below)
	assert.NotContains(t, all, "x.y.us.com", "it is hidden anyway")
	assert.NotContains(t, all, "ubs.com", "popular")
	assert.Contains(t, all, "uqs.com")
}
