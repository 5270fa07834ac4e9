package clock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestSteady: after a jump, in either direction, the clock is not trusted for an hour.
func TestSteady(t *testing.T) {
	start := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	var w Watch
	for _, step := range []struct {
		elapsed, offset time.Duration
		steady          bool
		what            string
	}{
		{0, 0, true, "the first look"},
		{time.Minute, 0, true, "a minute later"},
		{2 * time.Minute, 30 * time.Second, true, "adjusted a little"},
		{3 * time.Minute, 10 * 365 * 24 * time.Hour, false, "years ahead"},
		{40 * time.Minute, 10 * 365 * 24 * time.Hour, false, "still"},
		{50 * time.Minute, 0, false, "and back"},
		{109 * time.Minute, 0, false, "not for an hour"},
		{110 * time.Minute, 0, true, "an hour later"},
		{time.Hour * 24, 0, true, "looked at rarely"},
		{time.Hour*24 + time.Minute, -time.Hour, false, "an hour back"},
		{time.Hour*25 + time.Minute, -time.Hour, true, "which was right"},
	} {
		assert.Equal(t, step.steady, w.steady(start.Add(step.elapsed+step.offset), step.elapsed), step.what)
	}
}
