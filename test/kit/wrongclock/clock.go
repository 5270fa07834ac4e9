// Package wrongclock makes the wall clock of a process wrong, for everything in it: libraries and the standard library as well. What has
// passed by the monotonic clock, and with it timers, stays right, as when the clock of a host is set.
//
// The offset is a number of seconds in a file that another process may write to (Variable), or what Set says. Where Works is false, it has
// no effect.
package wrongclock

import (
	"encoding/binary"
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// Variable is the environment variable that names a file with the offset, as Write writes it. Without it, only Set changes the offset.
const Variable = "TYPOGUARD_WRONG_CLOCK"

// seconds is the offset.
var seconds = new(int64)

// Set makes the clock of this process wrong by whole seconds.
func Set(offset time.Duration) { atomic.StoreInt64(seconds, int64(offset/time.Second)) }

// Write makes the clocks wrong of all processes that were started with Variable naming the file.
func Write(path string, offset time.Duration) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(offset/time.Second)), 0)
	return errors.Join(err, file.Close())
}
