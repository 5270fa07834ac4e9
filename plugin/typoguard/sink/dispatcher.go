package sink

import (
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pool"
)

const (
	// HandoverSize is how many events the query path can be ahead of the dispatcher.
	HandoverSize = 4096
	// maxWindows is how many events may have their window open, and maxClients how many clients are remembered: some
	// ten megabytes each at most.
	maxWindows = 16384
	maxClients = 65536
	// dueInterval is how often the dispatcher looks whether events are due. With event.SettleTime it bounds what a kill loses.
	dueInterval = 500 * time.Millisecond
	// restInterval is how long the dispatcher takes no events after it has taken some. Four million queries for lookalikes a
	// second would fill the queue meanwhile.
	restInterval = time.Millisecond
)

// Config is a sink as it is configured.
type Config struct {
	// Name is what the events and the metrics call it.
	Name string
	// Settings are its settings as they were given, and Secret those that must not be shown: two sinks of the same name are
	// the same if both are equal.
	Settings, Secret string
	// Open opens its target.
	Open func() (Target, error)
}

// Same reports whether two sinks of the same name have the same settings.
func (c *Config) Same(other *Config) bool {
	return c.Settings == other.Settings && c.Secret == other.Secret
}

// DispatcherObserver is told what becomes of events. Its methods must not wait.
type DispatcherObserver interface {
	// Sink returns the observer of a sink that is opened.
	Sink(name string) Observer
	// SinkClosed is called for a sink that is no longer configured as it was.
	SinkClosed(name string)
	// HandoverDropped is called for an event that was lost because the dispatcher was too far behind.
	HandoverDropped()
	// NotConfigured is called for an event whose sink does not exist any more.
	NotConfigured(name string)
	// NewClient is called for the first event of a client, as event.Clients has it.
	NewClient(policy string)
	// CloseFailed is called for a sink that could not be closed properly.
	CloseFailed(name string, err error)
}

// Dispatcher takes events from the query path, folds repeats, and hands them to the sinks. A process has one over all reloads,
// which thus neither lose events nor end windows; sinks that stay as they are stay open.
type Dispatcher struct {
	observer DispatcherObserver
	events   chan event.Event
	control  chan func() // run by the goroutine
	stop     chan struct{}
	done     sync.WaitGroup

	// What follows is the goroutine's.
	folder  *event.Folder
	clients *event.Clients
	sinks   pool.Pool[*Config, *openSink]
}

// openSink is a sink that is open.
type openSink struct {
	name  string
	queue *Queue
}

// NewDispatcher returns a dispatcher without sinks, which runs until it is closed.
func NewDispatcher(observer DispatcherObserver) *Dispatcher {
	d := &Dispatcher{
		observer: observer,
		events:   make(chan event.Event, HandoverSize),
		control:  make(chan func()),
		stop:     make(chan struct{}),
		folder:   event.NewFolder(maxWindows),
		clients:  event.NewClients(maxClients),
	}
	d.sinks = pool.Pool[*Config, *openSink]{Same: (*Config).Same, Open: d.openSink, Close: d.closeSink}
	d.done.Go(d.run)
	return d
}

// Report hands over an event that happened once. It never waits. A nil dispatcher takes it, too, and does nothing.
func (d *Dispatcher) Report(e *event.Event) {
	if d == nil {
		return
	}
	select {
	case d.events <- *e:
	default:
		d.observer.HandoverDropped()
	}
}

// run takes events in batches: a goroutine that waited for each would have to be woken by each, which costs the query path
// more than the event does.
func (d *Dispatcher) run() {
	tick := time.NewTicker(dueInterval)
	defer tick.Stop()
	events, rest := d.events, (<-chan time.Time)(nil)
	for {
		select {
		case e := <-events:
			d.add(&e)
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

// drain takes the events that wait.
func (d *Dispatcher) drain() {
	for {
		select {
		case e := <-d.events:
			d.add(&e)
		default:
			return
		}
	}
}

// add takes an event from the query path. Only queries are folded: what an SMTP listener refuses has an id of its own.
func (d *Dispatcher) add(e *event.Event) {
	if e.SMTP == nil && !d.folder.Has(e.ID) && e.Client != "" {
		if e.NewClient = d.clients.Record(e.Policy, e.Client, e.First); e.NewClient {
			d.observer.NewClient(e.Policy)
		}
	}
	if e.SMTP != nil || !d.folder.Add(e) {
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

// Configure makes the sinks those that are configured, by name. New ones are open before old ones are closed, so that there is
// one for every event. It returns when the old ones are closed, with the errors of those that cannot be opened.
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

// Close writes the events that wait, and returns when nothing is written any more. Events that are reported later are lost.
func (d *Dispatcher) Close() {
	close(d.stop)
	d.done.Wait()
	d.sinks.CloseAll(d.sinks.Retain(nil))
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
