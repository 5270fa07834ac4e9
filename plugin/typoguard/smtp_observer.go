package typoguard

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// smtpObserver counts what happens at one SMTP listener, and reports what it refuses.
type smtpObserver struct {
	listener *listener
	name     string // of the listener, in metrics
	events   *sink.Dispatcher
	failures *failureLog

	sessions, others, tlsOK, tlsError prometheus.Counter
	active                            prometheus.Gauge
}

// type check
var _ smtp.Observer = (*smtpObserver)(nil)

// newSMTPObserver returns the observer of a listener. Its series exist from then on.
func newSMTPObserver(l *listener, events *sink.Dispatcher, failures *failureLog) *smtpObserver {
	listener := l.address.String()
	for _, limit := range smtp.AllLimits {
		smtpLimitsHit.WithLabelValues(listener, string(limit))
	}
	return &smtpObserver{
		listener: l,
		name:     listener,
		events:   events,
		failures: failures,
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
	e := o.listener.event(r)
	o.events.Report(&e)
}

// LimitHit implements smtp.Observer.
func (o *smtpObserver) LimitHit(limit smtp.Limit) {
	smtpLimitsHit.WithLabelValues(o.name, string(limit)).Inc()
}

// Failed implements smtp.Observer.
func (o *smtpObserver) Failed(err error) { o.failures.add(err) }

// event makes an event of a refusal. It goes where the policy of the best suggestion wants it; without one, where the first
// policy does that names the listener.
func (l *listener) event(r *smtp.Refusal) event.Event {
	e := event.Event{
		ID:     r.ID,
		First:  time.Now(),
		Action: event.SMTPRefused,
		Mode:   policy.Enforce.String(),
		Name:   r.Domain,
		SMTP:   &event.SMTP{Helo: r.Helo, Sender: r.Sender, Recipient: r.Recipient, TLS: r.TLS},
	}
	e.Last = e.First
	suggested := ""
	if len(r.Suggestions) > 0 {
		s := r.Suggestions[0]
		suggested, e.Policy = s.Policy, s.Policy
		e.Protected, e.Intended, e.Kind, e.Distance = s.Protected, s.Intended, s.Kind, s.Distance
	}
	c := l.named(suggested)
	e.To = c.sinkNames
	if c.Candidates {
		e.Candidates = otherSuggestions(r.Suggestions)
	}
	e.Client = c.mask.Apply(r.Client).String()
	return e
}

// otherSuggestions returns the suggestions after the first one, which are what the reply names besides.
func otherSuggestions(suggestions []smtp.Suggestion) []event.Lookalike {
	var others []event.Lookalike
	for _, s := range suggestions[min(1, len(suggestions)):] {
		others = append(others, event.Lookalike{Protected: s.Protected, Intended: s.Intended, Kind: s.Kind, Distance: s.Distance, Policy: s.Policy})
	}
	return others
}
