// Package kit is what tests, measurements and demonstrations have in common: the binary, built once for all of them, programs
// that are started and stopped, waiting for what is to happen, free ports, files, and metrics. Its package caddytest runs
// servers within the process of a test.
package kit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Process is a program that was started here.
type Process struct {
	name   string
	cmd    *exec.Cmd
	output Output
	exited chan struct{} // closed then
	err    error         // how it ended, to be read after that
}

// Launch starts a program. It is told to end when the context does, and not by Ctrl-C. The environment is that of this process,
// and what is added to it.
func Launch(ctx context.Context, env []string, name string, args ...string) (*Process, error) {
	return LaunchWith(ctx, nil, env, name, args...)
}

// LaunchWith is Launch for a program that gets open files, as its descriptors from 3 on.
func LaunchWith(ctx context.Context, files []*os.File, env []string, name string, args ...string) (*Process, error) {
	p := &Process{name: name, exited: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, name, args...)
	p.cmd.Env = append(p.cmd.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.ExtraFiles = files
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = Patience
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// PID returns the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output returns what the program has printed so far.
func (p *Process) Output() string { return p.output.String() }

// Exited is closed when the program has exited.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// ExitCode returns the code with which the program has exited, once it has: -1 if a signal ended it, or the wait for its
// output was given up.
func (p *Process) ExitCode() int {
	<-p.exited
	return p.cmd.ProcessState.ExitCode()
}

// Stopped returns, once the program has exited, whether it was told to by the end of the context.
func (p *Process) Stopped() bool {
	<-p.exited
	return errors.Is(p.err, context.Canceled)
}

// Signal sends a signal.
func (p *Process) Signal(signal syscall.Signal) error { return p.cmd.Process.Signal(signal) }

// End sends a signal, and returns when the program has exited.
func (p *Process) End(signal syscall.Signal) {
	_ = p.Signal(signal) // fails if it has exited already
	<-p.exited
}

// Until asks again and again until there is no error, the program exits, or the patience is over.
func (p *Process) Until(ctx context.Context, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	tick := time.NewTicker(wink)
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

// Output is what has been written to it so far. Any number of goroutines may use it.
type Output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

// String returns all that has been printed.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}
