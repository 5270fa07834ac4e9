package typoguard

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// smtpObserver counts what happens at one SMTP listener, and hands on what is to be logged.
type smtpObserver struct {
	listener string
	reports  *reporter

	sessions, others, tlsOK, tlsError prometheus.Counter
	active                            prometheus.Gauge
}

// type check
var _ smtp.Observer = (*smtpObserver)(nil)

// newSMTPObserver returns the observer of a listener. Its series exist from then on.
func newSMTPObserver(listener string, reports *reporter) *smtpObserver {
	for _, limit := range smtp.AllLimits {
		smtpLimitsHit.WithLabelValues(listener, string(limit))
	}
	return &smtpObserver{
		listener: listener,
		reports:  reports,
		sessions: smtpSessions.WithLabelValues(listener),
		active:   smtpActive.WithLabelValues(listener),
		others:   smtpOthers.WithLabelValues(listener),
		tlsOK:    smtpTLS.WithLabelValues(listener, resultOK),
		tlsError: smtpTLS.WithLabelValues(listener, resultError),
	}
}

// SessionStarted implements smtp.Observer.
func (o *smtpObserver) SessionStarted() {
	o.sessions.Inc()
	o.active.Inc()
}

// SessionEnded implements smtp.Observer.
func (o *smtpObserver) SessionEnded() { o.active.Dec() }

// TLSStarted implements smtp.Observer.
func (o *smtpObserver) TLSStarted(err error) {
	if err != nil {
		o.tlsError.Inc()
		return
	}
	o.tlsOK.Inc()
}

// Refused implements smtp.Observer.
func (o *smtpObserver) Refused(r *smtp.Refusal) {
	if len(r.Suggestions) == 0 {
		o.others.Inc()
	} else {
		smtpRejected.WithLabelValues(r.Suggestions[0].Policy, r.Suggestions[0].Kind).Inc()
	}
	o.reports.report(report{refusal: r})
}

// LimitHit implements smtp.Observer.
func (o *smtpObserver) LimitHit(limit smtp.Limit) {
	smtpLimitsHit.WithLabelValues(o.listener, string(limit)).Inc()
}

// Failed implements smtp.Observer.
func (o *smtpObserver) Failed(err error) { o.reports.report(report{failure: err}) }
