//go:build e2e

package soak_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// shown is how many violations of an invariant are shown.
const shown = 5

// told is how many lines of the story are shown when the test fails.
const told = 300

// TestSoak: whatever goes wrong on a host, no lookalike is ever answered with a route, nothing else is hidden, and nothing is lost that the
// stock server does not lose.
func TestSoak(t *testing.T) {
	t.Logf("SOAK seed %d, for %s", *seed, *lasts)
	w, counts := newWorld(t), newTally()
	counts.clock = w.clock
	s := &storm{
		world: w, tally: counts, random: rand.New(rand.NewPCG(*seed, 0)), longest: min(max(*lasts/60, 3*time.Second), 15*time.Second),
		active: map[string]*active{}, tried: map[string]int{}, events: newEvents(w, counts), bounds: &bounds{server: w.guarded, tally: counts},
	}
	sent := &mail{tally: counts}
	load, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	begin := func(run func(context.Context)) { running.Go(func() { run(load) }) }
	begin(func(ctx context.Context) {
		runLoad(ctx, func(client int) *asker {
			return &asker{random: rand.New(rand.NewPCG(*seed, uint64(client)+1)), prefix: fmt.Sprintf("l%d-", client)}
		}, counts.add)
	})
	begin(sent.run)
	begin(s.events.watch)
	pause(load, 5*time.Second) // until the rates are those of the calm
	var err error
	s.bounds.base, err = s.bounds.now(t.Context())
	require.NoError(t, err)
	begin(s.bounds.watch)

	storm, end := context.WithTimeout(t.Context(), *lasts)
	err = s.rage(storm)
	end()
	stop()
	running.Wait()
	if err != nil {
		counts.violate("the storm could not go on", "%v", err)
	}
	counts.judge()
	s.print(t, sent)
	if counts.fail(t); t.Failed() || *story {
		t.Logf("what happened:\n%s", strings.Join(s.story[max(0, len(s.story)-told):], "\n"))
	}
}

// print prints what was tried, and what came of it.
func (s *storm) print(t *testing.T, sent *mail) {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "SOAK seed %d, for %s\n%s", *seed, *lasts, s.table())
	fmt.Fprintf(&text, "sinkhole: %d recipients refused, %d deferred, %d sessions not served\n", sent.refused.Load(), sent.deferred.Load(), sent.unserved.Load())
	text.WriteString(s.events.summary())
	fmt.Fprintf(&text, "syslog: %d bytes; upstreams: %d and %d questions\n", s.syslog.bytes.Load(), s.upstreams[0].asked.Load(), s.upstreams[1].asked.Load())
	fmt.Fprintf(&text, "in the beginning: %s; at the most: %s\n", s.bounds.base, s.bounds.most)
	if m, err := kit.Scrape(context.WithoutCancel(t.Context()), guardedMetrics); err == nil {
		fmt.Fprintf(&text, "databases set aside by the last process: %v\n", m.With("coredns_typoguard_history_damaged_total"))
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(s.tried)) {
		fmt.Fprintf(&text, "%4d × %s\n", s.tried[name], name)
		total += s.tried[name]
	}
	fmt.Fprintf(&text, "%d faults of %d kinds", total, len(s.tried))
	t.Log(text.String())
}

// fail fails the test if there are violations.
func (t *tally) fail(tb testing.TB) {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, invariant := range slices.Sorted(maps.Keys(t.violations)) {
		all := t.violations[invariant]
		tb.Errorf("VIOLATED %d times: %s:\n%s", len(all), invariant, strings.Join(all[:min(len(all), shown)], "\n"))
	}
}
