//go:build e2e

package soak_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReloads: while the Corefile is reloaded again and again, one time right after the other, no answer is lost or wrong in any part.
func TestReloads(t *testing.T) {
	w, counts := newWorld(t), newTally()
	watched := &bounds{server: w.guarded, tally: counts}
	load, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		runLoad(load, func(client int) *asker {
			return &asker{random: rand.New(rand.NewPCG(*seed, uint64(client)+1)), prefix: fmt.Sprintf("l%d-", client)}
		}, counts.add)
	})
	pause(load, 5*time.Second) // until the rates are those of the calm
	var err error
	watched.base, err = watched.now(t.Context())
	require.NoError(t, err)
	window := counts.begin("reloads", busy)
	began := time.Now()
	for range *reloads {
		require.NoError(t, w.onBoth(func(s *server) error {
			taken, err := s.reload(t.Context())
			if err == nil && !taken {
				err = fmt.Errorf("the %s server has refused its Corefile", s.name)
			}
			return err
		}))
	}
	took := time.Since(began)
	counts.end(window)
	watched.checkLeaks(t.Context())
	used, err := watched.now(t.Context())
	require.NoError(t, err)
	stop()
	running.Wait()
	counts.judge()
	for _, network := range []string{"udp", "tcp"} {
		c := counts.counts["reloads, "+network]
		require.NotNil(t, c)
		assert.Equal(t, c.asked, c.guarded[right], "over %s nothing is lost or wrong", network)
	}
	t.Logf("FIGURE %d reloads in %s\n%s%s before, %s after", *reloads, took.Round(time.Second), counts.table(), watched.base, used)
	counts.fail(t)
}
