package sink

import (
	"net/netip"
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pool"
)

const (
	// HandoverSize is the maximum number of events that wait for the dispatcher.
	HandoverSize = 4096
	// maxWindows is the maximum number of events with an open window, and maxClients that of remembered clients: at most some fifty and
	// ten megabytes.
	maxWindows = 16384
	maxClients = 65536
	// dueInterval is how often the dispatcher checks whether events are due. Together with event.SettleTime it limits what a kill loses.
	dueInterval = 500 * time.Millisecond
	// restInterval is how long the dispatcher pauses after it has taken events. It would take four million queries for lookalikes per
	// second to fill the queue in that time.
	restInterval = time.Millisecond
)

// Config is a sink as it is configured.
type Config struct {
	// Name identifies the sink in events and metrics.
	Name string
	// Settings are the settings as given, and Secret those that must not be shown: two sinks of the same name are the same if both
	// are equal.
	Settings, Secret string
	// Open opens its target.
	Open func() (Target, error)
}

// Same reports whether two sinks of the same name have the same settings.
func (c *Config) Same(other *Config) bool {
	return c.Settings == other.Settings && c.Secret == other.Secret
}

// DispatcherObserver learns what happens to events. Its methods must not block.
type DispatcherObserver interface {
	// Sink returns the observer of a sink that is being opened.
	Sink(name string) Observer
	// SinkClosed is called for a sink that was removed or reconfigured.
	SinkClosed(name string)
	// HandoverDropped is called for an event that was lost because the dispatcher was too far behind.
	HandoverDropped()
	// Late is called for events that were lost because they were reported while the dispatcher was being closed.
	Late(events int)
	// NotConfigured is called for an event whose sink no longer exists.
	NotConfigured(name string)
	// NewClient is called for the first event of a client, as defined by event.Clients.
	NewClient(policy string)
	// CloseFailed is called for a sink that could not be closed properly.
	CloseFailed(name string, err error)
}

// Dispatcher takes events from the query path, folds repeats, and hands them to the sinks. A process has one, which outlives reloads, so
// that reloads neither lose events nor end windows; unchanged sinks stay open.
type Dispatcher struct {
	observer  DispatcherObserver
	incidents *event.Incidents
	events    chan *event.Event
	free      sync.Pool   // of *event.Event: copies, which need memory only while they wait
	control   chan func() // functions for the goroutine to call
	stop      chan struct{}
	done      sync.WaitGroup

	// The following fields belong to the goroutine.
	folder  *event.Folder
	clients *event.Clients
	sinks   pool.Pool[*Config, *openSink]
}

// openSink is a sink that is open.
type openSink struct {
	name  string
	queue *Queue
}

// NewDispatcher returns a running dispatcher without sinks. Close ends it.
func NewDispatcher(observer DispatcherObserver) *Dispatcher {
	d := &Dispatcher{
		observer:  observer,
		incidents: event.NewIncidents(),
		events:    make(chan *event.Event, HandoverSize),
		control:   make(chan func()),
		stop:      make(chan struct{}),
		folder:    event.NewFolder(maxWindows),
		clients:   event.NewClients(maxClients),
	}
	d.sinks = pool.Pool[*Config, *openSink]{Same: (*Config).Same, Open: d.openSink, Close: d.closeSink}
	d.done.Go(d.run)
	return d
}

// ID returns the id of what a client does about a name: that of a query is also that of the mail which the client then delivers to an SMTP
// listener. It never waits. A nil dispatcher does not remember when anything began.
func (d *Dispatcher) ID(client netip.Addr, name, policy string, now time.Time) string {
	if d == nil {
		return event.ID(client, name, policy, now)
	}
	return d.incidents.ID(client, name, policy, now)
}

// Report hands over a copy of a single occurrence of an event. It never blocks. On a nil dispatcher it does nothing.
func (d *Dispatcher) Report(e *event.Event) {
	if d == nil {
		return
	}
	waiting, ok := d.free.Get().(*event.Event)
	if !ok {
		waiting = new(event.Event)
	}
	*waiting = *e
	select {
	case d.events <- waiting:
	default:
		d.recycle(waiting)
		d.observer.HandoverDropped()
	}
}

// recycle makes room for another copy of an event.
func (d *Dispatcher) recycle(e *event.Event) {
	*e = event.Event{}
	d.free.Put(e)
}

// run takes events in batches: waking the goroutine for each event would cost the query path more than the event itself.
func (d *Dispatcher) run() {
	tick := time.NewTicker(dueInterval)
	defer tick.Stop()
	events, rest := d.events, (<-chan time.Time)(nil)
	for {
		select {
		case e := <-events:
			d.take(e)
			d.drain()
			events, rest = nil, time.After(restInterval)
		case <-rest:
			d.drain()
			events, rest = d.events, nil
		case now := <-tick.C:
			d.write(d.folder.Due(now)...)
		case do := <-d.control:
			do()
		case <-d.stop:
			d.drain()
			d.write(d.folder.Close()...)
			return
		}
	}
}

// drain takes the waiting events.
func (d *Dispatcher) drain() {
	for {
		select {
		case e := <-d.events:
			d.take(e)
		default:
			return
		}
	}
}

// take takes a waiting event.
func (d *Dispatcher) take(e *event.Event) {
	d.add(e)
	d.recycle(e)
}

// add takes an event from the query path. Mail to a domain that looks like nothing is not folded: it has nothing to do with any query.
func (d *Dispatcher) add(e *event.Event) {
	if e.SMTP == nil && !d.folder.HasQuery(e.ID) && e.Client != "" {
		if e.NewClient = d.clients.Record(e.Policy, e.Client, e.First); e.NewClient {
			d.observer.NewClient(e.Policy)
		}
	}
	if (e.SMTP != nil && e.Policy == "") || !d.folder.Add(e) {
		d.write(event.Single(e))
	}
}

// write hands events to their sinks.
func (d *Dispatcher) write(events ...*event.Event) {
	for _, e := range events {
		for _, name := range e.To {
			if s, ok := d.sinks.Get(name); ok {
				s.queue.Add(e)
			} else {
				d.observer.NotConfigured(name)
			}
		}
	}
}

// Configure opens and closes sinks until the wanted ones, by name, are open. It opens new ones before it closes old ones, so that there
// is a sink for every event. It returns when the old ones are closed, with the errors of those that cannot be opened.
func (d *Dispatcher) Configure(wanted map[string]*Config) error {
	var gone []*openSink
	var err error
	applied := make(chan struct{})
	d.control <- func() {
		defer close(applied)
		gone = d.sinks.Retain(wanted)
		for _, s := range gone {
			d.observer.SinkClosed(s.name)
		}
		err = d.sinks.OpenMissing(wanted)
	}
	<-applied
	d.sinks.CloseAll(gone)
	return err
}

// Close writes the waiting events, ends the goroutine, and closes all sinks, which takes time if one fails. What is reported meanwhile,
// because the server still answers, is lost, and counted.
func (d *Dispatcher) Close() {
	close(d.stop)
	d.done.Wait()
	d.sinks.CloseAll(d.sinks.Retain(nil))
	if late := len(d.events); late > 0 {
		d.observer.Late(late)
	}
}

func (d *Dispatcher) openSink(c *Config) (*openSink, error) {
	target, err := c.Open()
	if err != nil {
		return nil, err
	}
	return &openSink{c.Name, NewQueue(target, d.observer.Sink(c.Name))}, nil
}

func (d *Dispatcher) closeSink(s *openSink) {
	if err := s.queue.Close(); err != nil {
		d.observer.CloseFailed(s.name, err)
	}
}
