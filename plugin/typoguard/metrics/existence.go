package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/existence"
)

// The metrics of existence checks, with CoreDNS's buckets.
var (
	CounterpartLookups = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "counterpart_lookups_total",
		Help:      "Counter of checks of the domains that lookalikes resemble, and of who operates a lookalike, by result.",
	}, []string{"result"})
	CounterpartHits = promauto.NewCounter(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "counterpart_cache_hits_total",
		Help:      "Counter of existence checks answered from the cache.",
	})
	CounterpartDuration = promauto.NewHistogram(prometheus.HistogramOpts{
		Namespace:                   namespace,
		Subsystem:                   subsystem,
		Name:                        "counterpart_duration_seconds",
		Buckets:                     prometheus.ExponentialBuckets(0.00025, 10, 5),
		NativeHistogramBucketFactor: 1.05,
		Help:                        "Histogram of the time that existence checks took.",
	})
)

// Existence counts existence checks.
type Existence struct{}

// type check
var _ existence.Observer = Existence{}

// CacheHit implements existence.Observer.
func (Existence) CacheHit() { CounterpartHits.Inc() }

// LookedUp implements existence.Observer.
func (Existence) LookedUp(result string, took time.Duration) {
	CounterpartDuration.Observe(took.Seconds())
	CounterpartLookups.WithLabelValues(result).Inc()
}

// Busy implements existence.Observer.
func (Existence) Busy() { CounterpartLookups.WithLabelValues(ResultBusy).Inc() }
