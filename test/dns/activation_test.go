package dns_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestSocketActivation: the sinkhole and the page serve the sockets that systemd has opened, through reloads, and again after a Corefile
// that did not name them. A client that connects before there is anybody is served as well.
func TestSocketActivation(t *testing.T) {
	dir := t.TempDir()
	with := `.:{$DNS} {
    bind {$HOST}
    typoguard mail {
        protect army.mil
        clients 127.0.0.0/8
        action sinkhole {$HOST}
        smtp {$HOST}:{$SMTP}
        history sqlite://{$DIR}/events.db
        review {$HOST}:{$REVIEW}
    }
}
`
	without := `.:{$DNS} {
    bind {$HOST}
    typoguard mail {
        protect army.mil
    }
}
`
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), with)
	s := &server{host: localhost, dir: dir, ports: map[string]string{"DNS": freePort(t, localhost)}}
	var sockets []*os.File
	for _, service := range []string{"SMTP", "REVIEW"} {
		listener, err := net.Listen("tcp4", localhost+":0")
		require.NoError(t, err)
		_, s.ports[service], err = net.SplitHostPort(listener.Addr().String())
		require.NoError(t, err)
		socket, err := listener.(*net.TCPListener).File()
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		sockets = append(sockets, socket)
	}
	early, err := net.Dial("tcp", s.addr("SMTP"))
	require.NoError(t, err)
	defer early.Close()

	s.Process, err = kit.LaunchWith(t.Context(), sockets, append(s.environment("127.0.0.1"), "LISTEN_FDS=2"),
		"sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, built.program.path, "-conf", filepath.Join(dir, "Corefile"))
	require.NoError(t, err)
	for _, socket := range sockets {
		require.NoError(t, socket.Close())
	}
	require.NoError(t, s.UntilAnswer(t.Context(), s.addr("DNS")))
	require.NoError(t, early.SetDeadline(time.Now().Add(patience)))
	banner := make([]byte, 4)
	_, err = early.Read(banner)
	require.NoError(t, err)
	assert.Equal(t, "220 ", string(banner))

	serves := func() {
		t.Helper()
		s.greeted(t)
		status, _, err := kit.Get(t.Context(), "http://"+s.addr("REVIEW")+"/")
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, status)
	}
	reload := func(corefile, line string) {
		t.Helper()
		kit.WriteFile(t, filepath.Join(dir, "Corefile"), corefile)
		before := len(s.Output())
		require.NoError(t, s.Signal(syscall.SIGUSR1))
		kit.Eventually(t, line, func() bool { return strings.Contains(s.Output()[before:], line) })
		kit.Eventually(t, "the end of the reload", func() bool { return strings.Contains(s.Output()[before:], "Reloading complete") })
	}
	serves()
	reload(with, "Reloading complete")
	serves()
	reload(without, "systemd has opened "+s.addr("SMTP")+", but no option smtp or review names that address")
	waits, err := net.Dial("tcp", s.addr("SMTP"))
	require.NoError(t, err, "its clients wait")
	defer waits.Close()
	reload(with, "Reloading complete")
	serves()
}
