package smtp

import (
	"time"

	"golang.org/x/time/rate"
)

// The costs of work, in commands, are roughly proportional to its CPU time.
const (
	commandCost   = 1
	handshakeCost = 20
)

// burst is how much work may be done at once after a quiet period: what a busy mail server sends in one go.
const burst = 200

// newLimiter returns a limiter for commands or for connections. Connections have their own, so that connected clients do not keep
// others out. A connection takes about as much work as two commands.
func newLimiter() *rate.Limiter { return rate.NewLimiter(0, burst) }

// setRate sets the rate of commands and connections.
func (s *Server) setRate(commands int) {
	s.commandLimiter.SetLimit(rate.Limit(commands))
	s.connectionLimiter.SetLimit(rate.Limit(commands) / 2)
}

// delay charges a limiter for some work, and returns how long the work has to wait.
func (s *Server) delay(limiter *rate.Limiter, cost int) time.Duration {
	wait := limiter.ReserveN(time.Now(), cost).Delay()
	if wait > 0 {
		s.config.Load().Observer.LimitHit(Rate)
	}
	return wait
}

// sleep waits, but stops waiting when the server closes.
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
