package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/feed"
)

// The metrics of feeds. The label zone is configured.
var (
	FeedRows = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "feed_rows",
		Help:      "Number of rows of a feed.",
	}, []string{"zone"})
	FeedSerial = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "feed_serial",
		Help:      "Serial of a feed.",
	}, []string{"zone"})
	FeedUpToDate = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "feed_up_to_date",
		Help:      "Whether the last attempt to build a feed succeeded (1) or failed (0), so that an older version is served.",
	}, []string{"zone"})
	FeedBuildTime = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "feed_build_timestamp_seconds",
		Help:      "Timestamp of when a feed was last built.",
	}, []string{"zone"})
	FeedBuildDuration = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "feed_build_duration_seconds",
		Help:      "Time that the last build of a feed took.",
	}, []string{"zone"})
	FeedPolls = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "feed_polls_total",
		Help:      "Counter of queries for the serial of a feed.",
	}, []string{"zone"})
	FeedTransfers = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "feed_transfers_total",
		Help:      "Counter of transfers of a feed, by result: axfr, ixfr, current (nothing new), refused, or aborted after its begin.",
	}, []string{"zone", "result"})
)

// Feed counts what happens to a feed.
type Feed struct{ zone string }

// type check
var _ feed.Observer = Feed{}

// NewFeed returns the counters of a zone.
func NewFeed(zone string) Feed { return Feed{zone} }

// Begin creates the series, at zero.
func (f Feed) Begin() {
	FeedUpToDate.WithLabelValues(f.zone)
	FeedPolls.WithLabelValues(f.zone)
	for _, result := range feed.Results() {
		FeedTransfers.WithLabelValues(f.zone, string(result))
	}
}

// End removes the series.
func (f Feed) End() {
	for _, gauge := range []*prometheus.GaugeVec{FeedRows, FeedSerial, FeedUpToDate, FeedBuildTime, FeedBuildDuration} {
		gauge.DeleteLabelValues(f.zone)
	}
	FeedPolls.DeleteLabelValues(f.zone)
	FeedTransfers.DeletePartialMatch(prometheus.Labels{"zone": f.zone})
}

// Built implements feed.Observer.
func (f Feed) Built(rows int, serial uint32, took time.Duration) {
	FeedRows.WithLabelValues(f.zone).Set(float64(rows))
	FeedSerial.WithLabelValues(f.zone).Set(float64(serial))
	FeedUpToDate.WithLabelValues(f.zone).Set(1)
	FeedBuildTime.WithLabelValues(f.zone).SetToCurrentTime()
	FeedBuildDuration.WithLabelValues(f.zone).Set(took.Seconds())
}

// Failed implements feed.Observer.
func (f Feed) Failed() { FeedUpToDate.WithLabelValues(f.zone).Set(0) }

// Polled implements feed.Observer.
func (f Feed) Polled() { FeedPolls.WithLabelValues(f.zone).Inc() }

// Transferred implements feed.Observer.
func (f Feed) Transferred(result feed.Result) {
	FeedTransfers.WithLabelValues(f.zone, string(result)).Inc()
}
