package smtp

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// waitTimeout is how long a test waits for a reply that must come.
const waitTimeout = 20 * time.Second

// witness is an Observer that remembers everything.
type witness struct {
	mu  sync.Mutex
	all events
}

// events are what an Observer is told.
type events struct {
	started, ended int
	tls            []error
	refusals       []Refusal
	deferred       int
	limits         []Limit
	failures       []error
}

// type check
var _ Observer = (*witness)(nil)

func (w *witness) SessionStarted()      { w.note(func(e *events) { e.started++ }) }
func (w *witness) SessionEnded()        { w.note(func(e *events) { e.ended++ }) }
func (w *witness) TLSStarted(err error) { w.note(func(e *events) { e.tls = append(e.tls, err) }) }
func (w *witness) Refused(r *Refusal) {
	w.note(func(e *events) { e.refusals = append(e.refusals, *r) })
}
func (w *witness) Deferred()        { w.note(func(e *events) { e.deferred++ }) }
func (w *witness) LimitHit(l Limit) { w.note(func(e *events) { e.limits = append(e.limits, l) }) }
func (w *witness) Failed(err error) { w.note(func(e *events) { e.failures = append(e.failures, err) }) }

func (w *witness) note(change func(*events)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.all)
}

// seen returns what happened so far.
func (w *witness) seen() events {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all
}

// suggest is a policy for tests: what lies in army.ml was meant for army.mil, and so on.
func suggest(_ netip.Addr, domain string) []Suggestion {
	mil := Suggestion{Lookalike: event.Lookalike{Policy: "mil", Kind: "omission"}}
	swap := func(lookalike, protected string) (Suggestion, bool) {
		s := mil
		rest, ok := strings.CutSuffix(domain, lookalike)
		s.Intended = rest + protected
		return s, ok && (rest == "" || strings.HasSuffix(rest, "."))
	}
	if s, ok := swap("army.ml", "army.mil"); ok {
		return []Suggestion{s}
	}
	if s, ok := swap("navy.ml", "navy.mil"); ok {
		s.Hint, s.LogAddresses = "Help desk: call 112 für {recipient}, not {suggested}; {lookalike} {intended} {policy} {id}", true
		return []Suggestion{s}
	}
	if s, ok := swap("xn--bcher-kva.ml", "xn--bcher-kva.mil"); ok {
		return []Suggestion{s}
	}
	if domain == "trial.ml" {
		return []Suggestion{{Lookalike: event.Lookalike{Intended: "trial.mil", Policy: "trial", Kind: "omission"}, Trial: true}}
	}
	if domain == "af.mil.example" {
		var all []Suggestion
		for _, name := range []string{"a", "b", "c", "d"} {
			all = append(all, Suggestion{Lookalike: event.Lookalike{Intended: name + ".example", Policy: "many", Kind: "substitution"}})
		}
		return all
	}
	return nil
}

// passes says that gov.ml is allowed, and army.mil protected.
func passes(domain string) bool { return domain == "gov.ml" || domain == "army.mil" }

// id is that of all that clients do about domains.
const id = "k3j5q2abcd"

func idOf(netip.Addr, string, string) string { return id }

// newConfig returns a configuration for tests, and who observes it.
func newConfig() (*Config, *witness) {
	w := new(witness)
	limits := DefaultLimits
	limits.Rate = 1_000_000
	return &Config{Hostname: "sinkhole.example", Limits: limits, Suggest: suggest, Passes: passes, ID: idOf, Observer: w}, w
}

// start starts a server on loopback until the test ends.
func start(tb testing.TB, config *Config) *Server {
	tb.Helper()
	require.NoError(tb, config.Limits.Check())
	s, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"), config)
	require.NoError(tb, err)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
		defer cancel()
		_ = s.Close(ctx) // it may be closed
	})
	return s
}

// client is a connection to a server.
type client struct {
	net.Conn
	t  testing.TB
	in *bufio.Reader
}

// connect connects to a server, and leaves its greeting unread.
func connect(tb testing.TB, s *Server) *client {
	tb.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	require.NoError(tb, err)
	return newClient(tb, conn)
}

func newClient(tb testing.TB, conn net.Conn) *client {
	tb.Helper()
	tb.Cleanup(func() { _ = conn.Close() })
	require.NoError(tb, conn.SetDeadline(time.Now().Add(waitTimeout)))
	return &client{Conn: conn, t: tb, in: bufio.NewReader(conn)}
}

// greeted connects to a server, and reads its greeting.
func greeted(tb testing.TB, s *Server) *client {
	tb.Helper()
	c := connect(tb, s)
	require.Equal(tb, []string{"220 sinkhole.example ESMTP typoguard, takes no mail"}, c.reply())
	return c
}

// send writes something, without waiting for the reply.
func (c *client) send(text string) {
	c.t.Helper()
	_, err := c.Write([]byte(text))
	require.NoError(c.t, err)
}

