package pace_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
)

// TestPace: work that takes a millisecond is followed by a pause, unless nobody waits for an answer, or somebody waits for the work.
func TestPace(t *testing.T) {
	background := func(ctx context.Context) *pace.Pace { return pace.New(ctx) }
	stopping := func(ctx context.Context) *pace.Pace {
		ended, end := context.WithCancel(ctx)
		end()
		return pace.New(ended)
	}
	for name, tt := range map[string]struct {
		pace    func(context.Context) *pace.Pace
		perStep time.Duration
		pauses  bool
	}{
		"background": {background, time.Microsecond, true},
		"no work":    {background, 0, false},
		"a start":    {func(context.Context) *pace.Pace { return nil }, time.Microsecond, false},
		"stopping":   {stopping, time.Microsecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const steps = 100_000
				began := time.Now()
				p := tt.pace(t.Context())
				for range steps {
					<-time.After(tt.perStep) // the work
					p.Step()
				}
				share := float64(steps*tt.perStep) / float64(max(time.Since(began), 1))
				if tt.pauses {
					assert.InDelta(t, 0.45, share, 0.03)
				} else {
					assert.Equal(t, steps*tt.perStep, time.Since(began))
				}
			})
		})
	}
}
