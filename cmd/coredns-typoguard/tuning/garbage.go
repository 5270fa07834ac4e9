// Package tuning sets the garbage collector of Go's runtime up for a resolver, which makes much and keeps next to nothing of it.
package tuning

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

const (
	// headroom is how many bytes may be allocated between two garbage collections where the runtime would collect earlier.
	headroom = 32 << 20
	// defaultPercent is the runtime's own setting: a collection when as much has been allocated as there is.
	defaultPercent = 100
	// maxPercent is for a small heap, of which the runtime takes no notice below 4 MiB.
	maxPercent = 400
)

// Garbage makes garbage collections rarer while little is in use: a collection costs the same however much garbage there is, and a
// resolver makes much of it, all short-lived. The heap becomes at most 32 MiB larger than with the runtime's own setting, and what a
// large list needs is as much as ever. GOGC in the environment overrides it; GOMEMLIMIT holds as well. It ends with the function that it
// returns, and the setting stays as it is then.
func Garbage() (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	adjust()
	var stopped atomic.Bool
	afterEach(adjust, &stopped)
	return func() { stopped.Store(true) }
}

// afterEach calls a function after each garbage collection until it is stopped, with something that is garbage from the beginning.
func afterEach(do func(), stopped *atomic.Bool) {
	runtime.AddCleanup(&sentinel{}, func(do func()) {
		if stopped.Load() {
			return
		}
		do()
		afterEach(do, stopped)
	}, do)
}

// sentinel has a size, so that each is an object of its own.
type sentinel struct{ _ [16]byte }

// adjust sets the percentage for what is in use now.
func adjust() {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/gogc:percent"}}
	metrics.Read(samples)
	// Setting it stops the world for a moment, therefore not for each small difference.
	want, have := percent(samples[0].Value.Uint64()), int(samples[1].Value.Uint64())
	if want < have*3/4 || want > have*5/4 {
		debug.SetGCPercent(want)
	}
}

// percent returns how much may be allocated until the next collection, as a percentage of what is in use.
func percent(live uint64) int {
	if live == 0 {
		return maxPercent
	}
	return int(max(defaultPercent, min(headroom*100/live, maxPercent)))
}
