package typoguard

import (
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// smtpObserver counts what happens at one SMTP listener, and reports refused recipients.
type smtpObserver struct {
	listener *listener
	metrics  *metrics.Listener
	events   *sink.Dispatcher
	failures *failureLog
}

// type check
var _ smtp.Observer = (*smtpObserver)(nil)

// newSMTPObserver returns the observer of a listener, and creates its series.
func newSMTPObserver(l *listener, events *sink.Dispatcher, failures *failureLog) *smtpObserver {
	return &smtpObserver{l, metrics.NewListener(l.address.String()), events, failures}
}

// SessionStarted implements smtp.Observer.
func (o *smtpObserver) SessionStarted() {
	o.metrics.Sessions.Inc()
	o.metrics.Active.Inc()
}

// SessionEnded implements smtp.Observer.
func (o *smtpObserver) SessionEnded() { o.metrics.Active.Dec() }

// TLSStarted implements smtp.Observer.
func (o *smtpObserver) TLSStarted(err error) {
	if err != nil {
		o.metrics.TLSError.Inc()
		return
	}
	o.metrics.TLSOK.Inc()
}

// Refused implements smtp.Observer.
func (o *smtpObserver) Refused(r *smtp.Refusal) {
	if len(r.Suggestions) == 0 {
		o.metrics.Others.Inc()
	} else {
		metrics.SMTPRejected.WithLabelValues(r.Suggestions[0].Policy, r.Suggestions[0].Kind).Inc()
	}
	e := o.listener.event(r)
	o.events.Report(&e)
}

// Deferred implements smtp.Observer.
func (o *smtpObserver) Deferred() { o.metrics.Deferred.Inc() }

// LimitHit implements smtp.Observer.
func (o *smtpObserver) LimitHit(limit smtp.Limit) { o.metrics.LimitHit(limit) }

// Failed implements smtp.Observer.
func (o *smtpObserver) Failed(err error) { o.failures.add(err) }

// event returns the event for a refusal. It goes to the sinks of the best suggestion's policy or, without a suggestion, to those of
// the first policy that names the listener.
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
	if len(r.Suggestions) > 0 {
		e.Lookalike = r.Suggestions[0].Lookalike
		if r.Suggestions[0].Trial {
			e.Mode = policy.Monitor.String()
		}
	}
	c := l.named(e.Policy)
	e.To = c.sinkNames
	if c.Candidates {
		e.Candidates = otherSuggestions(r.Suggestions)
	}
	e.Client = c.mask.Apply(r.Client).String()
	return e
}

// otherSuggestions returns the suggestions after the first one, which the reply also names.
func otherSuggestions(suggestions []smtp.Suggestion) []event.Lookalike {
	var others []event.Lookalike
	for _, s := range suggestions[min(1, len(suggestions)):] {
		others = append(others, s.Lookalike)
	}
	return others
}
