package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// corefile is what all servers have in common. The port comes first, then the plugins.
const corefile = `.:%s {
    bind 127.0.0.1
%s}
`

// usual are the plugins that every resolver in production has. CoreDNS serves each query in a new goroutine, and with nothing but the
// cache that just needs no more than 4 KiB of stack. The first plugin that stands before the cache, whichever it is, makes Go copy each
// stack to a larger one, which costs a stock CoreDNS as many answers as all that the plugin does. With these two it has paid already.
const usual = `    errors
    prometheus 127.0.0.1:0
`

// logged are the same with a line in a file for each query.
const logged = usual + "    log\n"

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
	*kit.Process
	port string
	dir  string
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

// start starts a server on the loopback interface, and returns when it answers. Go sees the CPUs that it is given, mostly one, and runs it with
// as many for GOMAXPROCS.
func start(ctx context.Context, binary, cpu, plugins string) (*server, error) {
	port, err := kit.FreePort()
	if err != nil {
		return nil, fmt.Errorf("looking for a free port: %w", err)
	}
	dir, err := os.MkdirTemp("", "typoguard-bench-")
	if err != nil {
		return nil, err
	}
	// Queries are logged to standard output, as a service manager or an administrator has it: into a file.
	const toFile = `exec "$@" > "$0"`
	p, err := kit.Serve(ctx, dir, fmt.Sprintf(corefile, port, plugins), net.JoinHostPort("127.0.0.1", port),
		"sh", "-c", toFile, filepath.Join(dir, "log"), "taskset", "-c", cpu, binary)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &server{p, port, dir}, nil
}

// failure returns an error with what the server wrote, if it has exited.
func (s *server) failure() error {
	select {
	case <-s.Exited():
		return fmt.Errorf("the server exited: %s", s.Output())
	default:
		return nil
	}
}

// stop kills the server, and removes its files.
func (s *server) stop() {
	s.End(syscall.SIGKILL)
	_ = os.RemoveAll(s.dir) // a temporary directory
}
