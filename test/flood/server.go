package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// serverCPU and floodCPU are what taskset pins the processes to.
const serverCPU, floodCPU = "1", "0"

// corefile is a resolver with an SMTP listener that lets everybody in, and a policy that requires counterparts of an
// upstream: port, address for SMTP, connections twice, upstream. It knows the name that is probed by itself.
const corefile = `.:%s {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:0
    typoguard {
        protect army.mil
        clients 127.0.0.1
        action sinkhole 127.0.0.1
        smtp %s
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
	*kit.Process
	dns, smtp string         // addresses
	upstream  net.PacketConn // says nothing
	dir       string
}

// startServer starts the binary, on one CPU.
func startServer(ctx context.Context, connections int) (_ *server, err error) {
	s := new(server)
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "typoguard-flood-"); err != nil {
		return nil, err
	}
	if s.upstream, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if err := kit.FreeAddresses(&s.dns, &s.smtp); err != nil {
		return nil, err
	}
	binary, err := kit.Build(ctx)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(s.dns)
	if err != nil {
		return nil, err
	}
	content := fmt.Sprintf(corefile, port, s.smtp, connections+100, s.upstream.LocalAddr())
	s.Process, err = kit.Serve(ctx, s.dir, content, s.dns, "taskset", "-c", serverCPU, binary)
	return s, err
}

// stop ends the server, and removes its files.
func (s *server) stop() {
	if s.Process != nil {
		s.End(syscall.SIGKILL)
	}
	if s.upstream != nil {
		_ = s.upstream.Close()
	}
	_ = os.RemoveAll(s.dir) // a temporary directory
}
