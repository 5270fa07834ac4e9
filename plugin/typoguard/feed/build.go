package feed

import (
	"errors"
	"fmt"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

// errTooMany says that a version would have more rows than are allowed.
var errTooMany = errors.New("too many rows")

// roughly is how far the number of rows may be from the estimate.
const roughly = 0.05

// build makes a version, and puts it in force if it differs from the last.
func (f *Feed) build(c *Config) error {
	began := time.Now()
	in, err := c.Input()
	if err != nil {
		return err
	}
	z, err := f.write(c, in)
	if err != nil {
		return err
	}
	next, forced := f.last.next(uint32(in.Time.Unix()), z.sum)
	if forced {
		c.Logger.Info("feed: the rows have changed, but their files are no newer; the serial is one more than the last", "zone", c.Zone, "serial", next.serial)
	}
	v := &version{apex{c.Zone, next.serial, c.Expire, c.TTL, z.sum}, z}
	if f.current != nil && f.current.apex == v.apex {
		z.close()
		c.Observer.Built(z.rows, next.serial, time.Since(began))
		return nil
	}
	if f.current != nil && f.current.serial == v.serial { // other settings of the zone itself
		v.serial++
		next.serial++
	}
	d, err := f.deltaTo(c, v)
	if err != nil {
		z.close()
		return err
	}
	if c.Remembers {
		if err := next.write(statePath(c.Dir, c.Zone)); err != nil { // a restart may then go back in serials, but the rows are right
			c.Logger.Error("feed: the serial cannot be remembered", "zone", c.Zone, "error", err)
		}
	}
	f.last = &next
	f.put(v, d)
	c.Observer.Built(z.rows, v.serial, time.Since(began))
	c.Logger.Info("feed: new version", "zone", c.Zone, "serial", v.serial, "rows", z.rows)
	signal(f.notify)
	return nil
}

// write writes the rows of a version.
func (f *Feed) write(c *Config, in *Input) (*zoneSpool, error) {
	if !f.hasRoom(c) {
		if about := in.Estimate(); float64(about)*(1-roughly) > float64(c.MaxRows) {
			return nil, fmt.Errorf("%w, about %d; expected at most %d (max_rows)", errTooMany, about, c.MaxRows)
		}
	}
	w, err := newSpool(c.Dir)
	if err != nil {
		return nil, err
	}
	s := &sorter{dir: c.Dir, pace: pace.New(f.ctx)}
	defer s.close()
	z := &zoneSpool{spool: w.spool}
	err = f.writeRows(c, in, w, s)
	if err == nil {
		err = w.w.Flush()
	}
	if err == nil {
		z.hashes, z.sum, err = s.sorted()
	}
	if err != nil {
		w.release()
		return nil, err
	}
	return z, nil
}

// hasRoom reports whether the last version has so few rows that the next will hardly have too many. An estimate takes a second, in which a change
// of lists would not be in effect; without one, what is too much is found out when that many rows are made.
func (f *Feed) hasRoom(c *Config) bool { return f.current != nil && f.current.rows <= c.MaxRows/2 }

// writeRows writes the rows of a version and their hashes.
func (f *Feed) writeRows(c *Config, in *Input, w *spoolWriter, s *sorter) error {
	var h hash
	var scratch, owner []byte
	add := func(owner []byte, k kind) error {
		if w.rows == c.MaxRows {
			return fmt.Errorf("%w; expected at most %d (max_rows)", errTooMany, c.MaxRows)
		}
		h, scratch = hashOf(scratch, owner, k)
		return errors.Join(w.add(owner, k), s.add(h))
	}
	left, err := in.Each(func(r *rows.Rule) error {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		s.pace.Step()
		ttl := r.TTL
		if r.Passes {
			ttl = c.TTL
		}
		owner = append(append(owner[:0], wildcard...), r.Name...)
		for _, record := range r.Own {
			if err := add(owner[len(wildcard):], kindOf(r.Name, ttl, record)); err != nil {
				return err
			}
		}
		for _, record := range r.Below {
			if err := add(owner, kindOf(r.Name, ttl, record)); err != nil {
				return err
			}
		}
		return nil
	})
	if left.Count > 0 && err == nil {
		c.Logger.Warn("feed: names are left out, because they do not fit into a zone of this name", "zone", c.Zone, "names", left.Count, "last", left.Last)
	}
	return err
}

// deltaTo returns what changes the current version to the next, or nil if that is too much or there is none.
func (f *Feed) deltaTo(c *Config, next *version) (*delta, error) {
	if f.current == nil {
		return nil, nil
	}
	removed, added, err := compare(c.Dir, f.current.zoneSpool, next.zoneSpool, pace.New(f.ctx))
	switch {
	case errors.Is(err, errTooLarge):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &delta{f.current.apex, removed, added}, nil
}

// put puts a version in force.
func (f *Feed) put(v *version, d *delta) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.current != nil {
		f.current.close()
	}
	f.current = v
	if d == nil {
		f.dropDeltas()
		return
	}
	if f.deltas = append(f.deltas, d); len(f.deltas) > maxDeltas {
		f.deltas[0].release()
		f.deltas = append([]*delta(nil), f.deltas[1:]...)
	}
}

// dropDeltas forgets how the current version came about.
func (f *Feed) dropDeltas() {
	for _, d := range f.deltas {
		d.release()
	}
	f.deltas = nil
}
