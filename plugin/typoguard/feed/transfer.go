package feed

import (
	"context"
	"errors"
	"time"

	"github.com/miekg/dns"
)

const (
	// maxTransfers and maxPerClient are the numbers of transfers at the same time, of a zone and to one client.
	maxTransfers, maxPerClient = 4, 2
	// maxWait is how long a client waits for others.
	maxWait = 10 * time.Second
	// maxStall is how long a client may take to read one message, of 64 KB at most, before it is disconnected.
	maxStall = 20 * time.Second
	// batch is the number of records that are handed over at once.
	batch = 100
)

// Ticket is the admission of a client to one transfer.
type Ticket struct {
	dns.ResponseWriter

	feed   *Feed
	client string
	own    chan struct{}   // the slots of the client
	ctx    context.Context //nolint:containedctx // of the transfer
	cancel context.CancelFunc
}

var errBusy = errors.New("too many transfers at the same time")

// Admit admits a client to a transfer, which must begin before anything else is done, or end. The ticket is the writer of the reply.
func (f *Feed) Admit(client string, w dns.ResponseWriter) (*Ticket, error) {
	own := f.slotsOf(client)
	if !f.awaitSlots(own) {
		f.leave(client)
		f.settings().Observer.Transferred(Rejected)
		return nil, errBusy
	}
	t := &Ticket{ResponseWriter: w, feed: f, client: client, own: own}
	t.ctx, t.cancel = context.WithCancel(f.ctx)
	f.turn.Lock()
	f.mu.Lock()
	f.waiting = t
	f.mu.Unlock()
	return t, nil
}

// clientSlots are the transfers of a client, under way or waiting.
type clientSlots struct {
	slots chan struct{}
	users int
}

// awaitSlots waits until fewer transfers than the most are under way, to the client and in all. It reports false if that takes too long.
func (f *Feed) awaitSlots(own chan struct{}) bool {
	timer := time.NewTimer(f.wait)
	defer timer.Stop()
	if !f.await(own, timer.C) {
		return false
	}
	if !f.await(f.slots, timer.C) {
		<-own
		return false
	}
	return true
}

// await takes a slot. It reports false if there is none before the timer fires, or the feed ends.
func (f *Feed) await(slots chan struct{}, timeout <-chan time.Time) bool {
	select {
	case slots <- struct{}{}:
		return true
	case <-timeout:
	case <-f.ctx.Done():
	}
	return false
}

// slotsOf returns the slots of a client, who leaves them in the end.
func (f *Feed) slotsOf(client string) chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.clients[client]
	if s == nil {
		s = &clientSlots{slots: make(chan struct{}, maxPerClient)}
		f.clients[client] = s
	}
	s.users++
	return s.slots
}

// leave forgets the slots of a client that has no other transfer.
func (f *Feed) leave(client string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.clients[client]; s.users > 1 {
		s.users--
	} else {
		delete(f.clients, client)
	}
}

// End ends the transfer, whether it has begun or not, and whether it is complete or not.
func (t *Ticket) End() {
	t.cancel()
	t.feed.mu.Lock()
	waits := t.feed.waiting == t
	if waits {
		t.feed.waiting = nil
	}
	t.feed.mu.Unlock()
	if waits {
		t.feed.settings().Observer.Transferred(Rejected)
		t.feed.turn.Unlock()
	}
	<-t.feed.slots
	<-t.own
	t.feed.leave(t.client)
}

// WriteMsg implements dns.ResponseWriter. A client that does not read is disconnected: nobody else sets a limit.
func (t *Ticket) WriteMsg(m *dns.Msg) error {
	m.Authoritative = m.Authoritative || m.Rcode == dns.RcodeSuccess // the reply to a secondary that is up to date, too
	aborted := make(chan struct{})
	timer := time.AfterFunc(t.feed.stall, func() {
		t.abort()
		close(aborted)
	})
	err := t.ResponseWriter.WriteMsg(m)
	if !timer.Stop() {
		<-aborted
	}
	return err
}

// abort disconnects the client.
func (t *Ticket) abort() {
	t.cancel()
	_ = t.Close() // it may already be closed
}

