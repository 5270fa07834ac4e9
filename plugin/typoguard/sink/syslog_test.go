package sink

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// frames returns the messages on a connection, by octet counting (RFC 6587 section 3.4.1).
func frames(t *testing.T, conn net.Conn) func() string {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	reader := bufio.NewReader(conn)
	return func() string {
		length, err := reader.ReadString(' ')
		require.NoError(t, err)
		n, err := strconv.Atoi(strings.TrimSuffix(length, " "))
		require.NoError(t, err)
		message := make([]byte, n)
		_, err = io.ReadFull(reader, message)
		require.NoError(t, err)
		return string(message)
	}
}

// form is a message of RFC 5424 section 6: PRI, VERSION, TIMESTAMP, HOSTNAME, APP-NAME, PROCID, MSGID, no structured data.
var form = regexp.MustCompile(`^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S{1,255}) typoguard (\d+) (\S{1,32}) - (\{.*\})$`)

// idOf checks a message and returns the id of its event.
func idOf(t *testing.T, message string) string {
	t.Helper()
	parts := form.FindStringSubmatch(message)
	require.NotNil(t, parts, message)
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(parts[6]), &fields))
	return fields["event.id"].(string)
}

func send(t *testing.T, s *Syslog, names ...string) {
	t.Helper()
	n, err := s.Write(t.Context(), ids(names...))
	require.NoError(t, err)
	require.Equal(t, len(names), n)
}

// TestSyslogFormat holds a message whole, but for the event in it.
func TestSyslogFormat(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 456_789_012, time.FixedZone("", 3600))
	tests := []struct {
		name, host, facility, mode, want string
	}{
		{"enforced", "ns1.example", "local0", "enforce", "<132>1 2026-11-22T00:02:03.456Z ns1.example typoguard PID nxdomain - {"},
		{"monitored", "ns1.example", "mail", "monitor", "<21>1 2026-11-22T00:02:03.456Z ns1.example typoguard PID nxdomain - {"},
		{"no host", "", "daemon", "enforce", "<28>1 2026-11-22T00:02:03.456Z - typoguard PID nxdomain - {"},
		{"the first and the last character", "!~", "daemon", "enforce", "<28>1 2026-11-22T00:02:03.456Z !~ typoguard PID nxdomain - {"},
		{"a strange host", "a b\nü", "daemon", "enforce", "<28>1 2026-11-22T00:02:03.456Z ab typoguard PID nxdomain - {"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := NewSyslog(SyslogConfig{Facility: tt.facility, Host: tt.host})
			require.NoError(t, s.format(&event.Event{First: at, Last: at, Action: "nxdomain", Mode: tt.mode}))
			header, _, _ := strings.Cut(s.message.String(), `"message"`)
			assert.Equal(t, strings.Replace(tt.want, "PID", strconv.Itoa(os.Getpid()), 1), header)
			assert.True(t, strings.HasSuffix(s.message.String(), "}"))
		})
	}
}

func TestSyslogUDP(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	s := NewSyslog(SyslogConfig{Network: "udp", Address: server.LocalAddr().String(), Facility: "local0", Host: "host"})
	send(t, s, "a", "b")
	require.NoError(t, server.SetReadDeadline(time.Now().Add(10*time.Second)))
	for _, want := range []string{"a", "b"} {
		datagram := make([]byte, 65536)
		n, _, err := server.ReadFrom(datagram)
		require.NoError(t, err)
		assert.Equal(t, want, idOf(t, string(datagram[:n])))
	}
	require.NoError(t, s.Close())
}

// TestSyslogReconnects: a server that ends the connection is noticed before anything more is written to it.
func TestSyslogReconnects(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	s := NewSyslog(SyslogConfig{Network: "tcp", Address: server.Addr().String(), Facility: "local0", Host: "host"})
	for range 3 {
		send(t, s, "a", "b")
		conn, err := server.Accept()
		require.NoError(t, err)
		next := frames(t, conn)
		for _, want := range []string{"a", "b"} {
			assert.Equal(t, want, idOf(t, next()))
		}
		require.NoError(t, conn.Close())
		require.Eventually(t, s.isGone, 10*time.Second, time.Millisecond)
	}
	require.NoError(t, server.Close())
	_, err = s.Write(t.Context(), ids("c"))
	require.ErrorContains(t, err, "connection refused")
	require.NoError(t, s.Close())
}

// TestSyslogHangs: a server that reads nothing holds nobody longer than the context.
func TestSyslogHangs(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	s := NewSyslog(SyslogConfig{Network: "tcp", Address: server.Addr().String(), Facility: "local0", Host: "host"})
	send(t, s, "a")
	conn, err := server.Accept()
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(1024))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	many := ids(make([]string, 100_000)...)
	start := time.Now()
	n, err := s.Write(ctx, many)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.Less(t, n, len(many))
	assert.Less(t, time.Since(start), writeTimeout)
	require.NoError(t, s.Close())
}

// TestSyslogTLS: the server's certificate is checked, and the client's is shown.
func TestSyslogTLS(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, kit.Certificate(cert, key, "siem.example"))
	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	server, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12,
	})
	require.NoError(t, err)
	defer server.Close()
	config := SyslogConfig{Network: "tls", Address: server.Addr().String(), Facility: "local0", Host: "host",
		CA: cert, Cert: cert, Key: key, ServerName: "siem.example"}

	accepted := make(chan net.Conn, 1)
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			if conn.(*tls.Conn).Handshake() != nil {
				_ = conn.Close()
				continue
			}
			accepted <- conn
		}
	}()
	s := NewSyslog(config)
	send(t, s, "a")
	conn := <-accepted
	assert.Equal(t, "a", idOf(t, frames(t, conn)()))
	require.NoError(t, conn.Close())
	require.NoError(t, s.Close())

	for name, change := range map[string]func(*SyslogConfig){
		"another name": func(c *SyslogConfig) { c.ServerName = "other.example" },
		"unknown CA":   func(c *SyslogConfig) { c.CA = "" },
	} {
		other := config
		change(&other)
		_, err := NewSyslog(other).Write(t.Context(), ids("b"))
		require.ErrorContains(t, err, "certificate", name)
	}
	_, err = (&SyslogConfig{Cert: cert, Key: filepath.Join(t.TempDir(), "missing.pem")}).TLS()
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = (&SyslogConfig{CA: key}).TLS()
	require.EqualError(t, err, key+" contains no PEM certificate")
}

// TestSyslogLong: what an event consists of is left out of a message that would be too long, and cut off, for many servers.
func TestSyslogLong(t *testing.T) {
	s, e := NewSyslog(SyslogConfig{}), lookup("army.ml")
	for i := range 17 {
		e.Parts = append(e.Parts, event.Part{SMTP: &event.SMTP{Recipient: strings.Repeat("x", 80*i) + "@army.ml"}, Count: 1})
		require.NoError(t, s.format(e))
		assert.LessOrEqual(t, s.message.Len(), maxMessage)
		assert.Contains(t, s.message.String(), "- {\"message\":")
		assert.True(t, strings.HasSuffix(s.message.String(), "}"))
		assert.Equal(t, 1 <= i && i <= 11, strings.Contains(s.message.String(), "typoguard.parts"), "%d parts", i+1)
	}
}
