package resolvers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// loadLimit is how long a server may take until it is ready.
const loadLimit = 10 * time.Minute

// Server is a running product.
type Server struct {
	Product
	// Port is where it serves, on the loopback address.
	Port string
	// LoadTime is how long it took from the start until it was ready.
	LoadTime time.Duration

	process *kit.Process
	stopped bool
}

// Start runs a product in a new directory below dir, on one CPU if that is not empty, and returns when it is ready: while
// it starts and loads, ready is called with its port until it reports true. The variables are those of Product; the port is a free one
// unless given.
func (p Product) Start(ctx context.Context, dir, cpu string, variables map[string]string, ready func(port string) bool) (*Server, error) {
	for try := 1; ; try++ {
		s, err := p.start(ctx, filepath.Join(dir, fmt.Sprintf("%d-of-%s", try, filepath.Base(p.Program))), cpu, maps.Clone(variables), ready)
		if variables["port"] != "" || !errors.Is(err, errPortTaken) || try == maxTries {
			return s, err
		}
	}
}

// maxTries is how often a server is started on another port, because somebody has sent a query from the one that was free.
const maxTries = 5

var errPortTaken = errors.New("somebody else uses its port")

// start starts the product in a new directory, on a free port unless there is one among the variables, which it changes.
func (p Product) start(ctx context.Context, dir, cpu string, variables map[string]string, ready func(port string) bool) (*Server, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	variables["dir"] = dir
	if variables["port"] == "" {
		port, err := kit.FreePort()
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		variables["port"] = port
	}
	command, err := p.Configure(dir, variables)
	if err != nil {
		return nil, err
	}
	if cpu != "" {
		command = append([]string{"taskset", "-c", cpu}, command...)
	}
	s := &Server{Product: p, Port: variables["port"]}
	started := time.Now()
	if s.process, err = kit.Launch(ctx, nil, command[0], command[1:]...); err != nil {
		return nil, err
	}
	if err := s.await(ctx, ready); err != nil {
		s.Stop()
		said := s.process.Output()
		if strings.Contains(said, "in use") {
			err = errors.Join(err, errPortTaken)
		}
		return nil, errors.Join(err, fmt.Errorf("its output: %s", said))
	}
	s.LoadTime = time.Since(started)
	return s, nil
}

// await returns when the server is ready.
func (s *Server) await(ctx context.Context, ready func(port string) bool) error {
	ctx, cancel := context.WithTimeout(ctx, loadLimit)
	defer cancel()
	for !ready(s.Port) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w", ctx.Err())
		case <-s.process.Exited():
			return errors.New("the server exited")
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// PID returns the server's process.
func (s *Server) PID() int { return s.process.PID() }

// Stop ends the server, and returns when it has exited.
func (s *Server) Stop() {
	s.stopped = true
	s.process.End(syscall.SIGKILL)
}

// Exited reports whether the server has exited by itself.
func (s *Server) Exited() bool {
	select {
	case <-s.process.Exited():
		return !s.stopped
	default:
		return false
	}
}

// Output returns what the server has printed so far.
func (s *Server) Output() string { return s.process.Output() }
