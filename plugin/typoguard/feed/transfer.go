package feed

import (
	"context"
	"errors"

	"github.com/miekg/dns"
)

// batch is the number of records that are handed over at once.
const batch = 100

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
	records  recorder
	pending  []dns.RR
}

// transferFrom returns the transfer from a serial. The caller must hold the lock, and release the transfer.
func (f *Feed) transferFrom(serial uint32) *transfer {
	x := &transfer{version: f.current, records: recorder{zone: f.current.zone}}
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
	return s.each(func(r row) error { return x.add(x.records.record(r, s.prototypes[r.kind])) })
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
