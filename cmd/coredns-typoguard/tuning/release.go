package tuning

import (
	"runtime/debug"
	"time"

	"github.com/coredns/caddy"
)

// releaseAfter is when memory is returned after a start: once known domains have been counted, which is the last that it takes.
const releaseAfter = 10 * time.Second

// Release returns memory to the system some seconds after each start or reload. To read lists takes several times as much as to have them,
// and with a setting as that of Garbage an idle process would keep it. Its owner is the process.
func Release() { caddy.RegisterEventHook("typoguard-release", releaseAfterStart) }

func releaseAfterStart(event caddy.EventName, _ any) error {
	if event == caddy.InstanceStartupEvent {
		time.AfterFunc(releaseAfter, debug.FreeOSMemory)
	}
	return nil
}
