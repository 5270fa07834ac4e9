package typoguard

import (
	"github.com/coredns/coredns/plugin"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// The metrics of the SMTP listeners. A listener is known by the address that is configured.
var (
	smtpSessions = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "smtp_sessions_total",
		Help:      "Counter of SMTP sessions.",
	}, []string{"listener"})
	smtpActive = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "smtp_active_sessions",
		Help:      "Number of open SMTP sessions.",
	}, []string{"listener"})
	smtpRejected = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "smtp_rejected_recipients_total",
		Help:      "Counter of recipients at lookalike domains that were refused, by the policy and kind of the best suggestion.",
	}, []string{"policy", "kind"})
	smtpOthers = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "smtp_other_recipients_total",
		Help:      "Counter of refused recipients at domains that resemble no protected suffix.",
	}, []string{"listener"})
	smtpLimitsHit = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "smtp_limits_hit_total",
		Help:      "Counter of SMTP clients rejected, disconnected, deferred or delayed by a limit.",
	}, []string{"listener", "limit"})
	smtpTLS = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "smtp_tls_handshakes_total",
		Help:      "Counter of TLS handshakes after STARTTLS, by result.",
	}, []string{"listener", "result"})
)

// beginSMTP makes every series of refusals by a policy exist, at zero.
func beginSMTP(p *policy.Policy) {
	for _, kind := range p.Kinds.List() {
		smtpRejected.WithLabelValues(p.Name, kind.String())
	}
}
