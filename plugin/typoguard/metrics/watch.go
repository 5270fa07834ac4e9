package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/watch"
)

// The metrics of the option watch.
var (
	WatchLookups = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "watch_lookups_total",
		Help:      "Counter of lookups of the neighbours of protected suffixes, by result.",
	}, []string{"result"})
	WatchChanges = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "watch_changes_total",
		Help:      "Counter of neighbours of protected suffixes that were registered, took mail, or moved their mail, by policy and change.",
	}, []string{"policy", "change"})
)

// BeginWatch creates the series of a policy that watches.
func BeginWatch(policy string) {
	for _, result := range watch.Results() {
		WatchLookups.WithLabelValues(string(result))
	}
	for _, change := range watch.Changes() {
		WatchChanges.WithLabelValues(policy, string(change))
	}
}
