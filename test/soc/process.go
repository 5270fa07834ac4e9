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
	"sync"
	"syscall"
	"time"
)

// patience is how long a program may take to start or to stop, and an event to arrive.
const patience = 20 * time.Second

// process is a program that was started here.
type process struct {
	name   string
	cmd    *exec.Cmd
	output output
	exited chan struct{} // closed then
}

// launch starts a program. It is told to end when the context does.
func launch(ctx context.Context, name string, args ...string) (*process, error) {
	p := &process{name: name, exited: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, name, args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = patience
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // no matter how it ends
		close(p.exited)
	}()
	return p, nil
}

// end sends a signal, and returns when the program has exited.
func (p *process) end(signal syscall.Signal) {
	_ = p.cmd.Process.Signal(signal) // fails if it has exited already
	<-p.exited
}

// until asks again and again until there is no error.
func (p *process) until(ctx context.Context, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.exited:
			return fmt.Errorf("%s exited: %s", p.name, p.output.String())
		case <-ctx.Done():
			return fmt.Errorf("%s: %w (%w): %s", p.name, err, ctx.Err(), p.output.String())
		}
	}
}

// output is what a program has printed so far.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

// String returns all that has been printed.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}

// freePort returns an address of loopback with a port that nobody uses, neither over UDP nor over TCP.
func freePort() (string, error) {
	for {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return tcp.Addr().String(), errors.Join(udp.Close(), tcp.Close())
		}
		if err := tcp.Close(); err != nil {
			return "", err
		}
	}
}

// root returns the directory of the repository.
func root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory; expected to run in the repository")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
