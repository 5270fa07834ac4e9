package kit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Patience is how long a program may take to start or to stop, and an event to arrive. It is long since machines are busy at times.
const Patience = time.Minute

// wink is how long to wait before asking again.
const wink = 10 * time.Millisecond

// Eventually asks until the answer is yes, and fails the test when it has not been within Patience.
func Eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	deadline := time.After(Patience)
	tick := time.NewTicker(wink)
	defer tick.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-deadline:
			require.FailNowf(t, "waited in vain", "%s in vain for %s", Patience, what)
		}
	}
}
