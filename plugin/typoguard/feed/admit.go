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
	// rest is how many times as long as it took to write a message a transfer rests before the next, for each transfer under way, and maxWork
	// the most that counts. With what it takes to make its records, all transfers together keep one processor busy for less than half of the time: a
	// query that arrives while all processors are busy may wait for 10 ms until Go's runtime looks for it.
	rest    = 4
	maxWork = 500 * time.Microsecond
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
	began := time.Now()
	err := t.ResponseWriter.WriteMsg(m)
	took := time.Since(began)
	if !timer.Stop() {
		<-aborted
	}
	t.rest(took)
	return err
}

// rest makes room for queries after a message.
func (t *Ticket) rest(took time.Duration) {
	timer := time.NewTimer(rest * min(took, maxWork) * time.Duration(len(t.feed.slots)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.ctx.Done():
	}
}

// abort disconnects the client.
func (t *Ticket) abort() {
	t.cancel()
	_ = t.Close() // it may already be closed
}
