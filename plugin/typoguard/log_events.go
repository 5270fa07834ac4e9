package typoguard

import (
	"context"

	"golang.org/x/time/rate"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

const (
	// logSink is the name of CoreDNS's log as a sink.
	logSink = "log"
	// eventsPerSecond limits the events in the log, with eventsAtOnce after a quiet period: we cannot rotate this log, and a flood
	// would fill the disk. Ten per second are some 200 MB per day.
	eventsPerSecond = 10
	eventsAtOnce    = 1000
)

// logTarget writes events to CoreDNS's log: as text with everything important in the message, or with CoreDNS's option
// -log-format=json as fields. Events above the rate limit are counted as dropped.
type logTarget struct {
	host     string
	limit    *rate.Limiter
	unlogged int // since the last line
}

// type check
var _ sink.Target = (*logTarget)(nil)

func newLogTarget() (sink.Target, error) {
	return &logTarget{host: sink.Hostname(), limit: rate.NewLimiter(eventsPerSecond, eventsAtOnce)}, nil
}

// Write implements sink.Target. It never fails.
func (l *logTarget) Write(_ context.Context, events []*event.Event) (int, error) {
	for _, e := range events {
		if !l.limit.Allow() {
			l.unlogged++
			metrics.EventsDropped.WithLabelValues(logSink).Inc()
			continue
		}
		l.warn()
		logAttributes(e.Message(), e.Attributes(l.host))
	}
	return len(events), nil
}

// Close implements sink.Target.
func (l *logTarget) Close() error {
	l.warn()
	return nil
}

// warn logs how many events were not logged since the last one that was.
func (l *logTarget) warn() {
	if l.unlogged > 0 {
		log.Warningf("events: %d not logged because there were too many at once", l.unlogged)
		l.unlogged = 0
	}
}
