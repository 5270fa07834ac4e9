package tuning

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coredns/caddy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// value reads a metric of the runtime.
func value(t *testing.T, name string) uint64 {
	t.Helper()
	samples := []metrics.Sample{{Name: name}}
	metrics.Read(samples)
	require.Equal(t, metrics.KindUint64, samples[0].Value.Kind(), name)
	return samples[0].Value.Uint64()
}

func TestPercent(t *testing.T) {
	for _, test := range []struct {
		name string
		live uint64
		want int
	}{
		{"nothing yet", 0, 400},
		{"a small heap", 4 << 20, 400},
		{"8 MiB", 8 << 20, 400},
		{"a medium one", 16 << 20, 200},
		{"headroom", 32 << 20, 100},
		{"a large list", 1 << 30, 100},
	} {
		t.Run(test.name, func(t *testing.T) { assert.Equal(t, test.want, percent(test.live)) })
	}
}

func TestGarbage(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	const setting = "/gc/gogc:percent"

	t.Run("the environment has it", func(t *testing.T) {
		t.Setenv("GOGC", "100")
		defer Garbage()()
		assert.Equal(t, uint64(100), value(t, setting))
	})

	t.Setenv("GOGC", "")
	defer Garbage()()
	require.Equal(t, uint64(400), value(t, setting))

	list := make([]byte, 100<<20)
	require.Eventually(t, func() bool {
		runtime.GC()
		return value(t, setting) == 100
	}, 10*time.Second, time.Millisecond, "with a large list in memory")
	runtime.KeepAlive(list)
	require.Eventually(t, func() bool {
		runtime.GC()
		return value(t, setting) == 400
	}, 10*time.Second, time.Millisecond, "without it")
}

func TestRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		released := func() uint64 { return value(t, "/memory/classes/heap/released:bytes") }
		const garbage = 256 << 20
		list := make([]byte, garbage)
		for i := 0; i < len(list); i += 4096 {
			list[i] = 1
		}
		before := released()
		require.NoError(t, releaseAfterStart(caddy.ShutdownEvent, nil))
		require.NoError(t, releaseAfterStart(caddy.InstanceStartupEvent, nil))
		runtime.KeepAlive(list)
		<-time.After(releaseAfter - time.Second)
		assert.Less(t, released(), before+garbage/2, "not while it still needs memory")
		<-time.After(2 * time.Second)
		synctest.Wait()
		assert.Greater(t, released(), before+garbage/2)
	})
}
