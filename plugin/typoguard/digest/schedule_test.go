package digest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLast: a digest is due by the clock on the wall of its time zone, once a day or week, also when the clocks change.
func TestLast(t *testing.T) {
	for _, tt := range []struct{ name, every, at, zone, now, want string }{
		{"later that day", "day", "07:00", "UTC", "2026-11-30T21:00:00Z", "2026-11-30T07:00:00Z"},
		{"to the second", "day", "07:00", "UTC", "2026-11-30T07:00:00Z", "2026-11-30T07:00:00Z"},
		{"not yet", "day", "07:00", "UTC", "2026-11-30T06:59:59Z", "2026-11-29T07:00:00Z"},
		{"in the first of a month", "day", "07:00", "UTC", "2026-12-01T06:00:00Z", "2026-11-30T07:00:00Z"},
		{"elsewhere", "day", "07:00", "Europe/Amsterdam", "2026-11-30T06:00:00Z", "2026-11-30T07:00:00+01:00"},
		{"elsewhere, in summer", "day", "07:00", "Europe/Amsterdam", "2026-07-30T05:30:00Z", "2026-07-30T07:00:00+02:00"},
		{"another day there", "day", "07:00", "Pacific/Auckland", "2026-11-29T18:30:00Z", "2026-11-30T07:00:00+13:00"},
		{"the day on which clocks are put forward", "day", "07:00", "Europe/Amsterdam", "2026-03-29T05:00:00Z", "2026-03-29T07:00:00+02:00"},
		{"a time which that day does not have", "day", "02:30", "Europe/Amsterdam", "2026-03-29T12:00:00Z", "2026-03-29T03:30:00+02:00"},
		{"a time that a day has twice", "day", "02:30", "Europe/Amsterdam", "2026-10-25T12:00:00Z", "2026-10-25T02:30:00+01:00"},
		{"a week", "monday", "07:00", "UTC", "2026-11-30T08:00:00Z", "2026-11-30T07:00:00Z"},
		{"a week before its hour", "monday", "07:00", "UTC", "2026-11-30T06:00:00Z", "2026-11-23T07:00:00Z"},
		{"a week ends on Sunday", "sunday", "23:59", "UTC", "2026-11-30T06:00:00Z", "2026-11-29T23:59:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := parseSchedule(tt.every, tt.at, tt.zone)
			require.NoError(t, err)
			now, err := time.Parse(time.RFC3339, tt.now)
			require.NoError(t, err)
			assert.Equal(t, tt.want, s.last(now).Format(time.RFC3339))
		})
	}
}

// TestLastOfEach: through a year, minute by minute around each day, there is one a day.
func TestLastOfEach(t *testing.T) {
	for _, at := range []string{"00:00", "02:30", "03:00", "23:59"} {
		s, err := parseSchedule("day", at, "Europe/Amsterdam")
		require.NoError(t, err)
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		seen := map[time.Time]bool{}
		before := s.last(begin)
		for now := begin; now.Before(begin.AddDate(1, 0, 0)); now = now.Add(10 * time.Minute) {
			due := s.last(now)
			assert.False(t, due.Before(before), now)
			assert.False(t, due.After(now), now)
			before, seen[due] = due, true
		}
		assert.InDelta(t, 365, len(seen), 1, at)
	}
}
