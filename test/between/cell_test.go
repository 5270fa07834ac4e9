//go:build e2e

package between_test

import (
	"context"
	"net"
	"os"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// cell is a resolver that stands between the mail servers and typoguard, and what typoguard does.
type cell struct {
	between setup
	action  string // empty: no typoguard at all
}

// measure asks everything in all orders, each of a pair of its own.
func (c cell) measure(t *testing.T, orders []order) *score {
	t.Helper()
	client := c.start(t)
	s := newScore()
	for i, o := range orders {
		c.run(t.Context(), client, s, o, world.pairs[i])
	}
	return s
}

// run asks everything in one order.
func (c cell) run(ctx context.Context, client client, s *score, o order, p pair) {
	signed := map[string]bool{}
	for _, h := range p.hiddenNames() {
		signed[h.name] = h.signed
	}
	for _, st := range o.steps(p) {
		if st.role == teaching {
			client.ask(ctx, st.question)
			continue
		}
		got := client.route(ctx, st.name)
		if st.role == referring && c.action == "nullmx" {
			continue // addresses pass, and who has such an MX record is no lookalike
		}
		s.add(o, st, got, c.between.excuses() && signed[st.name])
	}
	if c.action != "nullmx" {
		return
	}
	// Only mail is refused: the web site stays.
	for _, h := range p.hiddenNames() {
		if got := client.addressOf(ctx, h.name); got != stranger && (!c.between.excuses() || !h.signed) {
			s.unreachable[h.name+" ("+o.name+")"] = got
		}
	}
}

// start starts a typoguard, and the resolver before it, with empty caches, and returns a client of the latter. Both are stopped when the
// test ends.
func (c cell) start(t *testing.T) client {
	t.Helper()
	return c.startBefore(t, c.startTypoguard(t))
}

// startTypoguard starts a typoguard.
func (c cell) startTypoguard(t *testing.T) *resolvers.Server {
	t.Helper()
	stanza := ""
	if c.action != "" {
		stanza = policy(world.pairs, c.action)
	}
	typoguard := resolvers.Typoguard
	typoguard.Program = world.binary
	return launch(t, typoguard, makeDir(t), map[string]string{"policy": stanza, "upstream": world.upstream})
}

// startBefore starts the resolver before a typoguard, and returns a client of it.
func (c cell) startBefore(t *testing.T, typoguard *resolvers.Server) client {
	t.Helper()
	port := typoguard.Port
	if c.between.Name != direct.Name {
		port = launch(t, c.between.Product, makeDir(t), c.between.Variables("127.0.0.1", port, world.anchors())).Port
	}
	between := client{net.JoinHostPort("127.0.0.1", port)}
	if c.between.Validates {
		kit.Eventually(t, "an authentic answer", func() bool {
			reply := between.ask(t.Context(), question{name: "ns.top.example", qtype: dns.TypeA, do: true})
			return reply != nil && reply.AuthenticatedData
		})
	}
	return between
}

// makeDir makes a directory of the run. Its path is short, since PowerDNS has a socket in it.
func makeDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(world.dir, "") //nolint:usetesting // t.TempDir's paths are too long
	require.NoError(t, err)
	return dir
}

// lastWords is how much is shown of what a server printed.
const lastWords = 1000

// launch starts a product, and returns it when it answers.
func launch(t *testing.T, p resolvers.Product, dir string, variables map[string]string) *resolvers.Server {
	t.Helper()
	// The context of a test ends before its clean-up, which asks whether the server still runs.
	server, err := p.Start(context.WithoutCancel(t.Context()), dir, "", variables, func(port string) bool {
		return ready(t.Context(), net.JoinHostPort("127.0.0.1", port)) == nil
	})
	require.NoError(t, err, p.Name)
	t.Cleanup(func() {
		assert.False(t, server.Exited(), "%s exited", p.Name)
		server.Stop()
		if t.Failed() {
			said := server.Output()
			t.Logf("the last that %s said: %s", p.Name, said[max(0, len(said)-lastWords):])
		}
	})
	return server
}

// anchors are what validators trust: the root, and that whatever is said of lookalikes is true.
func (w *surroundings) anchors() resolvers.Anchors {
	a := resolvers.Anchors{Root: w.root}
	for _, p := range w.pairs {
		a.Negative = append(a.Negative, p.hidden)
	}
	return a
}
