// Package service makes the server a good service of its host: it ends when it is told to, says when it is ready, and proves that it is
// alive.
package service

import (
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// again is how often SIGTERM is sent again until the process ends: caddy holds one signal at a time, and loses those that come while
	// it reloads and another reload waits.
	again = 200 * time.Millisecond
	// flushTime is how long events that are queued have to be written before the process is ended by force.
	flushTime = 2 * time.Second
	// exitForced is the status of a process that was ended by force.
	exitForced = 3
)

// Stopper ends the process some time after SIGTERM or SIGINT if caddy does not.
type Stopper struct {
	// Timeout is how long the process may take to end; 0 is for ever.
	Timeout time.Duration
	// Flush writes events that are queued.
	Flush func()

	signals chan os.Signal
}

// Listen makes the stopper receive signals. It may be called before the timeout is known.
func (s *Stopper) Listen() {
	s.signals = make(chan os.Signal, 2)
	signal.Notify(s.signals, syscall.SIGTERM, os.Interrupt)
}

// Run waits for a signal, and sees to it that the process ends. Its owner is the process.
func (s *Stopper) Run() {
	received := <-s.signals
	var end <-chan time.Time
	if s.Timeout > 0 {
		end = time.After(max(s.Timeout-flushTime, 0))
	}
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if received == syscall.SIGTERM { // caddy takes a second SIGINT for impatience, and never loses one
				s.send()
			}
		case <-end:
			s.force()
		}
	}
}

// send sends the process SIGTERM.
func (s *Stopper) send() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Signal(syscall.SIGTERM)
	}
}

// force ends the process.
func (s *Stopper) force() {
	log.Printf("[ERROR] the server has not stopped for %s; ending the process", s.Timeout-flushTime)
	flushed := make(chan struct{})
	go func() {
		s.Flush()
		close(flushed)
	}()
	select {
	case <-flushed:
	case <-time.After(flushTime):
	}
	os.Exit(exitForced)
}
