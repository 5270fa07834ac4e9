package typoguard

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// smtpObserver counts what happens at one SMTP listener, and reports what it refuses.
type smtpObserver struct {
	listener *listener
	name     string // of the listener, in metrics
	events   *hub

	sessions, others, tlsOK, tlsError prometheus.Counter
	active                            prometheus.Gauge
}

// type check
var _ smtp.Observer = (*smtpObserver)(nil)

// newSMTPObserver returns the observer of a listener. Its series exist from then on.
func newSMTPObserver(l *listener, events *hub) *smtpObserver {
	listener := l.address.String()
	for _, limit := range smtp.AllLimits {
		smtpLimitsHit.WithLabelValues(listener, string(limit))
	}
	return &smtpObserver{
		listener: l,
		name:     listener,
		events:   events,
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
	o.events.report(&e)
}

// LimitHit implements smtp.Observer.
func (o *smtpObserver) LimitHit(limit smtp.Limit) {
	smtpLimitsHit.WithLabelValues(o.name, string(limit)).Inc()
}

// Failed implements smtp.Observer.
func (o *smtpObserver) Failed(err error) { o.events.fail(err) }

// event makes an event of a refusal. It goes where the policy of the best suggestion wants it; without one, where the first
// policy does that names the listener.
func (l *listener) event(r *smtp.Refusal) event.Event {
	e := event.Event{
		ID:     r.ID,
		First:  time.Now(),
		Action: event.SMTPRefused,
		Mode:   enforce.String(),
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
	if p := l.policy(suggested); p != nil {
		e.To = p.sinks
		if p.history {
			e.Candidates = smtpCandidates(r.Suggestions)
		}
		e.Client = p.mask.Apply(r.Client).String()
	}
	return e
}

// policy returns the first policy of a name, or of any, that names the listener.
func (l *listener) policy(name string) *policy {
	for _, b := range l.blocks {
		for _, s := range b.stanzas {
			if (name == "" || s.policy.name == name) && slices.Contains(s.policy.listeners, l.address) {
				return &s.policy
			}
		}
	}
	return nil
}
