package wrongclock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSet: the wall clock is wrong, and what has passed is right.
func TestSet(t *testing.T) {
	require.True(t, Works)
	before := time.Now()
	defer Set(0)
	for name, offset := range map[string]time.Duration{"ahead": 100 * 365 * 24 * time.Hour, "back": -time.Hour, "right": 0} {
		t.Run(name, func(t *testing.T) {
			Set(offset)
			now := time.Now()
			assert.InDelta(t, offset, now.Round(0).Sub(before.Round(0)), float64(time.Minute))
			assert.InDelta(t, 0, now.Sub(before), float64(time.Minute))
		})
	}
}
