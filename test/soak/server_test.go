//go:build e2e

package soak_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// Addresses, in a network that nobody else uses.
const (
	guardedDNS, guardedMetrics = "127.0.0.1:5301", "127.0.0.1:9301"
	stockDNS, stockMetrics     = "127.0.0.1:5302", "127.0.0.1:9302"
	sinkholeSMTP               = "127.0.0.1:25"
	reviewPage                 = "127.0.0.1:8053"
	syslogTCP                  = "127.0.0.1:601"
	upstreamOne, upstreamTwo   = "127.0.0.2:53", "127.0.0.3:53"
)

// chain is what both servers have: the port, and the address of metrics.
const chain = `.:%s {
    bind 127.0.0.1
    errors {
        consolidate 10s ".*"
    }
    prometheus %s
    %s
    cache 30
    forward . ` + upstreamOne + ` ` + upstreamTwo + `
}
`

// policies are typoguard's: the directory of the lists, the address of the web server, the directory of what is written, and the DSN of
// PostgreSQL.
const policies = `typoguard mail {
        protect army.mil navy.mil
        protect_file %[1]s/protect.txt
        protect_file %[2]s/list
        allow arny.mil
        allow_file %[1]s/allow.txt
        cache_dir %[3]s
        on_missing start
        reload 1s
        log_events off
        events %[3]s/events.json size 1GB keep 0
        syslog tcp://` + syslogTCP + `
        history sqlite://%[3]s/events.db size 100MB
        review ` + reviewPage + `
    }
    typoguard sunk {
        protect northwind.example
        clients 127.0.0.0/8
        action sinkhole 127.0.0.1
        smtp ` + sinkholeSMTP + `
        smtp_limits per_client 1000
        log_events off
        events %[3]s/events.json size 1GB keep 0
        history %[4]s
    }
    typoguard null {
        protect fabrikam.example
        action nullmx
        log_events off
        events %[3]s/events.json size 1GB keep 0
    }`

// server is one of the two. It may be killed and started again.
type server struct {
	name, dir    string
	dns, metrics string // addresses
	corefile     string
	binary       string
	environment  []string

	mu      sync.Mutex
	process *kit.Process
}

// start starts the server with further environment variables, and returns when it answers. Its log goes to a file, to which it appends.
func (s *server) start(ctx context.Context, environment ...string) error {
	command := append([]string{"env"}, append(s.environment, environment...)...)
	command = append(command, "sh", "-c", `exec "$0" "$@" >>`+s.log()+` 2>&1`, s.binary)
	process, err := kit.Serve(ctx, s.dir, s.corefile, s.dns, command...)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", s.name, err, s.lastWords())
	}
	s.mu.Lock()
	s.process = process
	s.mu.Unlock()
	return nil
}

// running returns the process of the server.
func (s *server) running() *kit.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// log is the path of the server's log.
func (s *server) log() string { return filepath.Join(s.dir, "log") }

// said returns what the server has logged from a position on, and the position now.
func (s *server) said(from int64) (string, int64) {
	file, err := os.Open(s.log())
	if err != nil {
		return "", from
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() <= from {
		return "", from
	}
	text := make([]byte, info.Size()-from)
	n, _ := file.ReadAt(text, from)
	return string(text[:n]), from + int64(n)
}

// lastWords returns the end of the log.
func (s *server) lastWords() string {
	const enough = 3000
	text, _ := s.said(0)
	return text[max(0, len(text)-enough):]
}

// The outcomes of a reload, in the log.
const (
	reloaded     = "[INFO] Reloading complete"
	reloadFailed = "[ERROR] SIGUSR1: "
)

// reload makes the server read its Corefile again, and returns whether it has taken it, when it says so.
func (s *server) reload(ctx context.Context) (bool, error) {
	_, from := s.said(0)
	p := s.running()
	if err := p.Signal(syscall.SIGUSR1); err != nil {
		return false, err
	}
	taken := false
	err := p.Until(ctx, func() error {
		text, _ := s.said(from)
		taken = strings.Contains(text, reloaded)
		if !taken && !strings.Contains(text, reloadFailed) {
			return fmt.Errorf("no outcome of a reload in the log, but %q", text)
		}
		return nil
	})
	return taken, err
}

// descriptors returns how many files the server has open.
func (s *server) descriptors() (int, error) {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.running().PID()))
	return len(open), err
}

// memory returns the resident memory of the server in bytes.
func (s *server) memory() (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.running().PID()))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("no VmRSS in the status of %s", s.name)
	}
	kilobytes, err := strconv.Atoi(fields[0])
	return kilobytes << 10, err
}

// end ends the server, and returns how long that took.
func (s *server) end(signal syscall.Signal) time.Duration {
	began := time.Now()
	s.running().End(signal)
	return time.Since(began)
}

// portOf returns the port of an address.
func portOf(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err)
	}
	return port
}
