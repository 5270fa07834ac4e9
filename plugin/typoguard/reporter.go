package typoguard

import (
	"fmt"
	"log/slog"
	"sync"

	clog "github.com/coredns/coredns/plugin/pkg/log"
	"golang.org/x/time/rate"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

const (
	// reportsWaiting is how many reports wait to be logged at most. What comes while that many wait is dropped.
	reportsWaiting = 256
	// reportsPerSecond, and reportsAtOnce after a quiet time, are how many are logged: a flood of refusals fills some 35 MB
	// of disk in a day. The others are counted in the next line.
	reportsPerSecond = 1
	reportsAtOnce    = 100
)

// report is something about the SMTP listeners to be logged: a refusal or a failure.
type report struct {
	refusal *smtp.Refusal
	failure error
}

// reporter logs reports, in a goroutine of its own, so that no session waits for the log.
type reporter struct {
	queue chan report
	done  sync.WaitGroup

	mu     sync.RWMutex
	closed bool // the queue is

	limit    *rate.Limiter
	unlogged int // since the last line
}

// newReporter returns a reporter that logs until it is closed.
func newReporter() *reporter {
	r := &reporter{
		queue: make(chan report, reportsWaiting),
		limit: rate.NewLimiter(reportsPerSecond, reportsAtOnce),
	}
	smtpUnlogged.Add(0)
	r.done.Go(r.run)
	return r
}

// report hands a report over. It never waits; the lock is held for longer than a moment by nobody.
func (r *reporter) report(next report) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		smtpUnlogged.Inc()
		return
	}
	select {
	case r.queue <- next:
	default:
		smtpUnlogged.Inc()
	}
}

// close logs what waits, and returns when nothing is logged any more. There may be no reporter.
func (r *reporter) close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.closed = true
	close(r.queue)
	r.mu.Unlock()
	r.done.Wait()
}

func (r *reporter) run() {
	for next := range r.queue {
		r.log(next)
	}
	if r.unlogged > 0 {
		log.Infof("Of the SMTP listeners %d more events were not logged", r.unlogged)
	}
}

// log logs a report, unless there were too many lately.
func (r *reporter) log(next report) {
	if !r.limit.Allow() {
		r.unlogged++
		smtpUnlogged.Inc()
		return
	}
	if next.failure != nil {
		log.Errorf("%v", next.failure)
		return
	}
	text, attributes := describeRefusal(next.refusal, r.unlogged)
	r.unlogged = 0
	clog.InfoAttrs("plugin/"+pluginName+": "+text, attributes...)
}

// describeRefusal returns a refusal as a line of text with all that matters, and as attributes, which are logged with
// CoreDNS's option -log-format=json only. Their names are those of the Elastic Common Schema where it has one.
func describeRefusal(r *smtp.Refusal, unlogged int) (string, []slog.Attr) {
	attributes := []slog.Attr{
		slog.String("plugin", pluginName),
		slog.String("event.action", "smtp-refused"),
		slog.String("event.id", r.ID),
		slog.String("client.ip", r.Client.String()),
		slog.Bool("tls.established", r.TLS),
		slog.String("typoguard.helo", r.Helo),
		slog.String("typoguard.sender", r.Sender),
		slog.String("typoguard.recipient", r.Recipient),
	}
	about := "looks like no protected suffix"
	if len(r.Suggestions) > 0 {
		s := r.Suggestions[0]
		about = fmt.Sprintf("looks like %s (%s, policy %s)", s.Intended, s.Kind, s.Policy)
		attributes = append(attributes,
			slog.String("rule.name", s.Policy),
			slog.String("typoguard.lookalike", r.Domain),
			slog.String("typoguard.intended", s.Intended),
			slog.String("typoguard.kind", s.Kind),
		)
	}
	security := "no TLS"
	if r.TLS {
		security = "TLS"
	}
	text := fmt.Sprintf("Refused mail from <%s> to <%s>, which %s: client %s (HELO %q, %s), id %s",
		r.Sender, r.Recipient, about, r.Client, r.Helo, security, r.ID)
	if unlogged > 0 {
		text += fmt.Sprintf(" (and %d events not logged before it)", unlogged)
		attributes = append(attributes, slog.Int("typoguard.unlogged", unlogged))
	}
	return text, attributes
}
