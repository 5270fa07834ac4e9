package args

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSize(t *testing.T) {
	for value, want := range map[string]int64{
		"0": 0, "65536": 65536, "5000000000": 5_000_000_000, "64KB": 64 << 10, "64KiB": 64 << 10, "100MB": 100 << 20, "3GiB": 3 << 30, "1.5GB": 3 << 29, "2TiB": 2 << 40,
	} {
		got, err := Size(value)
		require.NoError(t, err, value)
		assert.Equal(t, want, got, value)
	}
	for _, value := range []string{"", "-1", "-1MB", "MB", "10 MB", "1XB", "1e9", "99999999999999999999"} {
		_, err := Size(value)
		assert.ErrorContains(t, err, "expected a size such as 5000000000, 100MB or 3GiB", value)
	}
}

func TestDuration(t *testing.T) {
	const day = 24 * time.Hour
	for value, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "30s": 30 * time.Second, "1h30m": 90 * time.Minute, "30d": 30 * day, "1d12h": 36 * time.Hour, "2w": 14 * day, "1y": 365 * day,
		"1.5s": 1500 * time.Millisecond, "250ms": 250 * time.Millisecond, "-1s": -time.Second,
	} {
		got, err := Duration(value)
		require.NoError(t, err, value)
		assert.Equal(t, want, got, value)
	}
	for _, value := range []string{"", "30", "1.5d", "d", "12h1d", "1 d"} {
		_, err := Duration(value)
		assert.ErrorContains(t, err, "expected a duration such as 30s, 12h, 1d12h or 30d", value)
	}
}
