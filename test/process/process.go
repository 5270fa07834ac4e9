// Package process starts programs for tests and demonstrations, and waits for them.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Patience is how long a program may take to start or to stop, and an event to arrive. It is long since machines are busy at times.
const Patience = time.Minute

// Process is a program that was started here.
type Process struct {
	name   string
	cmd    *exec.Cmd
	output Output
	exited chan struct{} // closed then
}

// Launch starts a program. It is told to end when the context does, and not by Ctrl-C.
func Launch(ctx context.Context, name string, args ...string) (*Process, error) {
	p := &Process{name: name, exited: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, name, args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = Patience
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // no matter how it ends
		close(p.exited)
	}()
	return p, nil
}

// Output returns what the program has printed so far.
func (p *Process) Output() string { return p.output.String() }

// Exited is closed when the program has exited.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// End sends a signal, and returns when the program has exited.
func (p *Process) End(signal syscall.Signal) {
	_ = p.cmd.Process.Signal(signal) // fails if it has exited already
	<-p.exited
}

// Until asks again and again until there is no error.
func (p *Process) Until(ctx context.Context, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
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

// FreeAddress returns an address of loopback with a port that nobody uses, neither over UDP nor over TCP.
func FreeAddress() (string, error) {
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

// FreeAddresses sets each string to a FreeAddress.
func FreeAddresses(into ...*string) error {
	for _, address := range into {
		var err error
		if *address, err = FreeAddress(); err != nil {
			return err
		}
	}
	return nil
}

// FreePort returns the port of a FreeAddress.
func FreePort() (string, error) {
	address, err := FreeAddress()
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(address)
	return port, err
}
