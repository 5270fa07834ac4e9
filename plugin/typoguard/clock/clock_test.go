package clock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestSteady: after the start, and after a jump in either direction, the clock is not trusted for an hour.
func TestSteady(t *testing.T) {
	start := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	var w Watch
	for _, step := range []struct {
		elapsed, offset time.Duration
		steady          bool
		what            string
	}{
		{0, 0, false, "the first look"},
		{59 * time.Minute, 0, false, "not for an hour"},
		{60 * time.Minute, 0, true, "an hour later"},
		{62 * time.Minute, 30 * time.Second, true, "adjusted a little"},
		{63 * time.Minute, 10 * 365 * 24 * time.Hour, false, "years ahead"},
		{100 * time.Minute, 10 * 365 * 24 * time.Hour, false, "still"},
		{110 * time.Minute, 0, false, "and back"},
		{169 * time.Minute, 0, false, "not for an hour"},
		{170 * time.Minute, 0, true, "an hour later"},
		{time.Hour * 24, 0, true, "looked at rarely"},
		{time.Hour*24 + time.Minute, -time.Hour, false, "an hour back"},
		{time.Hour*25 + time.Minute, -time.Hour, true, "which was right"},
	} {
		assert.Equal(t, step.steady, w.steady(start.Add(step.elapsed+step.offset), step.elapsed, Settle), step.what)
	}
}
