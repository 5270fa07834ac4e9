package sink

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// counts is an Observer.
type counts struct {
	sync.Mutex
	written, dropped, abandoned, failed, recovered int
	last                                           error
}

func (c *counts) Written(n int) { c.Lock(); defer c.Unlock(); c.written += n }
func (c *counts) Dropped(n int) { c.Lock(); defer c.Unlock(); c.dropped += n }
func (c *counts) Abandoned(n int) {
	c.Lock()
	defer c.Unlock()
	c.abandoned += n
}
func (c *counts) Failed(e error) { c.Lock(); defer c.Unlock(); c.failed++; c.last = e }
func (c *counts) Recovered()     { c.Lock(); defer c.Unlock(); c.recovered++ }

// lost returns how many events were lost, full queue or closed.
func (c *counts) lost() [2]int {
	c.Lock()
	defer c.Unlock()
	return [2]int{c.dropped, c.abandoned}
}

// get returns written, dropped, failed and recovered.
func (c *counts) get() [4]int {
	c.Lock()
	defer c.Unlock()
	return [4]int{c.written, c.dropped, c.failed, c.recovered}
}

// events returns written and dropped.
func (c *counts) events() [2]int {
	all := c.get()
	return [2]int{all[0], all[1]}
}

// scripted is a Target that takes as many events of each batch as it is told.
type scripted struct {
	sync.Mutex
	takes  int // of a batch; -1 is all
	blocks bool
	got    []string
}

func (s *scripted) set(takes int) { s.Lock(); defer s.Unlock(); s.takes = takes }

func (s *scripted) Write(ctx context.Context, events []*event.Event) (int, error) {
	if s.blocks {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	s.Lock()
	defer s.Unlock()
	n := len(events)
	var err error
	if s.takes >= 0 && s.takes < n {
		n, err = s.takes, errors.New("no")
	}
	for _, e := range events[:n] {
		s.got = append(s.got, e.ID)
	}
	return n, err
}

func (s *scripted) Close() error { return nil }

func ids(ids ...string) []*event.Event {
	var all []*event.Event
	for _, id := range ids {
		all = append(all, &event.Event{ID: id})
	}
	return all
}

// TestQueueRetries: a target that fails gets the same events again, in order, and each once.
func TestQueueRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, seen := &scripted{takes: 1}, &counts{}
		q := NewQueue(target, seen)
		for _, e := range ids("a", "b", "c") {
			q.Add(e)
		}
		synctest.Wait()
		target.set(0)
		<-time.After(10 * time.Second)
		synctest.Wait()
		assert.GreaterOrEqual(t, seen.get()[2], 3)
		assert.Zero(t, seen.get()[3])
		target.set(-1)
		<-time.After(lastPause)
		synctest.Wait()
		assert.Equal(t, []string{"a", "b", "c"}, target.got)
		assert.Equal(t, 1, seen.get()[3], "recovered")
		require.NoError(t, q.Close())
		assert.Equal(t, [2]int{3, 0}, seen.events())
	})
}

// TestQueuePauses: a dead target is asked less and less often.
func TestQueuePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, seen := new(scripted), &counts{}
		q := NewQueue(target, seen)
		q.Add(ids("a")[0])
		<-time.After(time.Hour)
		assert.InDelta(t, 3600/30+7, seen.get()[2], 2)
		require.NoError(t, q.Close())
		assert.Equal(t, [2]int{0, 1}, seen.lost())
	})
}

// TestQueueFull: nobody waits for a target that hangs; what is too much is dropped and counted.
func TestQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, seen := &scripted{blocks: true}, &counts{}
		q := NewQueue(target, seen)
		q.Add(&event.Event{})
		synctest.Wait() // this one is with the target
		start := time.Now()
		for range QueueSize + 1000 {
			q.Add(&event.Event{})
		}
		assert.Zero(t, time.Since(start))
		assert.Equal(t, [2]int{0, 1000}, seen.events())
		require.NoError(t, q.Close())
		assert.Equal(t, shutdownTimeout, time.Since(start))
		assert.Equal(t, [2]int{1000, 1 + QueueSize}, seen.lost(), "in the end all are")
	})
}

// TestQueueClose: what waits is written, whether the goroutine sees the end or an event first.
func TestQueueClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			target, seen := &scripted{takes: -1}, &counts{}
			q := NewQueue(target, seen)
			for range 3 * batchSize {
				q.Add(&event.Event{})
			}
			require.NoError(t, q.Close())
			require.Len(t, target.got, 3*batchSize)
			require.Equal(t, [4]int{3 * batchSize, 0, 0, 0}, seen.get())
		}
	})
}
