package stacks

import (
	"bytes"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startingSize is how much stack goroutines start with.
func startingSize(t *testing.T) uint64 {
	t.Helper()
	samples := []metrics.Sample{{Name: "/gc/stack/starting-size:bytes"}}
	metrics.Read(samples)
	require.Equal(t, metrics.KindUint64, samples[0].Value.Kind())
	return samples[0].Value.Uint64()
}

// holding tells how many goroutines hold a stack. Their number counts neither the runtime's own nor those that have returned and are only
// not taken off the list yet, as the number of all goroutines would.
func holding(t *testing.T) int {
	t.Helper()
	var profile bytes.Buffer
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&profile, 2))
	return strings.Count(profile.String(), "stacks.hold(")
}

func TestHold(t *testing.T) {
	runtime.GC()
	require.Less(t, startingSize(t), uint64(8<<10))

	release := Hold()
	require.Equal(t, holders, holding(t))
	runtime.GC()
	assert.GreaterOrEqual(t, startingSize(t), uint64(8<<10))
	assert.LessOrEqual(t, startingSize(t), uint64(16<<10), "8 KiB, but for the race detector, whose frames are larger")

	release()
	assert.Zero(t, holding(t))
	runtime.GC()
	assert.Less(t, startingSize(t), uint64(8<<10))
}
