// Package clock notices jumps of the wall clock, so that nothing is thrown away because of a wrong date.
package clock

import "time"

const (
	// tolerance is how far the wall clock may move against the time that passes without having jumped.
	tolerance = time.Minute
	// Settle is how long the clock is not trusted after a jump. A wrong date is usually corrected by then.
	Settle = time.Hour
)

// Watch watches the wall clock. It is not safe for concurrent use. Its zero value is ready.
type Watch struct {
	origin  time.Time     // with a monotonic reading
	wall    time.Time     // when last looked at
	elapsed time.Duration // since origin
	jumped  time.Duration // since origin
}

// Steady reports whether the wall clock has not jumped lately: between two calls, the later of them less than Settle ago. The first call
// counts as a jump, because a host may start with a wrong date, and the process before the date is corrected.
func (w *Watch) Steady() bool { return w.SteadyFor(Settle) }

// SteadyFor is Steady for another time than Settle.
func (w *Watch) SteadyFor(settle time.Duration) bool {
	now := time.Now()
	if w.origin.IsZero() {
		w.origin = now
	}
	return w.steady(now.Round(0), now.Sub(w.origin), settle)
}

// steady is SteadyFor for a reading of the wall clock, and the time that has really passed.
func (w *Watch) steady(wall time.Time, elapsed, settle time.Duration) bool {
	if drift := wall.Sub(w.wall) - (elapsed - w.elapsed); w.wall.IsZero() || drift.Abs() > tolerance {
		w.jumped = elapsed
	}
	w.wall, w.elapsed = wall, elapsed
	return elapsed-w.jumped >= settle
}
