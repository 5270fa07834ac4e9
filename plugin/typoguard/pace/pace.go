// Package pace keeps long work in the background from delaying queries.
package pace

import (
	"context"
	"time"
)

const (
	// slice is how long the work goes on until it pauses: a query that has to wait for a processor waits no longer.
	slice = time.Millisecond
	// pause is how long it pauses: it then takes less than half of one processor.
	pause = 1250 * time.Microsecond
	// often is how many steps there are to a look at the clock.
	often = 64
)

// Pace divides work into slices with pauses between them. It is for one goroutine. Nil never pauses, which is right while nobody waits for
// an answer, as at a start.
type Pace struct {
	ctx   context.Context
	began time.Time // of the slice
	steps int
}

// New returns a pace for work that begins now. It stops pausing when the context ends: whoever ended it waits for the work.
func New(ctx context.Context) *Pace { return &Pace{ctx: ctx, began: time.Now()} }

// Step says that a small part of the work is done, of a microsecond or so, and pauses if it is time to.
func (p *Pace) Step() {
	if p == nil {
		return
	}
	if p.steps++; p.steps%often != 0 || time.Since(p.began) < slice {
		return
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ctx.Done():
	}
	p.began = time.Now()
}
