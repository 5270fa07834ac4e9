package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/test/process"
)

// corefile is what all servers have in common: the port comes first, then the plugins.
//
// The plugins errors and prometheus are in, not only because every resolver in production has them. CoreDNS serves each
// query in a new goroutine, and with nothing but the cache that just needs no more than 4 KiB of stack. The first plugin
// that stands before the cache, whichever it is, makes Go copy each goroutine's stack to a larger one, which costs some 30 %
// of the answers per second: a fact about Go, and not what is to be measured here. With these two both servers pay it.
const corefile = `.:%s {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:0
%s}
`

// policy returns a stanza that protects the domains in a file, and has further options.
func policy(protectFile string, distance int, options string) string {
	return fmt.Sprintf(`    typoguard {
        protect_file %s
        distance %d
        %s
    }
`, protectFile, distance, options)
}

// resolver is a cache that needs no Internet: template answers while the cache is filled, and is not asked again.
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

// blocker answers as a policy does with what CoreDNS has: NXDOMAIN, a SOA record and an Extended DNS Error. It is as cheap
// as that gets, since it need not tell lookalikes from other names. There is no cache, as there is none in front of a policy.
const blocker = `    template IN ANY . {
        rcode NXDOMAIN
        authority "{{ .Zone }} 60 IN SOA ns.invalid. nobody.invalid. 1 3600 600 86400 60"
        ederror 15 "Blocked"
    }
`

// server is a running CoreDNS.
type server struct {
	port   string
	cmd    *exec.Cmd
	output bytes.Buffer  // not to be read before it has exited
	exited chan struct{} // closed then
}

// startAll starts a server for each list of plugins, and returns them with a function that stops them all.
func startAll(ctx context.Context, binary, cpu string, plugins ...string) (servers []*server, stop func(), err error) {
	stop = func() {
		for _, s := range servers {
			s.stop()
		}
	}
	for _, list := range plugins {
		s, err := start(ctx, binary, cpu, list)
		if err != nil {
			stop()
			return nil, nil, err
		}
		servers = append(servers, s)
	}
	return servers, stop, nil
}

// start starts a server on the loopback interface, and returns when it answers. Go sees one CPU and runs it with
// GOMAXPROCS 1.
func start(ctx context.Context, binary, cpu, plugins string) (*server, error) {
	port, err := process.FreePort()
	if err != nil {
		return nil, fmt.Errorf("looking for a free port: %w", err)
	}
	s := &server{port: port, exited: make(chan struct{})}
	s.cmd = exec.CommandContext(ctx, "taskset", "-c", cpu, binary, "-conf", "stdin")
	s.cmd.Stdin = strings.NewReader(fmt.Sprintf(corefile, port, plugins))
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
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

// failure returns an error with what the server wrote, if it has exited.
func (s *server) failure() error {
	select {
	case <-s.exited:
		return fmt.Errorf("the server exited: %s", s.output.Bytes())
	default:
		return nil
	}
}

// stop kills the server, and returns when it has exited.
func (s *server) stop() {
	_ = s.cmd.Process.Kill() // fails if it has exited already
	<-s.exited
}
