package dns_test

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

const plainCorefile = `.:{$DNS} {
    bind {$HOST}
    typoguard mail {
        protect army.mil
        protect_file {$DIR}/list
    }
    forward . {$UPSTREAM}
}
`

// ended fails the test unless a server exits within a time, and returns the code with which it does.
func ended(t *testing.T, s *server, within time.Duration) int {
	t.Helper()
	select {
	case <-s.Exited():
	case <-time.After(within):
		require.FailNow(t, "the server does not end", s.Output())
	}
	return s.ExitCode()
}

// TestTerminatedWhileReloading: SIGTERM is not lost behind reloads that take long, and ends the process in ten seconds.
func TestTerminatedWhileReloading(t *testing.T) {
	dir := t.TempDir()
	var list strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&list, "ship%d.mil\n", i)
	}
	kit.WriteFile(t, filepath.Join(dir, "list"), list.String())
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), plainCorefile)
	s := startIn(t, dir, localhost, localhost)
	for _, signal := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR1} {
		require.NoError(t, s.Signal(signal))
		reloading := strings.Count(s.Output(), "SIGUSR1: Reloading")
		if reloading == 0 { // the second one must come while the first one is served
			kit.Eventually(t, "a reload", func() bool { return strings.Contains(s.Output(), "SIGUSR1: Reloading") })
		}
	}
	begin := time.Now()
	require.NoError(t, s.Signal(syscall.SIGTERM))
	code := ended(t, s, 11*time.Second)
	t.Logf("ended after %s with code %d", time.Since(begin), code)
	assert.Contains(t, []int{0, 3}, code)
}

// TestSharedPort: a second process does not take a part of the queries without being told that it may.
func TestSharedPort(t *testing.T) {
	t.Parallel()
	s := start(t, localhost, strings.Replace(plainCorefile, "protect_file {$DIR}/list", "", 1))
	second := func(flags ...string) *kit.Process {
		p, err := kit.Launch(t.Context(), s.environment(localhost), built.program.path, append(flags, "-conf", filepath.Join(s.dir, "Corefile"))...)
		require.NoError(t, err)
		return p
	}
	refused := second()
	<-refused.Exited()
	assert.Positive(t, refused.ExitCode())
	assert.Contains(t, refused.Output(), "dns://.:"+s.ports["DNS"]+": another process serves this port")
	assert.Contains(t, refused.Output(), "address already in use")

	shares := second("-share-ports")
	kit.Eventually(t, "a second server", func() bool { return strings.Contains(shares.Output(), "in force: ") })
	require.NoError(t, s.Signal(syscall.SIGUSR1))
	kit.Eventually(t, "a reload", func() bool { return strings.Contains(s.Output(), "Reloading complete") })
	shares.End(syscall.SIGTERM)
	assert.Zero(t, shares.ExitCode())
}

// TestAddedPort: a reload that adds a port which another process serves is refused, and the running policy stays; without that process
// it is not.
func TestAddedPort(t *testing.T) {
	t.Parallel()
	without := strings.Replace(plainCorefile, "protect_file {$DIR}/list", "", 1)
	other := start(t, localhost, without)
	s := start(t, localhost, without)
	kit.WriteFile(t, filepath.Join(s.dir, "Corefile"), without+strings.Replace(without, "{$DNS}", other.ports["DNS"], 1))
	s.reload(t, "[ERROR] SIGUSR1: ")
	assert.Contains(t, s.Output(), "dns://.:"+other.ports["DNS"]+": another process serves this port")
	assert.Equal(t, blocked, sampleOf(s.addr("DNS"), "udp", always).result)
	other.End(syscall.SIGTERM)
	s.reload(t, "[INFO] Reloading complete")
	assert.Equal(t, blocked, sampleOf(other.addr("DNS"), "udp", always).result)
	kit.WriteFile(t, filepath.Join(s.dir, "Corefile"), without)
	s.reload(t, "[INFO] Reloading complete")
	assert.Equal(t, blocked, sampleOf(s.addr("DNS"), "udp", always).result)
}

// TestNotify: systemd is told when the server answers, and that it is alive.
func TestNotify(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	next := func() string {
		message := make([]byte, 100)
		n, err := conn.Read(message)
		require.NoError(t, err)
		return string(message[:n])
	}
	dir := t.TempDir()
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), strings.Replace(plainCorefile, "protect_file {$DIR}/list", "", 1))
	address := kit.FreeAddress(t)
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	p, err := kit.Launch(t.Context(), []string{"DNS=" + port, "HOST=" + host, "UPSTREAM=" + localhost, "NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=300000"},
		built.program.path, "-conf", filepath.Join(dir, "Corefile"))
	require.NoError(t, err)
	assert.Equal(t, "READY=1", next())
	require.NoError(t, p.UntilAnswer(t.Context(), address), "the server answers by then")
	for range 3 {
		assert.Equal(t, "WATCHDOG=1", next())
	}
	require.NoError(t, p.Signal(syscall.SIGSTOP))
	for range 100 { // what was sent before
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Second)))
		if _, err = conn.Read(make([]byte, 100)); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "timeout", "a server that hangs has no heartbeat")
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	require.NoError(t, p.Signal(syscall.SIGCONT))
	require.NoError(t, p.Signal(syscall.SIGTERM))
	<-p.Exited()
	assert.Zero(t, p.ExitCode())
}
