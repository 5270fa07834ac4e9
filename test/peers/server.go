package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// loadLimit is how long a server may take until it hides all names.
const loadLimit = 10 * time.Minute

// build makes our binary the way it is released.
func build(ctx context.Context, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags=grpcnotrace", "-ldflags=-s -w", "-o", binary,
		"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the binary: %w\n%s", err, output)
	}
	return nil
}

// server is a running product.
type server struct {
	product
	port     string
	cmd      *exec.Cmd
	output   bytes.Buffer  // to be read when it has exited only
	exited   chan struct{} // closed then
	loadTime time.Duration // from the start until it hid all names
}

// start starts a product on a CPU, and returns when it hides the names of the job.
func (p product) start(ctx context.Context, dir, cpu string, j job) (*server, error) {
	dir = filepath.Join(dir, "of-"+filepath.Base(p.program))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, fmt.Errorf("finding a free port: %w", err)
	}
	command, err := p.configure(dir, port, j)
	if err != nil {
		return nil, err
	}
	s := &server{product: p, port: port, exited: make(chan struct{})}
	s.cmd = exec.CommandContext(ctx, "taskset", append([]string{"-c", cpu}, command...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	started := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.exited)
		_ = s.cmd.Wait() // how it ended is of no interest: it must not end at all
	}()
	if err := s.await(ctx, j.checked); err != nil {
		s.stop()
		return nil, errors.Join(err, fmt.Errorf("its output: %s", s.output.Bytes()))
	}
	s.loadTime = time.Since(started)
	return s, nil
}

// freePort returns a port that is free now, for UDP and TCP. The latter may take some tries: a port that anybody's
// connection left not long ago cannot be listened on.
func freePort() (string, error) {
	var err error
	for range 100 {
		var conn net.PacketConn
		if conn, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			return "", err
		}
		address := conn.LocalAddr().String()
		var listener net.Listener
		if listener, err = net.Listen("tcp", address); err == nil {
			_ = listener.Close()
		}
		_ = conn.Close()
		if err == nil {
			_, port, err := net.SplitHostPort(address)
			return port, err
		}
	}
	return "", err
}

// await returns when the server hides all the names. It asks for one of them until then, and on to the next.
func (s *server) await(ctx context.Context, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, loadLimit)
	defer cancel()
	for _, name := range names {
		for {
			// Before it serves, and while it loads, there may be no answer, or another.
			if hidden, err := hides(s.port, name); err == nil && hidden {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s is not hidden: %w", name, ctx.Err())
			case <-s.exited:
				return errors.New("the server exited")
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	return nil
}

// checkPassed returns an error if the server hides a name. As there is no upstream, the answer should be SERVFAIL, and
// some servers take long to give up.
func (s *server) checkPassed(names []string) error {
	for _, name := range names {
		if hidden, err := hides(s.port, name); err == nil && hidden {
			return fmt.Errorf("%s is hidden; expected not, since it is protected", name)
		}
	}
	return nil
}

// stop ends the server, and returns when it has exited.
func (s *server) stop() {
	_ = s.cmd.Process.Kill() // an error says that it has exited already
	<-s.exited
}
