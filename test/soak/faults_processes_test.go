//go:build e2e

package soak_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// endWithin is how long a server may take to end after SIGTERM, and what a busy machine adds.
	endWithin = 13 * time.Second
	// littleMemory is a limit below what the server would like to have.
	littleMemory = "GOMEMLIMIT=48MiB"
)

// processFaults are those of the servers themselves. Both suffer them at the same time.
func processFaults() []fault {
	const of = "processes"
	restart := func(signals []syscall.Signal, environment ...string) func(context.Context, *storm) error {
		return func(ctx context.Context, s *storm) error { return s.restart(ctx, signals, environment...) }
	}
	return []fault{
		{name: "reload", rank: busy, of: of, begin: func(ctx context.Context, s *storm) error { return s.reload(ctx, true) }},
		{name: "reload of a broken Corefile", rank: busy, of: of, begin: func(ctx context.Context, s *storm) error { return s.reloadBroken(ctx) }},
		{name: "SIGHUP", rank: harmless, of: of, begin: func(_ context.Context, s *storm) error {
			return s.onBoth(func(one *server) error { return one.running().Signal(syscall.SIGHUP) })
		}},
		{name: "restart", rank: down, of: of, begin: restart([]syscall.Signal{syscall.SIGTERM})},
		{name: "restart amid reloads", rank: down, of: of, begin: restart([]syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR1, syscall.SIGTERM})},
		{name: "kill", rank: down, of: of, begin: restart([]syscall.Signal{syscall.SIGKILL})},
		{name: "little memory", rank: down, of: of, begin: restart([]syscall.Signal{syscall.SIGTERM}, littleMemory)},
		descriptors(),
	}
}

// reload makes both servers read their Corefiles again. What is wrong with a list that a reload would take is put right first.
func (s *storm) reload(ctx context.Context, valid bool) error {
	if err := s.endThose(ctx, func(a *active) bool { return a.isTaken() }); err != nil {
		return err
	}
	return s.onBoth(func(one *server) error {
		taken, err := one.reload(ctx)
		if err == nil && taken && !valid {
			s.violate("a broken Corefile was taken", "by the %s server", one.name)
		}
		return err
	})
}

// reloadBroken lets both servers read Corefiles that are none.
func (s *storm) reloadBroken(ctx context.Context) error {
	write := func(text string) func(*server) error {
		return func(one *server) error {
			return os.WriteFile(filepath.Join(one.dir, "Corefile"), []byte(strings.Replace(one.corefile, "cache", text, 1)), 0o600)
		}
	}
	return errors.Join(s.onBoth(write("caches")), s.reload(ctx, false), s.onBoth(write("cache")))
}

// restart ends both servers and starts them again. No server starts with a list that it cannot read: those are put right first.
func (s *storm) restart(ctx context.Context, signals []syscall.Signal, environment ...string) error {
	if err := s.endThose(ctx, func(a *active) bool { return a.isTaken() || a.of == protectFile || a.of == allowFile }); err != nil {
		return err
	}
	s.events.endLife(ctx, signals[len(signals)-1] == syscall.SIGKILL)
	err := s.onBoth(func(one *server) error {
		for _, signal := range signals[:len(signals)-1] {
			if err := one.running().Signal(signal); err != nil {
				return err
			}
		}
		took := one.end(signals[len(signals)-1])
		if one == s.guarded {
			s.events.excuseLast(time.Now())
		}
		s.tell(fmt.Sprintf("the %s server has ended after %s", one.name, took.Round(time.Millisecond)))
		if took > endWithin {
			s.violate("a server did not end in time", "the %s server after %s: %s", one.name, signals, took)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.tell("both have ended")
	return s.startBoth(ctx, environment...)
}

// descriptors is a limit on open files that leaves next to nothing, and clients that take that.
func descriptors() fault {
	const spare, connections, plenty = 12, 200, 4096
	var flood []net.Conn
	limit := func(s *server, files int) error {
		out, err := exec.Command("prlimit", fmt.Sprintf("--pid=%d", s.running().PID()), fmt.Sprintf("--nofile=%d:", files)).CombinedOutput()
		if err != nil {
			return fmt.Errorf("prlimit: %w: %s", err, out)
		}
		return nil
	}
	return fault{
		name: "out of descriptors", rank: rough, of: "processes",
		begin: func(ctx context.Context, s *storm) error {
			err := s.onBoth(func(one *server) error {
				open, err := one.descriptors()
				return errors.Join(err, limit(one, open+spare))
			})
			var mu sync.Mutex
			var dialing sync.WaitGroup
			for _, address := range []string{guardedDNS, stockDNS, sinkholeSMTP} {
				dialing.Go(func() {
					for range connections {
						conn, err := (&net.Dialer{Timeout: 100 * time.Millisecond}).DialContext(ctx, "tcp", address)
						if err != nil {
							return
						}
						mu.Lock()
						flood = append(flood, conn)
						mu.Unlock()
					}
				})
			}
			dialing.Wait()
			return err
		},
		end: func(_ context.Context, s *storm) error {
			for _, conn := range flood {
				_ = conn.Close()
			}
			flood = nil
			return s.onBoth(func(one *server) error { return limit(one, plenty) })
		},
	}
}
