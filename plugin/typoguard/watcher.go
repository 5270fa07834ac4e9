package typoguard

import (
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/watch"
)

// watches reports whether a policy of the block watches the neighbours of its suffixes.
func (b *block) watches() bool {
	return b.lookup != nil && slices.ContainsFunc(b.policies, func(c *policyConfig) bool { return c.watch })
}

// newWatcher returns the watcher for the policies of the block.
func (b *block) newWatcher(memory *watch.Memory) *watch.Watcher {
	return &watch.Watcher{Names: b.neighbours, Lookup: b.lookup, Memory: memory, Observer: watchObserver{b}}
}

// neighbours returns the names to watch, by the policies that are in force.
func (b *block) neighbours() []watch.Name {
	suffixes, set := b.suffixes(b.now()), b.set.Load()
	var all []watch.Name
	for i, c := range b.policies {
		if !c.watch {
			continue
		}
		all = append(all, watch.Neighbours(suffixes[i].Protected.Names(), func(name string) (event.Lookalike, bool) {
			d := set.Judge(&policy.Query{Name: name, Type: dns.TypeMX, Only: &c.Policy})
			return d.Lookalike, d.Covered()
		})...)
	}
	return watch.Likeliest(all)
}

// watchObserver counts lookups, and reports names that have changed.
type watchObserver struct{ *block }

// type check
var _ watch.Observer = watchObserver{}

// LookedUp implements watch.Observer.
func (watchObserver) LookedUp(result watch.Result) {
	metrics.WatchLookups.WithLabelValues(string(result)).Inc()
}

// Changed implements watch.Observer.
func (o watchObserver) Changed(n *watch.Name, change watch.Change, state watch.State) {
	metrics.WatchChanges.WithLabelValues(n.Policy, string(change)).Inc()
	i := slices.IndexFunc(o.policies, func(c *policyConfig) bool { return c.Name == n.Policy })
	now := time.Now()
	o.events.Load().Report(&event.Event{
		ID: event.ID(netip.Addr{}, n.Name, n.Policy, now), To: o.policies[i].sinkNames, First: now, Last: now,
		Lookalike: n.Lookalike, Action: string(change), Mode: policy.Monitor.String(),
		Name: n.Name, Question: n.Name, Type: dns.TypeToString[dns.TypeMX], Via: state.Host,
	})
}
