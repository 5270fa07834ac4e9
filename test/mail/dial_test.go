//go:build e2e

package mail_test

import (
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// sessionLimit is how long an SMTP session of a test may take.
const sessionLimit = time.Minute

// within calls a function in the namespace.
func (ns *netns) within(t *testing.T, do func() error) {
	t.Helper()
	file, err := os.Open(filepath.Join("/run/netns", ns.name))
	require.NoError(t, err)
	defer file.Close()
	// A thread that stays in the namespace would be taken for a process in it, and killed.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	require.NoError(t, err)
	defer own.Close()
	require.NoError(t, unix.Setns(int(file.Fd()), unix.CLONE_NEWNET))
	err = do()
	require.NoError(t, unix.Setns(int(own.Fd()), unix.CLONE_NEWNET))
	require.NoError(t, err)
}

// dial connects to an address from within the namespace.
func (ns *netns) dial(t *testing.T, network, address string) (conn net.Conn) {
	t.Helper()
	ns.within(t, func() (err error) {
		conn, err = net.DialTimeout(network, address, 5*time.Second)
		return err
	})
	return conn
}

// smtpSession is an SMTP session with the relay, as a mail program has it.
type smtpSession struct {
	t    *testing.T
	conn *textproto.Conn
}

// newSMTPSession begins a session, and a message from a sender, with parameters of MAIL.
func newSMTPSession(t *testing.T, ns *netns, from, parameters string) *smtpSession {
	t.Helper()
	conn := ns.dial(t, "tcp", "127.0.0.1:25")
	require.NoError(t, conn.SetDeadline(time.Now().Add(sessionLimit)))
	s := &smtpSession{t, textproto.NewConn(conn)}
	t.Cleanup(func() { _ = s.conn.Close() })
	assert.Contains(t, s.reply(), "220 ")
	assert.Contains(t, s.command("EHLO client.corp.example"), "250 ")
	assert.Contains(t, s.command("MAIL FROM:<"+from+">"+parameters), "250 ")
	return s
}

// command sends a command, and returns the reply in one line.
func (s *smtpSession) command(line string) string {
	s.t.Helper()
	require.NoError(s.t, s.conn.PrintfLine("%s", line))
	return s.reply()
}

// reply returns a reply in one line, with its codes once.
func (s *smtpSession) reply() string {
	s.t.Helper()
	code, text, err := s.conn.ReadResponse(0)
	require.NoError(s.t, err)
	lines := strings.Split(text, "\n")
	enhanced, _, _ := strings.Cut(lines[0], " ")
	for i := range lines[1:] {
		lines[i+1] = strings.TrimPrefix(lines[i+1], enhanced+" ")
	}
	return strconv.Itoa(code) + " " + strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
}
