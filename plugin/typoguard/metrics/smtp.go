package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// The metrics of the SMTP listeners. The label listener is the configured address.
var (
	SMTPSessions = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "smtp_sessions_total",
		Help:      "Counter of SMTP sessions.",
	}, []string{"listener"})
	SMTPActive = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "smtp_active_sessions",
		Help:      "Number of open SMTP sessions.",
	}, []string{"listener"})
	SMTPRejected = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "smtp_rejected_recipients_total",
		Help:      "Counter of recipients at lookalike domains that were refused, by the policy and kind of the best suggestion.",
	}, []string{"policy", "kind"})
	SMTPOthers = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "smtp_other_recipients_total",
		Help:      "Counter of refused recipients at domains that resemble no protected suffix.",
	}, []string{"listener"})
	SMTPDeferred = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "smtp_deferred_recipients_total",
		Help:      "Counter of recipients at protected, allowed or popular domains, who were deferred.",
	}, []string{"listener"})
	SMTPLimitsHit = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "smtp_limits_hit_total",
		Help:      "Counter of SMTP clients rejected, disconnected, deferred or delayed by a limit.",
	}, []string{"listener", "limit"})
	SMTPTLS = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "smtp_tls_handshakes_total",
		Help:      "Counter of TLS handshakes after STARTTLS, by result.",
	}, []string{"listener", "result"})
)

// Listener has the counters of one SMTP listener. It is safe for concurrent use.
type Listener struct {
	Sessions, Others, Deferred, TLSOK, TLSError prometheus.Counter
	Active                                      prometheus.Gauge

	address string
}

// NewListener returns the counters of the listener with a configured address, and creates its series.
func NewListener(address string) *Listener {
	for _, limit := range smtp.AllLimits {
		SMTPLimitsHit.WithLabelValues(address, string(limit))
	}
	return &Listener{
		Sessions: SMTPSessions.WithLabelValues(address),
		Active:   SMTPActive.WithLabelValues(address),
		Others:   SMTPOthers.WithLabelValues(address),
		Deferred: SMTPDeferred.WithLabelValues(address),
		TLSOK:    SMTPTLS.WithLabelValues(address, ResultOK),
		TLSError: SMTPTLS.WithLabelValues(address, ResultError),
		address:  address,
	}
}

// LimitHit counts a client that hit a limit.
func (l *Listener) LimitHit(limit smtp.Limit) {
	SMTPLimitsHit.WithLabelValues(l.address, string(limit)).Inc()
}
