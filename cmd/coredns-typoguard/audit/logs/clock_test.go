package logs

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClockStamp(t *testing.T) {
	tests := []struct {
		stamp string
		want  string // in UTC; empty if there is no time
		rest  string
	}{
		{"2026-11-21T23:38:15Z relay", "2026-11-21 23:38:15", " relay"},
		{"2026-11-21T23:38:15.123456+05:30 relay", "2026-11-21 18:08:15", " relay"},
		{"2026-11-21T23:38:15-0800 relay", "2026-11-22 07:38:15", " relay"},
		{"2026-11-21 23:38:15", "2026-11-21 22:38:15", ""},
		{"2026-11-21 23:38:15,123 x", "2026-11-21 22:38:15", " x"},
		{"2026-11-21 23:38:15 -0100 x", "2026-11-22 00:38:15", " x"},
		{"2026-11-21 23:38:15 - x", "2026-11-21 22:38:15", " - x"},
		{"Nov 21 23:38:15 relay", "2026-11-21 22:38:15", " relay"},
		{"Nov  1 00:00:00 relay", "2026-10-31 23:00:00", " relay"},
		{"Nov 21 23:38:15.123456 relay", "2026-11-21 22:38:15", " relay"},
		{"Nov 21 2026 23:38:15: relay", "2026-11-21 22:38:15", " relay"},
		{"2025 Nov 21 23:38:15 relay", "2025-11-21 22:38:15", " relay"},
		{"Sat Nov 21 23:38:15 2026 Info: x", "2026-11-21 22:38:15", " Info: x"},
		{"Sat Nov 21 23:38:15 CET 2026 x", "2026-11-21 22:38:15", " x"},
		{"Sat 2026-11-21 23:38:15 CET relay", "2026-11-21 22:38:15", " relay"},
		{"Sat 2026-11-21 23:38:15.123 +07 relay", "2026-11-21 22:38:15", " relay"},
		{"2026/11/21 23:38:15 x", "2026-11-21 22:38:15", " x"},
		{"21-Nov-2026 23:38:15.123 x", "2026-11-21 22:38:15", " x"},
		{"21/Nov/2026:23:38:15 +0000 x", "2026-11-21 23:38:15", " x"},
		{"1795300695.123456 relay", "2026-11-21 22:38:15", " relay"},
		{"[1795300695] unbound", "2026-11-21 22:38:15", " unbound"},
		{"@400000006b021d61075bca00 x", "2026-11-21 22:38:15", " x"},
		{"11/21/2026 11:38:15 PM x", "2026-11-21 22:38:15", " x"},
		{"11/21/2026 12:38:15 AM x", "2026-11-20 23:38:15", " x"},
		{"21.11.2026 23:38:15 x", "2026-11-21 22:38:15", " x"},
		{"21/11/2026 23:38:15 x", "2026-11-21 22:38:15", " x"},
		{"11/21/2026 11:38:15 x", "2026-11-21 10:38:15", " x"},
		{"5/6/2026 11:38 x", "2026-06-05 10:38:00", " x"}, // the later one
		{"6/5/2026 11:38 x", "2026-06-05 10:38:00", " x"},
		{"12/6/2026 11:38 x", "2026-06-12 10:38:00", " x"}, // December is yet to come
		{"6/12/2026 11:38 x", "2026-06-12 10:38:00", " x"},
		{"Sat, 21 Nov 2026 23:38:15 +0100 x", "2026-11-21 22:38:15", " x"},
		{"20261121T233815+0200 x", "2026-11-21 21:38:15", " x"},
		{"20261121T233815 x", "2026-11-21 22:38:15", " x"},
		{"2026-11-21_23:38:15.12345 x", "2026-11-21 22:38:15", " x"},
		{"1795300695123 x", "2026-11-21 22:38:15", " x"},
		{"[2026-11-21T22:38:15.123Z] x", "2026-11-21 22:38:15", " x"},
		{"[21/Nov/2026:23:38:15 +0100] x", "2026-11-21 22:38:15", " x"},
		{"[Sat Nov 21 23:38:15 2026] x", "2026-11-21 22:38:15", " x"},
		{"Sat Nov 21 23:38:15", "2026-11-21 22:38:15", ""},
		{"17953006951 x", "", ""},
		{"[INFO] x", "", ""},
		{"@army.ml", "", ""},
		{"99/99/2026 11:38:15 PM", "", ""},
		{"Nov 23 11:00:00", "2026-11-23 10:00:00", ""}, // within a day after the end
		{"Nov 23 13:00:00", "2025-11-23 12:00:00", ""}, // not so
		{"Dec 31 23:59:59", "2025-12-31 22:59:59", ""},
		{"2026-13-21T23:38:15Z", "", ""},
		{"2026-11-21T24:38:15Z", "", ""},
		{"2026-11-21", "", ""},
		{"Foo 21 23:38:15", "", ""},
		{"Nov 32 23:38:15", "", ""},
		{"Nov 21 23:3x:15", "", ""},
		{"<22>", "", ""},
		{"army.ml", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.stamp, func(t *testing.T) {
			for range 2 { // from the cache of the minute, too
				seconds, rest, ok := NewClock(testEnd).stamp([]byte(tt.stamp))
				require.Equal(t, tt.want != "", ok)
				if ok {
					assert.Equal(t, tt.want, time.Unix(seconds, 0).UTC().Format(time.DateTime))
					assert.Equal(t, tt.rest, string(rest))
				}
			}
		})
	}
}