// reply reads one reply, and returns its lines.
func (c *client) reply() []string {
	c.t.Helper()
	var lines []string
	for {
		line, err := c.in.ReadString('\n')
		require.NoErrorf(c.t, err, "after %q", lines)
		require.True(c.t, strings.HasSuffix(line, "\r\n"), line)
		line = strings.TrimSuffix(line, "\r\n")
		require.GreaterOrEqual(c.t, len(line), 4, line)
		lines = append(lines, line)
		if line[3] == ' ' {
			return lines
		}
	}
}

// say sends a command, and returns the reply as one text with line breaks.
func (c *client) say(command string) string {
	c.t.Helper()
	c.send(command + "\r\n")
	return strings.Join(c.reply(), "\n")
}

// begin introduces the client, and begins a transaction.
func (c *client) begin(parameters string) {
	c.t.Helper()
	require.Contains(c.t, c.say("EHLO relay.example"), "250")
	require.Equal(c.t, "250 2.1.0 Sender noted", c.say("MAIL FROM:<alice@corp.example>"+parameters))
}

// ended reads what the server still sends, and requires that it then ends the connection.
func (c *client) ended() string {
	c.t.Helper()
	var text strings.Builder
	_, err := c.in.WriteTo(&text)
	if err != nil { // it may have been reset, since the server does not read on
		require.ErrorContains(c.t, err, "connection reset")
	}
	return text.String()
}

func TestListenBusyPort(t *testing.T) {
	config, _ := newConfig()
	s := start(t, config)
	address := netip.MustParseAddrPort(s.Addr().String())
	_, err := Listen(address, config)
	require.EqualError(t, err, fmt.Sprintf("smtp %s: listen tcp4 %[1]s: bind: address already in use", address))
}

// TestListenBothFamilies: the wildcard of one family leaves the port to that of the other.
func TestListenBothFamilies(t *testing.T) {
	config, _ := newConfig()
	six, err := Listen(netip.MustParseAddrPort("[::]:0"), config)
	require.NoError(t, err)
	defer six.Close(t.Context())
	port := six.Addr().(*net.TCPAddr).Port
	four, err := Listen(netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port)), config)
	require.NoError(t, err)
	defer four.Close(t.Context())
	conn, err := net.Dial("tcp", fmt.Sprintf("[::1]:%d", port))
	require.NoError(t, err)
	require.Contains(t, newClient(t, conn).reply()[0], "220 ")
}

// TestConfigure: a session in progress is judged by the new configuration, and keeps its limits.
func TestConfigure(t *testing.T) {
	config, before := newConfig()
	s := start(t, config)
	c := greeted(t, s)
	c.begin("")
	require.Contains(t, c.say("RCPT TO:<bob@army.ml>"), "550 5.1.2")

	next, after := newConfig()
	next.Hostname = "other.example"
	next.Suggest = func(netip.Addr, string) []Suggestion { return nil }
	s.Configure(next)
	require.Equal(t, "550 5.7.1 <bob@army.ml>: this host takes no mail", c.say("RCPT TO:<bob@army.ml>"))
	require.Contains(t, connect(t, s).reply()[0], "220 other.example ")
	assert.Len(t, before.seen().refusals, 1)
	assert.Len(t, after.seen().refusals, 1)
	require.Contains(t, c.say("QUIT"), "221 ")
	c.ended()
	require.Eventually(t, func() bool { return before.seen().ended == 1 }, waitTimeout, time.Millisecond)
	assert.Equal(t, 0, after.seen().ended, "whoever was told of its begin is told of its end")
}

// TestClose: idle clients are told and go at once; nobody can connect any more.
func TestClose(t *testing.T) {
	config, w := newConfig()
	s := start(t, config)
	idle, busy := greeted(t, s), greeted(t, s)
	busy.begin("")
	busy.send("RCPT TO:<half a com")
	require.NoError(t, s.Close(t.Context()))
	assert.Equal(t, "421 4.3.2 sinkhole.example Shutting down\r\n", idle.ended())
	assert.Equal(t, "421 4.3.2 sinkhole.example Shutting down\r\n", busy.ended())
	_, err := net.Dial("tcp", s.Addr().String())
	require.Error(t, err)
	assert.Equal(t, 2, w.seen().started)
	assert.Equal(t, 2, w.seen().ended)
	assert.Empty(t, w.seen().limits, "nobody hit a limit")
	assert.Empty(t, w.seen().failures)
}

// TestCloseCutsOff: a client that takes no replies does not keep the server.
func TestCloseCutsOff(t *testing.T) {
	config, w := newConfig()
	config.Limits.Commands = 1_000_000
	s := start(t, config)
	c := greeted(t, s)
	require.NoError(t, c.Conn.(*net.TCPConn).SetReadBuffer(1024))
	c.begin("")
	junk := strings.Repeat("RCPT TO:<bob@army.ml>\r\n", 1000)
	require.NoError(t, c.SetWriteDeadline(time.Now().Add(waitTimeout)))
	stuck := make(chan struct{})
	go func() { // until the server is stuck, and this with it
		defer close(stuck)
		for {
			if err := c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
				return
			}
			if _, err := c.Write([]byte(junk)); err != nil {
				return
			}
		}
	}()
	<-stuck
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.NoError(t, s.Close(ctx))
	assert.Equal(t, 1, w.seen().ended)
}
