package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// The metrics of digests. The label digest is "mailto:" and the recipients as configured.
var (
	DigestsSent = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "digests_sent_total",
		Help:      "Counter of digests sent by this resolver.",
	}, []string{"digest"})
	DigestsErrors = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "digests_errors_total",
		Help:      "Counter of failed attempts to send a digest, which are repeated.",
	}, []string{"digest"})
	DigestOverdue = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "digest_overdue",
		Help:      "Whether a digest is due that could not be sent (1), and that no other resolver has sent, or not (0).",
	}, []string{"digest"})
)

// Digest counts what becomes of a digest.
type Digest struct {
	sent, errors prometheus.Counter
	overdue      prometheus.Gauge
}

// type check
var _ historyconfig.DigestObserver = (*Digest)(nil)

// NewDigest returns the counters of a digest, and creates its series.
func NewDigest(name string) *Digest {
	d := &Digest{DigestsSent.WithLabelValues(name), DigestsErrors.WithLabelValues(name), DigestOverdue.WithLabelValues(name)}
	d.overdue.Set(0)
	return d
}

// Sent implements historyconfig.DigestObserver.
func (d *Digest) Sent() { d.sent.Inc() }

// Failed implements historyconfig.DigestObserver.
func (d *Digest) Failed() { d.errors.Inc() }

// Overdue implements historyconfig.DigestObserver.
func (d *Digest) Overdue(overdue bool) {
	d.overdue.Set(0)
	if overdue {
		d.overdue.Set(1)
	}
}
