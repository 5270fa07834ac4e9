package typoguard

import (
	"strings"

	"github.com/coredns/coredns/plugin"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// handover is the sink in metrics of events that the query path could not hand over at all.
const handover = "handover"

// The metrics of events. A sink is known by its name: "log", the path of a file, the address of a syslog server, or the DSN
// of a history without its password.
var (
	eventsWritten = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "events_written_total",
		Help:      "Counter of events written, by sink. An event that repeats is written twice.",
	}, []string{"sink"})
	eventsDropped = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "events_dropped_total",
		Help:      "Counter of events lost because too many were waiting for a sink.",
	}, []string{"sink"})
	eventsErrors = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "events_errors_total",
		Help:      "Counter of failed attempts to write events, by sink. Events that could not be written are queued and retried.",
	}, []string{"sink"})
	eventsSinkUp = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "events_sink_up",
		Help:      "Whether the last attempt to write events to a sink succeeded (1) or failed (0).",
	}, []string{"sink"})
	newClients = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "new_clients_total",
		Help:      "Counter of clients that asked for a lookalike of a policy for the first time in seven days, or since the start.",
	}, []string{"policy"})
)

// sinkObserver counts what becomes of events at one sink, and logs when it begins and ceases to fail.
type sinkObserver struct {
	name                     string
	written, dropped, errors prometheus.Counter
	up                       prometheus.Gauge
	failing                  bool
}

// type check
var _ sink.Observer = (*sinkObserver)(nil)

// newSinkObserver returns the observer of a sink. Its series exist from then on.
func newSinkObserver(name string) *sinkObserver {
	o := &sinkObserver{
		name:    name,
		written: eventsWritten.WithLabelValues(name),
		dropped: eventsDropped.WithLabelValues(name),
		errors:  eventsErrors.WithLabelValues(name),
		up:      eventsSinkUp.WithLabelValues(name),
	}
	o.up.Set(1)
	return o
}

// Written implements sink.Observer.
func (o *sinkObserver) Written(events int) { o.written.Add(float64(events)) }

// Dropped implements sink.Observer.
func (o *sinkObserver) Dropped(events int) { o.dropped.Add(float64(events)) }

// Failed implements sink.Observer.
func (o *sinkObserver) Failed(err error) {
	o.errors.Inc()
	o.up.Set(0)
	if !o.failing {
		o.failing = true
		reason := strings.Join(strings.Fields(err.Error()), " ") // those of databases have lines
		log.Errorf("events: writing to %s failed, keeping up to %d events and retrying: %s", o.name, sink.Waiting, reason)
	}
}

// Recovered implements sink.Observer.
func (o *sinkObserver) Recovered() {
	o.failing = false
	o.up.Set(1)
	log.Infof("events: writing to %s again", o.name)
}

// beginEvents makes the series of a policy and of the hand-over exist, at zero.
func beginEvents(policy string) {
	newClients.WithLabelValues(policy)
	eventsDropped.WithLabelValues(handover)
}

// eventMetrics counts what becomes of events.
type eventMetrics struct{}

// type check
var _ sink.DispatcherObserver = eventMetrics{}

// Sink implements sink.DispatcherObserver.
func (eventMetrics) Sink(name string) sink.Observer { return newSinkObserver(name) }

// SinkClosed implements sink.DispatcherObserver.
func (eventMetrics) SinkClosed(name string) { eventsSinkUp.DeleteLabelValues(name) }

// HandoverDropped implements sink.DispatcherObserver.
func (eventMetrics) HandoverDropped() { eventsDropped.WithLabelValues(handover).Inc() }

// NotConfigured implements sink.DispatcherObserver. After a reload a sink that is gone counts like one that is full.
func (eventMetrics) NotConfigured(name string) { eventsDropped.WithLabelValues(name).Inc() }

// NewClient implements sink.DispatcherObserver.
func (eventMetrics) NewClient(policy string) { newClients.WithLabelValues(policy).Inc() }

// CloseFailed implements sink.DispatcherObserver.
func (eventMetrics) CloseFailed(name string, err error) {
	log.Errorf("events: closing %s: %v", name, err)
}
