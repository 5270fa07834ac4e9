package resolvers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/typoguard/coredns-typoguard/test/process"
)

// loadLimit is how long a server may take until it is ready.
const loadLimit = 10 * time.Minute

// Build makes coredns-typoguard the way it is released, as a file.
func Build(ctx context.Context, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags=grpcnotrace", "-ldflags=-s -w", "-o", binary,
		"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the binary: %w\n%s", err, output)
	}
	return nil
}

// Server is a running product.
type Server struct {
	Product
	// Port is where it serves, on the loopback address.
	Port string
	// LoadTime is how long it took from the start until it was ready.
	LoadTime time.Duration

	cmd    *exec.Cmd
	output bytes.Buffer  // to be read when it has exited only
	exited chan struct{} // closed then
}

// Start runs a product in a new directory below dir, on one CPU if that is not empty, and returns when it is ready: while
// it starts and loads, ready is called with its port until it reports true. The variables are those of Product.
func (p Product) Start(ctx context.Context, dir, cpu string, variables map[string]string, ready func(port string) bool) (*Server, error) {
	dir = filepath.Join(dir, "of-"+filepath.Base(p.Program))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	port, err := process.FreePort()
	if err != nil {
		return nil, fmt.Errorf("finding a free port: %w", err)
	}
	variables = maps.Clone(variables)
	variables["dir"], variables["port"] = dir, port
	command, err := p.configure(dir, variables)
	if err != nil {
		return nil, err
	}
	if cpu != "" {
		command = append([]string{"taskset", "-c", cpu}, command...)
	}
	s := &Server{Product: p, Port: port, exited: make(chan struct{})}
	s.cmd = exec.CommandContext(ctx, command[0], command[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	started := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.exited)
		_ = s.cmd.Wait() // how it ended is of no interest: it must not end at all
	}()
	if err := s.await(ctx, ready); err != nil {
		s.Stop()
		return nil, errors.Join(err, fmt.Errorf("its output: %s", s.output.Bytes()))
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
		case <-s.exited:
			return errors.New("the server exited")
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// PID returns the server's process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Stop ends the server, and returns when it has exited.
func (s *Server) Stop() {
	_ = s.cmd.Process.Kill() // an error says that it has exited already
	<-s.exited
}

// Exited reports whether the server has exited by itself.
func (s *Server) Exited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// Output returns what the server printed, once it has been stopped.
func (s *Server) Output() string { return s.output.String() }
