package typoguard

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coredns/coredns/core/dnsserver"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/existence"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/listzone"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// keptAnswers is how long clients may keep answers, longer than their TTL: mail servers try an address again that they know.
const keptAnswers = time.Hour

// block holds the policies of one server block: their configuration, and the set compiled from it and the list files. Queries
// read only the set.
type block struct {
	at       int // its index in the Corefile, from 0
	policies []*policyConfig
	zones    []*listzone.Zone
	feeds    []*feedZone
	lists    []*suffixlist.Lists // of each policy
	set      atomic.Pointer[policy.Set]
	events   atomic.Pointer[sink.Dispatcher] // nil before the instance starts
	lookup   existence.Lookup                // through the plugins behind this one; nil in a test without a handler
	changed  chan struct{}                   // buffered for one signal: the set was replaced
	look     []chan struct{}                 // of each policy, buffered for one signal: its lists may have changed

	now      func() time.Time
	compiled time.Time                 // when the set was compiled, by the wall clock
	replaced atomic.Pointer[time.Time] // when the policies in force were last replaced; nil if they are the first
	unready  atomic.Bool
}

// newBlock reads the lists of all policies and compiles the first set. The pace is nil at a start.
func newBlock(at int, policies []*policyConfig, p *pace.Pace) (*block, error) {
	if err := loadPopular(policies); err != nil {
		return nil, err
	}
	zones, err := zonesOf(policies)
	if err != nil {
		return nil, err
	}
	feeds, err := feedsOf(policies)
	if err != nil {
		return nil, err
	}
	b := &block{at: at, policies: policies, zones: zones, feeds: feeds, changed: make(chan struct{}, 1), now: time.Now}
	for _, c := range policies {
		l := &suffixlist.Lists{Protected: c.lists.protected, Allowed: c.lists.allowed, Sources: c.lists.sources}
		if err := l.Load(context.Background()); err != nil {
			return nil, err
		}
		b.lists, b.look = append(b.lists, l), append(b.look, make(chan struct{}, 1))
	}
	return b, b.compile(p)
}

// missing returns why a list that the server must not start without is missing, or nil.
func (b *block) missing() error {
	for _, l := range b.lists {
		if err := l.Required(); err != nil {
			return err
		}
	}
	return nil
}

// loadMissing tries to fetch lists again whose hosts the host's own resolver did not know, and returns an error if one is missing that must
// not be.
func (b *block) loadMissing(ctx context.Context, lookup suffixlist.Lookup) error {
	changed := false
	for _, l := range b.lists {
		retried, err := l.Retry(ctx, lookup)
		if err != nil {
			return err
		}
		changed = changed || retried
	}
	if changed {
		if err := b.compile(nil); err != nil {
			return err
		}
	}
	return b.missing()
}

// compile compiles the lists' suffixes into a set, and puts it in force.
func (b *block) compile(p *pace.Pace) error {
	var policies []*policy.Policy
	for i, c := range b.policies {
		policies = append(policies, &c.Policy)
		if b.lists[i].IsMissing() {
			continue // the suffixes are unknown
		}
		protected, _ := b.lists[i].Suffixes()
		if err := c.checkProtected(protected); err != nil {
			return err
		}
	}
	now := b.now().Round(0)
	set, err := policy.Compile(policies, b.suffixes(now), now, p)
	if err != nil {
		return err
	}
	if err := b.checkZones(set); err != nil {
		return err
	}
	if b.set.Swap(set) != nil {
		b.replacing()
	}
	b.compiled = now
	b.unready.Store(b.lacksLists())
	wake(b.changed)
	b.wakeFeeds()
	return nil
}

// replacing notes that policies are replaced.
func (b *block) replacing() {
	now := time.Now()
	b.replaced.Store(&now)
}

// hasChanged reports whether clients may still have answers from policies that were in force before.
func (b *block) hasChanged() bool {
	replaced := b.replaced.Load()
	return replaced != nil && time.Since(*replaced) < keptAnswers
}

// lacksLists reports whether a list was never there that the server is not to be ready without.
func (b *block) lacksLists() bool {
	for i, c := range b.policies {
		if c.lists.unready && b.lists[i].IsMissing() {
			return true
		}
	}
	return false
}

// suffixes returns the suffixes of each policy, without those that have expired by a given time.
func (b *block) suffixes(now time.Time) []policy.Suffixes {
	all := make([]policy.Suffixes, len(b.policies))
	for i, c := range b.policies {
		protected, allowed := b.lists[i].Suffixes()
		all[i] = policy.Suffixes{Protected: protected.At(now), Allowed: allowed.At(now), Denied: suffixlist.ListOf(c.lists.denied...), LacksAllowed: b.lists[i].LacksAllowed()}
	}
	return all
}

// configOf returns the configuration of a policy of the block.
func (b *block) configOf(p *policy.Policy) *policyConfig {
	for _, c := range b.policies {
		if &c.Policy == p {
			return c
		}
	}
	return nil
}

// changesByItself reports whether something of the block ends at a time: entries of a list file, or the mode of a policy.
func (b *block) changesByItself() bool {
	return slices.ContainsFunc(b.lists, func(l *suffixlist.Lists) bool { return len(l.Sources) > 0 }) ||
		slices.ContainsFunc(b.policies, func(c *policyConfig) bool { return !c.MonitorUntil.IsZero() })
}

// checkChain returns an error if the server block lacks another plugin that a policy needs, or has one that does not work with it.
func (b *block) checkChain(has func(plugin string) bool) error {
	for _, c := range b.policies {
		if len(c.Clients.Labels) > 0 && !has("metadata") {
			return errors.New("clients are selected by metadata, but the server block does not have the metadata plugin")
		}
		if c.dnstap && !has("dnstap") {
			return c.given["dnstap"].Errorf("dnstap: no dnstap plugin in the server block; expected one to send the messages")
		}
		if c.Action == policy.NODATA && has("dns64") {
			// dns64 makes an empty answer its own, without RA, and stubs take that for a lame referral and ask the next server.
			return c.given["action"].Errorf("action: nodata does not go with the plugin dns64 in the server block; expected nxdomain, nullmx or sinkhole")
		}
	}
	return nil
}

// newCounters returns the counters of every server of the block, and creates the series of all its policies.
func (b *block) newCounters(servers []string, view string) map[string]*metrics.Server {
	all := make(map[string]*metrics.Server, len(servers))
	for _, server := range servers {
		c := metrics.NewServer(server, view)
		for _, p := range b.policies {
			c.Begin(&p.Policy)
		}
		for _, z := range b.zones {
			c.BeginZone(z.Name)
		}
		all[server] = c
	}
	return all
}

// serverAddresses returns the names that CoreDNS gives to the servers of a block with the given keys. The bind plugin must be set
// up.
func serverAddresses(config *dnsserver.Config, keys []string) []string {
	var servers []string
	for _, key := range keys { // such as dns://example.org.:53
		transport, rest, _ := strings.Cut(key, "://")
		port := rest[strings.LastIndexByte(rest, ':')+1:]
		for _, host := range config.ListenHosts {
			servers = append(servers, transport+"://"+net.JoinHostPort(host, port))
		}
	}
	return servers
}
