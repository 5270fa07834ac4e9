//go:build e2e

package soak_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// atOnce is how many faults there are at the same time, at the most.
	atOnce = 4
	// shortest is how long a fault lasts at least.
	shortest = time.Second
	// breath is the longest time between the beginnings of two faults.
	breath = 400 * time.Millisecond
)

// storm lets faults happen to a world.
type storm struct {
	*world
	*tally
	events  *events
	bounds  *bounds
	random  *rand.Rand
	longest time.Duration // of a fault
	active  map[string]*active
	tried   map[string]int
	mu      sync.Mutex
	story   []string
}

// tell notes what happens.
func (s *storm) tell(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.story = append(s.story, time.Now().Format("15:04:05.000 ")+what)
}

// active is a fault that lasts.
type active struct {
	fault
	window *window
	until  time.Time
}

// isTaken reports whether a reload of the Corefile would take what is wrong for right, and with it the protection away: somebody looks on
// then, and may want it.
func (a *active) isTaken() bool {
	for _, what := range []string{" shrunk", " an error page", " empty", " forgets"} {
		if strings.HasSuffix(a.name, what) {
			return true
		}
	}
	return false
}

// rage lets every fault happen, in random order, again and again until the context ends. After each round there is calm.
func (s *storm) rage(ctx context.Context) error {
	all := s.faults()
	slices.SortFunc(all, func(a, b fault) int { return strings.Compare(a.name, b.name) })
	for ctx.Err() == nil {
		for _, f := range s.shuffled(all) {
			if ctx.Err() != nil {
				break
			}
			if err := s.strike(ctx, f); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
		if err := s.calmDown(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// shuffled returns the faults in random order, but the rough ones in the second half: in the first, typoguard must lose nothing at all.
func (s *storm) shuffled(all []fault) []fault {
	place := map[string]float64{}
	for _, f := range all {
		place[f.name] = s.random.Float64()
		if f.rank == rough {
			place[f.name] = 0.5 + place[f.name]/2
		}
	}
	order := slices.Clone(all)
	slices.SortFunc(order, func(a, b fault) int { return cmp.Compare(place[a.name], place[b.name]) })
	return order
}

// strike lets a fault begin, when there is room for it.
func (s *storm) strike(ctx context.Context, f fault) error {
	for s.active[f.of] != nil || len(s.active) >= atOnce {
		next := s.nextEnd(f.of)
		pause(ctx, time.Until(next.until))
		if err := s.finish(context.WithoutCancel(ctx), next); err != nil {
			return err
		}
	}
	s.tried[f.name]++
	s.tell(f.name)
	a := &active{fault: f, until: time.Now().Add(shortest + time.Duration(s.random.Int64N(int64(s.longest-shortest))))}
	a.window = s.begin(f.name, f.rank)
	if err := f.begin(context.WithoutCancel(ctx), s); err != nil {
		return err
	}
	if f.end == nil {
		s.end(a.window)
	} else {
		s.active[f.of] = a
	}
	pause(ctx, time.Duration(s.random.Int64N(int64(breath))))
	return nil
}

// nextEnd returns which of the faults ends next: one of the same thing, if there is one.
func (s *storm) nextEnd(of string) *active {
	if same := s.active[of]; same != nil {
		return same
	}
	return slices.MinFunc(slices.Collect(maps.Values(s.active)), func(a, b *active) int { return a.until.Compare(b.until) })
}

// finish ends a fault.
func (s *storm) finish(ctx context.Context, a *active) error {
	delete(s.active, a.of)
	s.tell("end of " + a.name)
	defer s.end(a.window)
	if err := a.end(ctx, s); err != nil {
		return fmt.Errorf("the end of %s: %w", a.name, err)
	}
	return nil
}

// endThose ends the faults that a function selects.
func (s *storm) endThose(ctx context.Context, selects func(*active) bool) error {
	var errs []error
	for _, a := range slices.Collect(maps.Values(s.active)) {
		if selects(a) {
			errs = append(errs, s.finish(ctx, a))
		}
	}
	return errors.Join(errs...)
}

// calmDown ends all faults, and looks whether everything is as it was before them.
func (s *storm) calmDown(ctx context.Context) error {
	if err := s.endThose(ctx, func(*active) bool { return true }); err != nil {
		return err
	}
	s.tell("calm")
	s.events.pausedUntilCaughtUp(ctx)
	s.tell("events have been found")
	s.bounds.checkLeaks(ctx)
	s.tell("end of the calm")
	return nil
}

// pause waits, at the longest until the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// every does something again and again, until the context ends.
func every(ctx context.Context, d time.Duration, do func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do()
		}
	}
}
