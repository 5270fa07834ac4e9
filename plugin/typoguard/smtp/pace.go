package smtp

import (
	"time"

	"golang.org/x/time/rate"
)

// What the work of a server costs, in commands: about in proportion to the CPU time that it takes.
const (
	commandCost   = 1
	handshakeCost = 20
)

// paceBurst is how much may be done at once after a quiet time: what a busy mail server sends in one go.
const paceBurst = 200

// newPace returns a limiter of commands, or of connections. These have one of their own, so that clients that are
// connected do not keep others from being heard. A connection takes about as much work as two commands.
func newPace() *rate.Limiter { return rate.NewLimiter(0, paceBurst) }

// setPace puts a rate in force.
func (s *Server) setPace(commands int) {
	s.pace.SetLimit(rate.Limit(commands))
	s.doorPace.SetLimit(rate.Limit(commands) / 2)
}

// delay takes the cost of some work off what may be done, and returns how long it has to wait.
func (s *Server) delay(pace *rate.Limiter, cost int) time.Duration {
	wait := pace.ReserveN(time.Now(), cost).Delay()
	if wait > 0 {
		s.config.Load().Observer.LimitHit(Rate)
	}
	return wait
}

// sleep waits, but not longer than until the server closes.
func (s *Server) sleep(wait time.Duration) {
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	}
}