// TestClockYears: a log without years that ends in January is of two.
func TestClockYears(t *testing.T) {
	zone := time.FixedZone("test", 0)
	c := NewClock(time.Date(2027, time.January, 3, 6, 0, 0, 0, zone))
	for stamp, want := range map[string]string{
		"Dec 28 06:00:00": "2026-12-28", "Dec 31 23:59:59": "2026-12-31", "Jan  1 00:00:00": "2027-01-01", "Jan  3 05:59:59": "2027-01-03",
	} {
		seconds, _, ok := c.stamp([]byte(stamp))
		require.True(t, ok)
		assert.Equal(t, want, time.Unix(seconds, 0).UTC().Format(time.DateOnly), stamp)
	}
	c.Begin(time.Date(2026, time.December, 31, 23, 59, 58, 0, zone))
	seconds, _, _ := c.stamp([]byte("Jan  1 00:00:01"))
	assert.Equal(t, "2027-01-01", time.Unix(seconds, 0).UTC().Format(time.DateOnly), "a clock that is ahead")
	c.Begin(time.Date(2028, time.March, 1, 0, 0, 0, 0, zone))
	seconds, _, _ = c.stamp([]byte("Feb 29 12:00:00"))
	assert.Equal(t, "2028-02-29", time.Unix(seconds, 0).UTC().Format(time.DateOnly))
}

// TestClockWrapped: a log without years that is of more than one is noticed.
func TestClockWrapped(t *testing.T) {
	c := NewClock(testEnd)
	for _, stamp := range []string{"Oct 21 23:38:15", "Nov 21 23:38:15", "Nov 21 22:00:00"} {
		c.syslog([]byte(stamp))
	}
	assert.False(t, c.Wrapped)
	for _, stamp := range []string{"Dec 21 23:38:15", "Jan  1 00:00:00"} {
		c.syslog([]byte(stamp))
	}
	assert.True(t, c.Wrapped, "November came before December of the year before")
}

// FuzzClock: what the clock reads is what the standard library does.
func FuzzClock(f *testing.F) {
	f.Add("2026-11-21T23:38:15Z")
	f.Add("2026-02-30T23:38:15+01:00")
	f.Add("Feb 29 12:00:00")
	f.Fuzz(func(t *testing.T, stamp string) {
		seconds, _, ok := NewClock(testEnd).stamp([]byte(stamp))
		if want, err := time.Parse(time.RFC3339, stamp); err == nil && want.Format(time.RFC3339) == stamp {
			year, _ := strconv.Atoi(stamp[:4])
			require.Equal(t, year >= firstYear, ok)
			if ok {
				require.Equal(t, want.Unix(), seconds)
			}
		}
		if want, err := time.ParseInLocation(time.Stamp, stamp, testEnd.Location()); err == nil && want.Day() < 29 && want.Format(time.Stamp) == stamp {
			require.True(t, ok)
			got := time.Unix(seconds, 0).In(testEnd.Location())
			require.Equal(t, want.Format("01-02 15:04:05"), got.Format("01-02 15:04:05"))
			require.False(t, got.After(testEnd.AddDate(0, 0, 1)))
			require.True(t, got.After(testEnd.AddDate(-1, 0, 0)))
		}
	})
}
