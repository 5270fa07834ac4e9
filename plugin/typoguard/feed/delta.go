package feed

import (
	"errors"
	"slices"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
)

const (
	// maxDelta is the number of rows beyond which a change is not kept: a transfer of the whole zone is then as good.
	maxDelta = 100_000
	// maxDeltas is the number of changes that are kept.
	maxDeltas = 10
)

// delta is what changes the rows of one version of the zone to those of the next.
type delta struct {
	from           apex
	removed, added *spool
}

// rows returns the number of rows.
func (d *delta) rows() int { return d.removed.rows + d.added.rows }

// release ends a use of the delta.
func (d *delta) release() {
	d.removed.release()
	d.added.release()
}

// use adds a user.
func (d *delta) use() {
	d.removed.use()
	d.added.use()
}

// errTooLarge is returned for versions that differ in more rows than are kept.
var errTooLarge = errors.New("too many rows differ")

// compare returns the rows that only one of two versions of a zone has, each on its side.
func compare(dir string, before, after *zoneSpool, p *pace.Pace) (removed, added *spool, err error) {
	onlyBefore, onlyAfter, err := difference(before, after, p)
	if err != nil {
		return nil, nil, err
	}
	if removed, err = before.only(dir, onlyBefore, p); err != nil {
		return nil, nil, err
	}
	if added, err = after.only(dir, onlyAfter, p); err != nil {
		removed.release()
		return nil, nil, err
	}
	return removed, added, nil
}

// difference returns the numbers of the rows that only one of two zones has, in no order.
func difference(before, after *zoneSpool, p *pace.Pace) (onlyBefore, onlyAfter []uint32, err error) {
	a, b := before.readHashes(), after.readHashes()
	moreA, moreB := a.next(), b.next()
	for moreA || moreB {
		p.Step()
		order := 0
		switch {
		case !moreB:
			order = -1
		case !moreA:
			order = 1
		default:
			order = a.hash.compare(&b.hash)
		}
		switch {
		case order < 0:
			onlyBefore = append(onlyBefore, a.row)
		case order > 0:
			onlyAfter = append(onlyAfter, b.row)
		}
		if len(onlyBefore)+len(onlyAfter) > maxDelta {
			return nil, nil, errTooLarge
		}
		if order <= 0 {
			moreA = a.next()
		}
		if order >= 0 {
			moreB = b.next()
		}
	}
	return onlyBefore, onlyAfter, errors.Join(a.err, b.err)
}

// only returns a spool of the rows with certain numbers, which it sorts.
func (z *zoneSpool) only(dir string, wanted []uint32, p *pace.Pace) (*spool, error) {
	w, err := newSpool(dir)
	if err != nil {
		return nil, err
	}
	slices.Sort(wanted)
	at := uint32(0)
	err = z.each(func(r row) error {
		p.Step()
		if len(wanted) == 0 {
			return errEnough
		}
		if at++; at-1 != wanted[0] {
			return nil
		}
		wanted = wanted[1:]
		return w.add(r.owner, z.kinds[r.kind])
	})
	if err == nil || errors.Is(err, errEnough) {
		err = w.w.Flush()
	}
	if err != nil {
		w.release()
		return nil, err
	}
	return w.spool, nil
}

// errEnough ends the reading of rows.
var errEnough = errors.New("no further rows are wanted")
