package dns_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
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
	*kit.Process
	host  string
	dir   string
	ports map[string]string
}

// program is an executable, and what is in its environment besides the variables of the Corefile.
type program struct {
	path string
	env  []string
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
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), corefile)
	return startIn(t, dir, host, upstream)
}

// startIn is start with the Corefile in a directory that may hold other files of the server.
func startIn(t *testing.T, dir, host, upstream string) *server {
	t.Helper()
	for range attempts {
		s := launch(t, dir, host, upstream)
		err := s.UntilAnswer(t.Context(), s.addr("DNS"))
		if err == nil {
			return s
		}
		if !strings.Contains(s.Output(), "address already in use") {
			require.NoErrorf(t, err, "starting with Corefile:\n%s", kit.ReadFile(t, filepath.Join(dir, "Corefile")))
		}
	}
	require.FailNowf(t, "no free ports", "%d times a port was taken before the server could listen", attempts)
	return nil
}

// launch starts the process. When the test ends the process is told to stop, and must do so without an error.
func launch(t *testing.T, dir, host, upstream string) *server {
	t.Helper()
	return launchProgram(t, built.program, dir, host, upstream)
}

// launchProgram is launch for another program than that of all tests.
func launchProgram(t *testing.T, p program, dir, host, upstream string) *server {
	t.Helper()
	s := &server{host: host, dir: dir, ports: map[string]string{}}
	for _, service := range services {
		s.ports[service] = freePort(t, host)
	}
	var err error
	s.Process, err = kit.Launch(t.Context(), append(s.environment(upstream), p.env...), p.path, "-conf", filepath.Join(dir, "Corefile"))
	require.NoError(t, err)
	t.Cleanup(func() {
		if s.Stopped() { // the test's context has ended by now
			assert.Zero(t, s.ExitCode(), "exit code after SIGTERM")
		}
		assert.NotContains(t, s.Output(), "panic", "output")
		if t.Failed() {
			t.Logf("output of the server:\n%s", s.Output())
		}
	})
	return s
}

// environment returns the variables of the Corefile.
func (s *server) environment(upstream string) []string {
	env := []string{"HOST=" + s.host, "UPSTREAM=" + upstream, "DIR=" + s.dir,
		"CERT=" + built.certificate.file, "KEY=" + built.certificate.keyFile}
	for service, port := range s.ports {
		env = append(env, service+"="+port)
	}
	return env
}

// addr returns where a service of the server listens.
func (s *server) addr(service string) string { return net.JoinHostPort(s.host, s.ports[service]) }

// label returns how the server is called in metrics.
func (s *server) label() string { return "dns://" + s.addr("DNS") }

// freePort returns a port of a host that nobody uses.
func freePort(t *testing.T, host string) string {
	t.Helper()
	address, err := kit.FreeAddressOf(host)
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	return port
}
