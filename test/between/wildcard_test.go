//go:build e2e

package between_test

import (
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// aMoment is how long a resolver may keep what it must not keep: five seconds and, if the machine is busy, a little more, but less than the
// minute for which typoguard's own cache keeps anything.
const aMoment = 20 * time.Second

// TestWildcard: a resolver that validates makes records of names that it never asks for from a signed wildcard that it knows, and from the
// proof that a wildcard has no MX record, but not for long: a second in Unbound, five in Knot Resolver. The stranger has such wildcards at
// parents of lookalikes, which no policy covers, and names there that are no lookalikes stay as they are.
func TestWildcard(t *testing.T) {
	at := "." + world.pairs[0].label + ".example"
	for _, s := range setups() {
		if !s.Validates {
			continue
		}
		for _, action := range []string{"nxdomain", "nullmx"} {
			t.Run(s.Name+"/"+action, func(t *testing.T) {
				t.Parallel()
				client := cell{s, action}.start(t)
				for _, names := range [][2]string{{"canteen.garrisom", "hq.garrisom"}, {"canteen.garrixon", "hq.garrixon"}, {"canteen.ison", "hq.garr.ison"}} {
					client.hides(t, names[0]+at, names[1]+at)
				}
			})
		}
	}
}

// TestDNAME: a resolver makes aliases of names that it never asks for from a DNAME that it knows, but not for long. The stranger has one at
// the parent of a lookalike that has a dot more.
func TestDNAME(t *testing.T) {
	at := "." + world.pairs[0].label + ".example"
	for _, s := range setups() {
		if s.Product.Name == "dnsmasq" && s.Validates {
			continue // it fails all names below a DNAME, without typoguard too
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			client := cell{s, "nxdomain"}.start(t)
			client.hides(t, "canteen.rison"+at, "hq.gar.rison"+at)
			client.hides(t, "canteen.rrison"+at, "hq.ga.rrison"+at) // in a zone without signatures
		})
	}
}

// TestAway: while typoguard cannot be reached, a resolver takes no lookalike to the stranger by what it knows, or knew, of the names beside it,
// though it may answer from what is stale.
func TestAway(t *testing.T) {
	at := "." + world.pairs[0].label + ".example"
	for _, s := range setups() {
		if s.Name == direct.Name || (s.Product.Name == "dnsmasq" && s.Validates) {
			continue
		}
		s.Stale = true
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			c := cell{s, "nxdomain"}
			typoguard := c.startTypoguard(t)
			client := c.startBefore(t, typoguard)
			lookalikes := map[string]string{"canteen.rison": "hq.gar.rison", "canteen.rrison": "hq.ga.rrison"} // below a DNAME
			if s.Validates {
				lookalikes["canteen.garrisom"] = "hq.garrisom" // of a wildcard
			}
			for beside := range lookalikes {
				client.learns(t, beside+at)
			}
			typoguard.Stop()
			for _, lookalike := range lookalikes {
				client.soonHides(t, lookalike+at)
				assert.NotEqual(t, stranger, client.route(t.Context(), lookalike+at), "mail for %s, queried again", lookalike)
			}
		})
	}
}

// hides checks that mail for a lookalike does not get to the stranger for longer than a moment, although the resolver knows another name
// beside it, which stays as it is. At first, some resolvers fail the latter now and then, without typoguard too.
func (c client) hides(t *testing.T, beside, lookalike string) {
	t.Helper()
	c.learns(t, beside)
	c.soonHides(t, lookalike)
	assert.Equal(t, stranger, c.route(t.Context(), beside), "no lookalike")
}

// learns lets the resolver know a name of the stranger.
func (c client) learns(t *testing.T, beside string) {
	t.Helper()
	kit.Eventually(t, "the resolver to know "+beside, func() bool { return c.route(t.Context(), beside) == stranger })
	for _, qtype := range []uint16{dns.TypeMX, dns.TypeA} {
		c.ask(t.Context(), question{name: beside, qtype: qtype})
	}
}

// soonHides checks that mail for a lookalike does not get to the stranger for longer than a moment.
func (c client) soonHides(t *testing.T, lookalike string) {
	t.Helper()
	begin := time.Now()
	kit.Eventually(t, "mail for "+lookalike+" not to get to the stranger", func() bool {
		return c.route(t.Context(), lookalike) != stranger
	})
	assert.Less(t, time.Since(begin), aMoment, "until mail for %s does not get to the stranger", lookalike)
	t.Logf("FIGURE %s hidden after %s", lookalike, time.Since(begin).Round(10*time.Millisecond))
}
