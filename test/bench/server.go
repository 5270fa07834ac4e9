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
	"strconv"
	"strings"
	"time"
)

// start of every Corefile. All servers have errors and prometheus, as resolvers in production do, and not for realism
// alone: CoreDNS serves each query in a new goroutine, and with the cache as its only plugin just stays within the 4 KiB
// that Go gives the stack of one at first. The first plugin that is put before the cache, whichever it is, makes Go copy
// every stack to a larger one, for a third of all CPU time. Measured without these two, any plugin would look as bad as
// any other.
const corefile = `.:%s {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:0
%s}
`

// policy returns a stanza that protects the domains in a file.
func policy(protectFile string, distance int) string {
	return fmt.Sprintf(`    typoguard {
        protect_file %s
        distance %d
    }
`, protectFile, distance)
}

// resolver is a cache that needs no Internet. Template is asked once for each query, and never again while we measure.
const resolver = `    cache
    template IN MX . {
        answer "{{ .Name }} 3600 IN MX 10 mx.{{ .Name }}"
    }
    template IN A . {
        answer "{{ .Name }} 3600 IN A 192.0.2.1"
    }
    template IN AAAA . {
        answer "{{ .Name }} 3600 IN AAAA 2001:db8::1"
    }
`

// blocker answers like a policy, with what CoreDNS has: NXDOMAIN, a SOA, and an Extended DNS Error. It is the cheapest such
// stanza, as it blocks everything; one with the lookalikes' zones, or a regular expression for them, has to find them too.
// There is no cache, since typoguard's answers are not cached either.
const blocker = `    template IN ANY . {
        rcode NXDOMAIN
        authority "{{ .Zone }} 60 IN SOA ns.invalid. nobody.invalid. 1 3600 600 86400 60"
        ederror 15 "Blocked"
    }
`

// build makes the binary the way it is released.
func build(ctx context.Context, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags=grpcnotrace", "-ldflags=-s -w", "-o", binary,
		"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the binary: %w\n%s", err, output)
	}
	return nil
}

// server is a running CoreDNS.
type server struct {
	port   string
	cmd    *exec.Cmd
	output bytes.Buffer  // to be read when it has exited only
	exited chan struct{} // closed then
}

// startAll starts a server on a CPU with each of the plugin lists, and returns them with a function that ends them all.
func startAll(ctx context.Context, binary, dir, cpu string, plugins ...string) (servers []*server, stop func(), err error) {
	stop = func() {
		for _, s := range servers {
			s.stop()
		}
	}
	for i, list := range plugins {
		s, err := start(ctx, binary, filepath.Join(dir, fmt.Sprintf("Corefile.%d", i)), cpu, list)
		if err != nil {
			stop()
			return nil, nil, err
		}
		servers = append(servers, s)
	}
	return servers, stop, nil
}

// start starts a server on a free port of the loopback address, and returns when it answers. With a single CPU, Go runs
// the server with GOMAXPROCS 1.
func start(ctx context.Context, binary, path, cpu, plugins string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, fmt.Errorf("finding a free port: %w", err)
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, corefile, port, plugins), 0o600); err != nil {
		return nil, err
	}
	s := &server{port: port, exited: make(chan struct{})}
	s.cmd = exec.CommandContext(ctx, "taskset", "-c", cpu, binary, "-conf", path)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	go func() {
		defer close(s.exited)
		_ = s.cmd.Wait() // how it ended is of no interest: it must not end at all
	}()
	if err := s.await(ctx); err != nil {
		s.stop()
		return nil, err
	}
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

// await returns when the server answers a query, no matter how.
func (s *server) await(ctx context.Context) error {
	client := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", s.port))
	}}
	for {
		_, err := client.LookupMX(ctx, "example.")
		var failure *net.DNSError
		if err == nil || (errors.As(err, &failure) && failure.IsNotFound) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.exited:
			return s.failure()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// failure returns an error with what the server wrote if it has exited.
func (s *server) failure() error {
	select {
	case <-s.exited:
		return fmt.Errorf("the server exited: %s", s.output.Bytes())
	default:
		return nil
	}
}

// stop ends the server, and returns when it has exited.
func (s *server) stop() {
	_ = s.cmd.Process.Kill() // an error says that it has exited already
	<-s.exited
}

// cpuTime returns how much CPU time the server has used, in steps of 10 ms.
func (s *server) cpuTime() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// See proc_pid_stat(5). The name of the program comes second, in parentheses; user and system time are the fields 14
	// and 15, in hundredths of a second.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var total time.Duration
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading %s: %w", stat, err)
		}
		total += time.Duration(ticks) * 10 * time.Millisecond
	}
	return total, nil
}
