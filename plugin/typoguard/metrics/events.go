package metrics

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// handover is the value of the label sink for events that the query path could not hand over.
const handover = "handover"

// The metrics of events. The label sink is "log", the path of a file, the address of a syslog server, the name of a webhook, or the DSN of a history
// without its password.
var (
	EventsWritten = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "events_written_total",
		Help:      "Counter of events written, by sink. An event that repeats is written twice.",
	}, []string{"sink"})
	EventsDropped = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "events_dropped_total",
		Help:      "Counter of events lost because too many were waiting for a sink.",
	}, []string{"sink"})
	EventsErrors = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "events_errors_total",
		Help:      "Counter of failed attempts to write events, by sink. Events that could not be written are queued and retried.",
	}, []string{"sink"})
	EventsSinkUp = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "events_sink_up",
		Help:      "Whether the last attempt to write events to a sink succeeded (1) or failed (0).",
	}, []string{"sink"})
	HistoryDamaged = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "history_damaged_total",
		Help:      "Counter of damage that was found in databases, by history: they were set aside, or the end of their write-ahead log was lost.",
	}, []string{"sink"})
	NewClients = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "new_clients_total",
		Help:      "Counter of clients that queried a lookalike of a policy for the first time in seven days, or since the start.",
	}, []string{"policy"})
)

// sinkObserver counts what happens to events at one sink, and logs when the sink starts and stops failing.
type sinkObserver struct {
	name                     string
	logger                   *slog.Logger
	written, dropped, errors prometheus.Counter
	up                       prometheus.Gauge
	failing                  bool
}

// type check
var _ sink.Observer = (*sinkObserver)(nil)

// newSinkObserver returns the observer of a sink, and creates its series.
func newSinkObserver(name string, logger *slog.Logger) *sinkObserver {
	o := &sinkObserver{
		name:    name,
		logger:  logger,
		written: EventsWritten.WithLabelValues(name),
		dropped: EventsDropped.WithLabelValues(name),
		errors:  EventsErrors.WithLabelValues(name),
		up:      EventsSinkUp.WithLabelValues(name),
	}
	o.up.Set(1)
	return o
}

// Written implements sink.Observer.
func (o *sinkObserver) Written(events int) { o.written.Add(float64(events)) }

// Dropped implements sink.Observer.
func (o *sinkObserver) Dropped(events int) { o.dropped.Add(float64(events)) }

// Abandoned implements sink.Observer. The log says it as well, because the process may end before anybody reads the metric.
func (o *sinkObserver) Abandoned(events int) {
	o.dropped.Add(float64(events))
	o.logger.Error(fmt.Sprintf("events: %d events for %s were lost: they could not be written before it was closed", events, o.name))
}

// Failed implements sink.Observer.
func (o *sinkObserver) Failed(err error) {
	o.errors.Inc()
	o.up.Set(0)
	if !o.failing {
		o.failing = true
		reason := strings.Join(strings.Fields(err.Error()), " ") // errors of databases have several lines
		o.logger.Error(fmt.Sprintf("events: writing to %s failed, keeping up to %d events and retrying: %s", o.name, sink.QueueSize, reason))
	}
}

// Recovered implements sink.Observer.
func (o *sinkObserver) Recovered() {
	o.failing = false
	o.up.Set(1)
	o.logger.Info(fmt.Sprintf("events: writing to %s again", o.name))
}

// History counts what happens to a history.
type History struct{ damaged prometheus.Counter }

// NewHistory returns the counter of a history, and creates its series.
func NewHistory(name string) *History { return &History{HistoryDamaged.WithLabelValues(name)} }

// Damaged implements historyconfig.Observer.
func (h *History) Damaged() { h.damaged.Inc() }

// Events counts what happens to events, and logs when a sink fails.
type Events struct{ Logger *slog.Logger }

// type check
var _ sink.DispatcherObserver = Events{}

// Sink implements sink.DispatcherObserver.
func (e Events) Sink(name string) sink.Observer { return newSinkObserver(name, e.Logger) }

// SinkClosed implements sink.DispatcherObserver.
func (Events) SinkClosed(name string) { EventsSinkUp.DeleteLabelValues(name) }

// HandoverDropped implements sink.DispatcherObserver.
func (Events) HandoverDropped() { EventsDropped.WithLabelValues(handover).Inc() }

// Late implements sink.DispatcherObserver. The log says it as well, because the process ends.
func (e Events) Late(events int) {
	EventsDropped.WithLabelValues(handover).Add(float64(events))
	e.Logger.Error(fmt.Sprintf("events: %d queries for lookalikes were not reported: they were answered while the process ended", events))
}

// NotConfigured implements sink.DispatcherObserver. A sink that a reload removed counts like one that is full.
func (Events) NotConfigured(name string) { EventsDropped.WithLabelValues(name).Inc() }

// NewClient implements sink.DispatcherObserver.
func (Events) NewClient(policy string) { NewClients.WithLabelValues(policy).Inc() }

// CloseFailed implements sink.DispatcherObserver.
func (e Events) CloseFailed(name string, err error) {
	e.Logger.Error(fmt.Sprintf("events: closing %s: %v", name, err))
}
