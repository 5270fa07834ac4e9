//go:build e2e

package mail_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// TestBetween: with a resolver of its own on the relay, which caches and may validate (PowerDNS does by default, for clients that ask for
// it, as Exim does), mail for a lookalike and for its alias bounces,
// and that for an allowed domain below the lookalike arrives, whichever is sent first.
func TestBetween(t *testing.T) {
	requireTools(t, map[string]string{"unbound": "unbound", "pdns_recursor": "pdns-recursor", "dnssec-signzone": "bind9-utils"})
	// Something is allowed below it, so a lookalike has no records rather than no name.
	noData := bounces("5.4.4", "Host found but no data record of requested type")
	unrouteable := bounces("5.0.0", "Unrouteable address")
	orders := [][]site{{armyML, goodML, alias}, {alias, goodML, armyML}}
	for _, server := range []struct {
		name, pkg string
		start     newMTA
		hidden    outcome
	}{
		{"Postfix", "postfix", newPostfix(bookworm, ""), noData},
		{"Exim", "exim4-daemon-light", newExim(bookworm, ""), unrouteable},
	} {
		bookworm.unpack(t, server.pkg) // before the tests that share it
		for _, name := range []string{"pdns-process", "unbound-val"} {
			between, err := resolvers.ForwarderNamed(name)
			require.NoError(t, err)
			conf := configuration{stanza: stanza("protect mil", "allow "+goodML.domain), between: between}
			for _, order := range orders {
				t.Run(server.name+"/"+name+"/"+order[0].domain+" first", func(t *testing.T) {
					t.Parallel()
					want := map[site]outcome{armyML: server.hidden, goodML: arrives(), alias: server.hidden}
					newWorld(t, conf, server.start).sendInOrder(t, order, want)
				})
			}
		}
	}
}

// sendInOrder sends a message to each site when it is decided what becomes of the one before, and checks that.
func (w *world) sendInOrder(t *testing.T, order []site, want map[site]outcome) {
	t.Helper()
	for _, s := range order {
		w.relay.submit(t, mailTo(s))
		w.waitOutcome(t, s, want[s])
	}
	w.checkQueue(t, want)
	w.checkReceived(t, want)
}

// startForwarder starts a resolver on the relay, whose only upstream is typoguard, and makes it the relay's name server.
func (w *world) startForwarder(t *testing.T, relay *netns, dir string, f resolvers.Forwarder) {
	t.Helper()
	dir = filepath.Join(dir, "between")
	makeDir(t, dir)
	variables := f.Variables(resolverAddr, "53", resolvers.Anchors{Root: w.internet.root})
	variables["dir"], variables["port"] = dir, "53"
	command, err := f.Configure(dir, variables)
	require.NoError(t, err)
	relay.start(t, filepath.Join(dir, "output"), command[0], command[1:]...)
	relay.replaceEtc(t, "resolv.conf", "nameserver 127.0.0.1\n")
	waitAnswer(t, relay, "127.0.0.1")
	assert.Regexp(t, "flags:.* ad[ ;]", relay.run(t, "dig", "@127.0.0.1", ".", "SOA"), "it does not validate")
}
