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
	"strings"
	"time"

	"github.com/miekg/dns"
)

// serverCPU and floodCPU are what taskset pins the processes to.
const serverCPU, floodCPU = "1", "0"

// corefile is a resolver with an SMTP listener that lets everybody in, and a policy that requires counterparts of an
// upstream: port, SMTP port, connections twice, upstream. It knows the name that is probed by itself.
const corefile = `.:%s {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:0
    typoguard {
        protect army.mil
        clients 127.0.0.1
        action sinkhole 127.0.0.1
        smtp 127.0.0.1:%s
        smtp_limits connections %d per_client %[3]d commands 1000000
    }
    typoguard counterpart {
        protect mil
        require counterpart
    }
    cache
    template IN MX example {
        answer "{{ .Name }} 3600 IN MX 10 mx.{{ .Name }}"
    }
    forward . %[4]s {
        max_fails 0
    }
}
`

// server is the running binary.
type server struct {
	dns, smtp string         // addresses
	upstream  net.PacketConn // says nothing
	dir       string
	cmd       *exec.Cmd
	output    bytes.Buffer  // not to be read before it has exited
	exited    chan struct{} // closed then
}

// startServer builds the binary and starts it, on one CPU.
func startServer(ctx context.Context, connections int) (*server, error) {
	dir, err := os.MkdirTemp("", "typoguard-flood-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, exited: make(chan struct{})}
	if s.upstream, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	binary := filepath.Join(dir, "coredns-typoguard")
	build := exec.CommandContext(ctx, "go", "build", "-tags=grpcnotrace", "-o", binary, "github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("building the binary: %w\n%s", err, output), os.RemoveAll(dir))
	}
	dnsPort, smtpPort, err := freePorts()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.dns, s.smtp = net.JoinHostPort("127.0.0.1", dnsPort), net.JoinHostPort("127.0.0.1", smtpPort)
	s.cmd = exec.CommandContext(ctx, "taskset", "-c", serverCPU, binary, "-conf", "stdin")
	s.cmd.Stdin = strings.NewReader(fmt.Sprintf(corefile, dnsPort, smtpPort, connections+100, s.upstream.LocalAddr()))
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	go func() {
		_ = s.cmd.Wait() // no matter how it ends, it must not before it is stopped
		close(s.exited)
	}()
	if err := s.await(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// freePorts returns two ports that are free now.
func freePorts() (string, string, error) {
	one, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer one.Close()
	two, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer two.Close()
	_, first, err := net.SplitHostPort(one.Addr().String())
	if err != nil {
		return "", "", err
	}
	_, second, err := net.SplitHostPort(two.Addr().String())
	return first, second, err
}

// await returns when the server answers.
func (s *server) await(ctx context.Context) error {
	query := new(dns.Msg).SetQuestion("cached.example.", dns.TypeMX)
	for {
		if _, err := dns.ExchangeContext(ctx, query, s.dns); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.exited:
			return fmt.Errorf("the server exited: %s", s.output.Bytes())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the server, and removes its files.
func (s *server) stop() {
	_ = s.cmd.Process.Kill() // it may have exited
	<-s.exited
	_ = s.upstream.Close()
	_ = os.RemoveAll(s.dir) // a temporary directory
}
