package dns_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/process"
)

const (
	localhost  = "127.0.0.1"
	localhost6 = "::1"

	// attempts is how often a server is started on other ports, when somebody else was quicker to take one.
	attempts = 5
)

// services are what a server may listen for. Each has a port of its own, whether the Corefile uses it or not; the
// Corefile writes it {$DNS}, {$DOT} and so on.
var services = []string{"DNS", "DOT", "DOH", "METRICS", "READY", "SMTP", "REVIEW"}

// server is a running coredns-typoguard. Its Corefile may use the variables {$HOST}, {$UPSTREAM}, {$DIR} for the
// directory of the Corefile, {$CERT} and {$KEY}, and those of the services.
type server struct {
	host  string
	dir   string
	ports map[string]string

	cmd    *exec.Cmd
	output process.Output
	exited chan struct{}
}

// start runs a server on 127.0.0.1 with a Corefile, and returns when it answers. It is stopped when the test ends.
func start(t *testing.T, upstream, corefile string) *server {
	t.Helper()
	return startOn(t, localhost, upstream, corefile)
}

// startOn is start on another address of this host.
func startOn(t *testing.T, host, upstream, corefile string) *server {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, dir, "Corefile", corefile)
	return startIn(t, dir, host, upstream)
}

// startIn is start with the Corefile in a directory that may hold other files of the server.
func startIn(t *testing.T, dir, host, upstream string) *server {
	t.Helper()
	for range attempts {
		s := launch(t, dir, host, upstream)
		err := s.waitReady()
		if err == nil {
			return s
		}
		if !strings.Contains(s.output.String(), "address already in use") {
			require.NoErrorf(t, err, "starting with Corefile:\n%s\noutput:\n%s", readFile(t, dir, "Corefile"), s.output.String())
		}
	}
	require.FailNowf(t, "no free ports", "%d times a port was taken before the server could listen", attempts)
	return nil
}

// launch starts the process. When the test ends the process is told to stop, and must do so without an error.
func launch(t *testing.T, dir, host, upstream string) *server {
	t.Helper()
	s := &server{host: host, dir: dir, ports: map[string]string{}, exited: make(chan struct{})}
	for _, service := range services {
		s.ports[service] = freePort(t, host)
	}
	s.cmd = exec.CommandContext(t.Context(), built.binary, "-conf", filepath.Join(dir, "Corefile"))
	s.cmd.Env = s.environment(upstream)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = patience
	require.NoError(t, s.cmd.Start())
	var stopped error
	go func() {
		stopped = s.cmd.Wait()
		close(s.exited)
	}()
	t.Cleanup(func() {
		<-s.exited // the test's context has ended by now
		if errors.Is(stopped, context.Canceled) {
			assert.Zero(t, s.cmd.ProcessState.ExitCode(), "exit code after SIGTERM")
		}
		assert.NotContains(t, s.output.String(), "panic", "output")
		if t.Failed() {
			t.Logf("output of the server:\n%s", s.output.String())
		}
	})
	return s
}

// environment returns the variables of the Corefile.
func (s *server) environment(upstream string) []string {
	env := append(os.Environ(), "HOST="+s.host, "UPSTREAM="+upstream, "DIR="+s.dir,
		"CERT="+built.certificate.file, "KEY="+built.certificate.keyFile)
	for service, port := range s.ports {
		env = append(env, service+"="+port)
	}
	return env
}

// waitReady returns when the server answers, or why it never will.
func (s *server) waitReady() error {
	// CoreDNS itself answers BADVERS: no plugin sees the question, counts it or asks the upstream about it.
	probe := query("ready.invalid.", dns.TypeTXT).SetEdns0(dns.DefaultMsgSize, false)
	probe.IsEdns0().SetVersion(1)
	client := &dns.Client{Timeout: time.Second}
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, _, err := client.Exchange(probe, s.addr("DNS")); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return fmt.Errorf("the server exited: %s", s.cmd.ProcessState)
		case <-deadline:
			return fmt.Errorf("the server does not answer within %s", patience)
		}
	}
}

// addr returns where a service of the server listens.
func (s *server) addr(service string) string { return net.JoinHostPort(s.host, s.ports[service]) }

// label returns how the server is called in metrics.
func (s *server) label() string { return "dns://" + s.addr("DNS") }

// taken are the ports given out by freePort. CoreDNS listens with SO_REUSEPORT: two servers that were given the same
// port would not notice, and each answer some of the queries.
var taken struct {
	sync.Mutex
	ports map[int]bool
}

// freePort returns a port that nobody uses, neither over UDP nor over TCP, and that it did not return before.
func freePort(t *testing.T, host string) string {
	t.Helper()
	for {
		udp, tcp := listen(t, host)
		require.NoError(t, errors.Join(udp.Close(), tcp.Close()))
		port := tcp.Addr().(*net.TCPAddr).Port
		taken.Lock()
		fresh := !taken.ports[port]
		if taken.ports == nil {
			taken.ports = map[int]bool{}
		}
		taken.ports[port] = true
		taken.Unlock()
		if fresh {
			return strconv.Itoa(port)
		}
	}
}

// listen listens on one free port over UDP and TCP.
func listen(t *testing.T, host string) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		tcp, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		require.NoError(t, err)
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return udp, tcp
		}
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		require.NoError(t, tcp.Close())
	}
}

// writeFile puts a file in place in one step, so that nobody ever reads half of it.
func writeFile(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path+".new", []byte(content), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

// readFile returns the content of a file.
func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(content)
}
