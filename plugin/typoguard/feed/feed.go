// Package feed serves policies as a live response policy zone (RPZ): other resolvers, as secondaries of the zone, get each change of it.
//
// A zone may have millions of rows, so that none is kept in memory. One goroutine makes each version of the zone once (build.go), in a file (spool.go),
// with the hashes of its rows in another one (hashes.go). By these it finds the rows that differ from the last version (delta.go). Transfers
// read the files (transfer.go), at the pace of each client, and only some at a time (admit.go).
//
// The package knows nothing of CoreDNS: who may have a transfer is not its business.
package feed

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

// Observer counts what happens to a feed.
type Observer interface {
	// Built tells of a new version, and how long it took to make.
	Built(rows int, serial uint32, took time.Duration)
	// Failed tells that a version could not be made. The last one stays.
	Failed()
	// Polled tells that somebody has asked for the serial.
	Polled()
	// Transferred tells how a transfer has begun, or that it has not.
	Transferred(result Result)
}

// Result says what a client that asks for a transfer gets.
type Result string

// The results.
const (
	Whole     Result = "axfr"
	Changes   Result = "ixfr"
	UpToDate  Result = "current"
	Rejected  Result = "refused" // by another plugin, or because there are too many
	Cancelled Result = "aborted" // after its begin
)

// Results returns all results.
func Results() []Result { return []Result{Whole, Changes, UpToDate, Rejected, Cancelled} }

// Input is what a version of a zone is made from.
type Input struct {
	// Estimate returns about how many rows there are, in less time than it takes to make them.
	Estimate func() int
	// Each calls visit with every rule of the zone.
	Each func(visit func(*rows.Rule) error) (rows.LeftOut, error)
	// Time is the newest of the inputs' times, which becomes the serial.
	Time time.Time
}

// Config is the configuration of a feed.
type Config struct {
	// Zone is in lower case and with the final dot. Dir is where the versions are, and the last serial if Remembers.
	Zone, Dir string
	Remembers bool
	// MaxRows is the most rows that the zone may have.
	MaxRows int
	// Expire is how long secondaries keep the zone when they cannot reach this server, and TTL that of the zone's own records, in seconds.
	Expire time.Duration
	TTL    uint32
	// Input returns what the next version is made from. It is called by the feed's goroutine.
	Input func() (*Input, error)
	// Notify tells the secondaries of a new version. It ends soon after its context.
	Notify   func(context.Context) error
	Observer Observer
	Logger   *slog.Logger
}

const (
	// minRetry and maxRetry are the first and the longest pause before a version that could not be made is tried again: the disk may have
	// been full.
	minRetry, maxRetry = 30 * time.Second, 10 * time.Minute
)

// Feed is a zone that is served to secondaries. Its methods are safe for concurrent use.
type Feed struct {
	slots chan struct{} // of transfers under way
	turn  sync.Mutex    // held from the admission of a client to the begin of its transfer

	mu      sync.Mutex
	config  Config
	current *version // nil before the first
	deltas  []*delta // that lead to it, the oldest first
	clients map[string]*clientSlots
	waiting *Ticket // of the transfer that begins next

	last   *state        // belongs to the goroutine
	stall  time.Duration // how long a client may not read, and wait how long one waits for its turn
	wait   time.Duration
	wake   chan struct{}
	notify chan struct{}
	ctx    context.Context //nolint:containedctx // of the goroutines and transfers
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// version is one version of the zone.
type version struct {
	apex
	*zoneSpool
}

// Open starts making the zone.
func Open(c Config) (*Feed, error) {
	f := &Feed{
		config: c, slots: make(chan struct{}, maxTransfers), clients: map[string]*clientSlots{},
		wake: make(chan struct{}, 1), notify: make(chan struct{}, 1), stall: maxStall, wait: maxWait,
	}
	if c.Remembers {
		last, err := readState(statePath(c.Dir, c.Zone))
		if err != nil {
			return nil, err
		}
		f.last = last
	}
	probe, err := tempFile(c.Dir) // a directory that cannot be written must not be found out in the background
	if err != nil {
		return nil, err
	}
	if err := probe.Close(); err != nil {
		return nil, err
	}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.done.Go(f.run)
	f.done.Go(f.notifyAll)
	f.Wake()
	return f, nil
}

// Configure gives the feed another configuration, with the same zone and directory, by which it makes a new version.
func (f *Feed) Configure(c Config) {
	f.mu.Lock()
	f.config = c
	f.mu.Unlock()
	f.Wake()
}

// Zone returns the name of the zone.
func (f *Feed) Zone() string { return f.settings().Zone }

// Wake tells the feed that something may have changed. It never waits.
func (f *Feed) Wake() { signal(f.wake) }

// Close stops the feed and all transfers of it.
func (f *Feed) Close() {
	f.mu.Lock()
	f.cancel() // no transfer begins from now on
	f.mu.Unlock()
	f.done.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.current != nil {
		f.current.close()
		f.current = nil
	}
	f.dropDeltas()
}

// signal sends a signal unless one is pending.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// run makes a version whenever something may have changed, and again if that fails.
func (f *Feed) run() {
	var again <-chan time.Time
	pause := minRetry
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-f.wake:
		case <-again:
		}
		c := f.settings()
		err := f.build(&c)
		if f.ctx.Err() != nil {
			return
		}
		again = nil
		if err == nil {
			pause = minRetry
			continue
		}
		c.Observer.Failed()
		c.Logger.Error("feed: keeping the last version", "zone", c.Zone, "error", err)
		if errors.Is(err, errTooMany) { // until the inputs are others
			continue
		}
		again = time.After(pause)
		pause = min(2*pause, maxRetry)
	}
}

// settings returns the configuration.
func (f *Feed) settings() Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.config
}

// notifyAll tells the secondaries of new versions. It is not the goroutine that makes them: a secondary that does not answer takes seconds.
func (f *Feed) notifyAll() {
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-f.notify:
		}
		c := f.settings()
		if err := c.Notify(f.ctx); err != nil && f.ctx.Err() == nil {
			c.Logger.Warn("feed: a secondary was not notified", "zone", c.Zone, "error", err)
		}
	}
}

// Reply returns the answer to a query about the zone itself, or nil if there is no version yet.
func (f *Feed) Reply(r *dns.Msg) *dns.Msg {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.current == nil {
		return nil
	}
	if r.Question[0].Qtype == dns.TypeSOA {
		f.config.Observer.Polled()
	}
	return f.current.reply(r)
}
