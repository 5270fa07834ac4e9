// Package typoguard is a CoreDNS plugin that hides domains that look like mistyped protected ones, so that mail to them bounces at
// once instead of reaching a stranger.
//
// Each stanza of a server block is a policy: protected suffixes, the clients to which it applies, and what to answer. All policies of a
// block share one handler and one index (package match). Package policy decides what happens to a query; this package asks it, answers,
// and reports.
//
// Not covered: the targets of MX, SRV, NS, SVCB and NAPTR records in a reply, unless a policy inspects them, and names that never reach this
// resolver (literal addresses, smart hosts that resolve elsewhere).
//
// The policies in force are an immutable value behind an atomic pointer. List files are read and compiled in the background, and queries
// never wait for that. If a list cannot be read or contains an error, the last good policy stays in force.
package typoguard

import (
	"context"
	"slices"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/dnstap"
	coremetrics "github.com/coredns/coredns/plugin/metrics"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/existence"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const pluginName = "typoguard"

// Typoguard answers queries for lookalike names, and passes all others on. It implements plugin.Handler and
// ready.Readiness.
type Typoguard struct {
	Next plugin.Handler

	block     *block
	blocks    func() []*block // of all server blocks
	inspects  policy.Records  // of any policy
	existence *existence.Checker
	tappers   []*dnstap.Dnstap           // set before the servers run
	counters  map[string]*metrics.Server // by server address; read-only while the servers run
}

func newTypoguard(b *block) *Typoguard {
	t := &Typoguard{block: b, blocks: func() []*block { return []*block{b} }, existence: existence.NewChecker(metrics.Existence{})}
	for _, c := range b.policies {
		t.inspects |= c.Inspect
	}
	return t
}

// Name implements plugin.Handler.
func (t *Typoguard) Name() string { return pluginName }

// Ready implements ready.Readiness. The policies are in force as soon as the server runs, because one that does not compile prevents the
// start; but with on_missing unready, none is ready before its lists are there. The plugin ready asks only one of several server blocks, so
// that each answers for all.
func (t *Typoguard) Ready() bool {
	return !slices.ContainsFunc(t.blocks(), func(b *block) bool { return b.unready.Load() })
}

// countersFor returns the counters of the server that handles the query.
func (t *Typoguard) countersFor(ctx context.Context) *metrics.Server {
	server := coremetrics.WithServer(ctx)
	if c, ok := t.counters[server]; ok {
		return c
	}
	return metrics.NewServer(server, coremetrics.WithView(ctx))
}