// Transfer begins the transfer of the client that was admitted last, from the version with a serial, or of the whole zone if that is 0. The
// channel is closed at the end of the transfer, complete or not.
func (f *Feed) Transfer(serial uint32) (<-chan []dns.RR, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.waiting
	if t == nil {
		return nil, errors.New("no client was admitted to a transfer")
	}
	f.waiting = nil
	f.turn.Unlock()
	if f.current == nil || f.ctx.Err() != nil {
		f.config.Observer.Transferred(Rejected)
		return nil, errors.New("the zone is not complete yet")
	}
	x := f.transferFrom(serial)
	f.config.Observer.Transferred(x.result())
	x.out, x.ctx, x.observer = make(chan []dns.RR), t.ctx, f.config.Observer
	f.done.Go(func() {
		defer close(x.out)
		defer x.release()
		err := x.send()
		if err != nil {
			x.observer.Transferred(Cancelled)
		}
		if err != nil && t.ctx.Err() == nil { // what has been sent must not pass for the whole
			t.abort()
		}
	})
	return x.out, nil
}

// transfer is one transfer.
type transfer struct {
	version *version
	deltas  []*delta // of an incremental one
	current bool     // the client has the version already

	ctx      context.Context //nolint:containedctx // of the transfer
	out      chan []dns.RR
	observer Observer
	pending  []dns.RR
}

// transferFrom returns the transfer from a serial. The caller must hold the lock, and release the transfer.
func (f *Feed) transferFrom(serial uint32) *transfer {
	x := &transfer{version: f.current}
	f.current.use()
	if serial == 0 {
		return x
	}
	if !isNewer(f.current.serial, serial) {
		x.current = true
		return x
	}
	for i, d := range f.deltas {
		if d.from.serial == serial {
			x.deltas = f.deltas[i:]
		}
	}
	changed := 0
	for _, d := range x.deltas {
		changed += d.rows()
	}
	if changed > f.current.rows { // the whole zone is less
		x.deltas = nil
	}
	for _, d := range x.deltas {
		d.use()
	}
	return x
}

func (x *transfer) result() Result {
	switch {
	case x.current:
		return UpToDate
	case len(x.deltas) > 0:
		return Changes
	}
	return Whole
}

func (x *transfer) release() {
	x.version.release()
	for _, d := range x.deltas {
		d.release()
	}
}

// send sends the records (RFC 5936, RFC 1995).
func (x *transfer) send() error {
	if err := x.add(x.version.soa()); err != nil || x.current {
		return errors.Join(err, x.flush())
	}
	if len(x.deltas) == 0 {
		if err := errors.Join(x.add(x.version.ns(), x.version.txt()), x.addAll(x.version.spool)); err != nil {
			return err
		}
	}
	for i, d := range x.deltas {
		to := &x.version.apex
		if i+1 < len(x.deltas) {
			to = &x.deltas[i+1].from
		}
		if err := x.addDelta(d, to); err != nil {
			return err
		}
	}
	return errors.Join(x.add(x.version.soa()), x.flush())
}

// addDelta sends the changes from a version to the next.
func (x *transfer) addDelta(d *delta, to *apex) error {
	before, after := []dns.RR{d.from.soa(), d.from.txt()}, []dns.RR{to.soa(), to.txt()}
	if d.from.ttl != to.ttl {
		before, after = append(before, d.from.ns()), append(after, to.ns())
	}
	for _, part := range []struct {
		own []dns.RR
		*spool
	}{{before, d.removed}, {after, d.added}} {
		if err := x.add(part.own...); err != nil {
			return err
		}
		if err := x.addAll(part.spool); err != nil {
			return err
		}
	}
	return nil
}

// addAll sends the records of a spool.
func (x *transfer) addAll(s *spool) error {
	return s.each(func(r row) error { return x.add(r.record(s.prototypes[r.kind], x.version.zone)) })
}

// add adds records to those that are handed over next.
func (x *transfer) add(records ...dns.RR) error {
	if x.pending = append(x.pending, records...); len(x.pending) < batch {
		return nil
	}
	return x.flush()
}

// flush hands over records. It waits for the client.
func (x *transfer) flush() error {
	if len(x.pending) == 0 {
		return nil
	}
	select {
	case x.out <- x.pending:
		x.pending = make([]dns.RR, 0, batch)
		return nil
	case <-x.ctx.Done():
		return x.ctx.Err()
	}
}

// Request returns a request for a transfer of a zone, AXFR or IXFR.
func Request(zone string, qtype uint16) *dns.Msg {
	if qtype == dns.TypeIXFR {
		return new(dns.Msg).SetIxfr(zone, 0, ".", ".")
	}
	return new(dns.Msg).SetAxfr(zone)
}
