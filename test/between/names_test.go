//go:build e2e

package between_test

import (
	"fmt"
	"strings"
)

// pair is two top-level domains that a letter tells apart, and names below example that have to do with them. Each order of
// questions has its own pair, so that many orders can be asked of one resolver and its cache.
type pair struct {
	label             string // of its names below example
	protected, hidden string
}

// words are those of the alphabet of radio operators: no two are near each other.
var words = strings.Fields("alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike " +
	"november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu")

// newPairs returns a number of pairs. The first one is mil and ml.
func newPairs(number int) []pair {
	pairs := []pair{{label: "plain", protected: "mil", hidden: "ml"}}
	for i := range number - 1 {
		word := words[i%len(words)]
		if i >= len(words) {
			word += words[i/len(words)-1]
		}
		pairs = append(pairs, pair{label: word, protected: word + "mil", hidden: word + "ml"})
	}
	return pairs
}

// hiddenName is a lookalike that the stranger owns. Each has an address, too.
type hiddenName struct {
	name string
	// signed reports whether its zone is, so that a validator without a negative trust anchor refuses whatever hides it.
	signed bool
}

// hiddenNames are those whose mail must not get to the stranger.
func (p pair) hiddenNames() []hiddenName {
	return []hiddenName{
		{p.hidden, true}, // above all that is listed
		{"army." + p.hidden, true},
		{p.navy(), true},
		{"us.army." + p.hidden, true},       // an alias
		{"x.w.army." + p.hidden, true},      // of a wildcard that is an alias
		{"mail.dn.army." + p.hidden, true},  // below a DNAME
		{"host.ent.army." + p.hidden, true}, // below a name that has no records
		{"sec." + p.hidden, true},           // a signed zone
		{"af." + p.hidden, false},           // a zone that is not signed
		{"mail.af." + p.hidden, false},
		{"us.af." + p.hidden, false}, // an alias there
	}
}

// navy is a lookalike without MX.
func (p pair) navy() string { return "navy." + p.hidden }

// dname is a lookalike that has a DNAME.
func (p pair) dname() string { return "dn.army." + p.hidden }

// listedNames are those below a hidden top-level domain that are allowed.
func (p pair) listedNames() []string {
	return []string{"gov." + p.hidden, "sub.gov." + p.hidden, p.wildcard(), "good.army." + p.hidden, "good.sec." + p.hidden, "good.af." + p.hidden}
}

// wildcard is an allowed name that a wildcard stands for: its records are only believed together with the proof that it has none of its own.
func (p pair) wildcard() string { return "any.wild.gov." + p.hidden }

// listedAlias is an allowed name that is an alias of a lookalike: its mail goes there, by the will of who allowed it.
func (p pair) listedAlias() string { return "portal.good.af." + p.hidden }

// aliases are names like no other that lead to lookalikes.
func (p pair) aliases() []string {
	at := "." + p.label + ".example"
	return []string{"alias" + at, "chain" + at, "host" + at, "us.dn" + at}
}

// unrelatedNames are protected, or like nothing that is.
func (p pair) unrelatedNames() []string {
	return []string{"army." + p.protected, "web." + p.label + ".example"}
}

// reference is a name like no other whose mail a lookalike takes, says its MX record; its SRV record says the same.
func (p pair) reference() string { return "ref." + p.label + ".example" }

// deepProtected is a protected name of whose ancestors none is protected, and deepHidden a lookalike of it. The stranger has a DNAME
// at its parent, so whatever is asked below teaches a resolver the whole.
func (p pair) deepProtected() string { return "hq.garrison." + p.label + ".example" }
func (p pair) deepHidden() string    { return "hq.garison." + p.label + ".example" }
func (p pair) besideDeep() string    { return "canteen.garison." + p.label + ".example" }

// policy returns the typoguard stanza for all pairs.
func policy(pairs []pair, action string) string {
	var b strings.Builder
	b.WriteString("typoguard between {\n")
	for _, p := range pairs {
		fmt.Fprintf(&b, "protect %s %s\nallow gov.%s good.army.%s good.sec.%s good.af.%s\n",
			p.protected, p.deepProtected(), p.hidden, p.hidden, p.hidden, p.hidden)
	}
	if action == "sinkhole" {
		action += " " + sinkholeAddress
	}
	fmt.Fprintf(&b, "action %s\n}", action)
	return b.String()
}

// Whose mail servers the addresses are.
const (
	strangerAddress = "192.0.2.66"
	ownAddress      = "192.0.2.20"
	sinkholeAddress = "192.0.2.25"
)
