package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pipes is a listener in memory, for tests in a bubble of fake time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	close(p.closed)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// inBubble runs a test with one client, in a bubble of fake time.
func inBubble(t *testing.T, limits Limits, use func(c *client, w *witness)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		config, w := newConfig()
		config.Limits = limits
		p := pipes{make(chan net.Conn), make(chan struct{})}
		s, err := Serve(p, config)
		require.NoError(t, err)
		ours, theirs := net.Pipe()
		p.conns <- theirs
		c := newClient(t, ours)
		require.NoError(t, c.SetDeadline(time.Time{}))
		require.Contains(t, c.reply()[0], "220 ")
		use(c, w)
		require.NoError(t, s.Close(t.Context()))
		assert.Equal(t, 1, w.seen().ended)
	})
}

const tooSlow = "421 4.4.2 sinkhole.example Timeout\r\n"

// TestSlowClients: who takes too long, in whatever way, is cut off, and a new octet now and then does not help.
func TestSlowClients(t *testing.T) {
	elapse := func(d time.Duration) { <-time.After(d) }
	tests := []struct {
		name  string
		limit Limit
		after time.Duration // the session ends
		says  string
		act   func(c *client)
	}{
		{"says nothing", CommandTime, time.Minute, tooSlow, func(*client) {}},
		{"an octet every ten seconds", CommandTime, time.Minute, tooSlow, func(c *client) {
			for range 5 {
				elapse(10 * time.Second)
				c.send("N")
			}
		}},
		{"a command every fifty seconds", SessionTime, 10 * time.Minute, tooSlow, func(c *client) {
			for range 11 {
				elapse(50 * time.Second)
				assert.Contains(c.t, c.say("NOOP"), "250")
			}
		}},
		{"takes no replies", CommandTime, time.Minute, "", func(c *client) { c.send("NOOP\r\n"); elapse(2 * time.Minute) }},
		{"no handshake", "", time.Minute, "", func(c *client) { assert.Contains(c.t, c.say("STARTTLS"), "220") }},
		{"half a handshake", "", time.Minute, "", func(c *client) {
			assert.Contains(c.t, c.say("STARTTLS"), "220")
			c.send("\x16\x03\x01\x02\x00")
		}},
		{"a chunk that does not come", CommandTime, time.Minute, tooSlow, func(c *client) { c.send("BDAT 1000000\r\nabc") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, DefaultLimits, func(c *client, w *witness) {
				begin := time.Now()
				ended := make(chan time.Duration, 1)
				go func() {
					for w.seen().ended == 0 {
						elapse(time.Second)
					}
					ended <- time.Since(begin)
				}()
				tt.act(c)
				assert.Equal(c.t, tt.says, c.ended())
				assert.InDelta(c.t, tt.after, <-ended, float64(5*time.Second))
				if tt.limit != "" {
					assert.Equal(c.t, []Limit{tt.limit}, w.seen().limits)
				} else {
					assert.Len(c.t, w.seen().tls, 1)
					assert.Error(c.t, w.seen().tls[0])
				}
			})
		})
	}
}

// TestJunk: what is not SMTP ends the session soon, and leaves no trace in the reply.
func TestJunk(t *testing.T) {
	const control = "500 5.5.2 Control characters or invalid UTF-8 in a command\r\n"
	tests := []struct{ name, sent, want string }{
		{"TLS at once", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n", control},
		{"NUL", "NO\x00OP\r\n", control},
		{"bare CR", "RCPT TO:<bob\r550@army.ml>\r\n", control},
		{"tab", "EHLO\trelay.example\r\n", control},
		{"Latin-1", "MAIL FROM:<b\xfccher@corp.example>\r\n", control},
		{"escape sequence", "EHLO \x1b[31m\r\n", control},
		{"huge line", strings.Repeat("x", 1<<20), "500 5.5.2 Line too long\r\n"},
		{"huge line without end", "EHLO " + strings.Repeat("x", 2100), "500 5.5.2 Line too long\r\n"},
		{"HTTP", "GET / HTTP/1.1\r\nHost: army.ml\r\nAccept: *\r\nRange: 1\r\n\r\n", "501 5.5.2 Bad command\r\n501 5.5.2 Bad command\r\n501 5.5.2 Bad command\r\n501 5.5.2 Bad command\r\n500 5.5.1 Too many errors. Quiting now\r\n"},
		{"unknown commands", "WIZ\r\nXXXX\r\nYYYY <b>\r\n\r\nZZZZ\r\nNOOP\r\n", "501 5.5.2 Bad command\r\n500 5.5.2 Syntax errors, XXXX command unrecognized\r\n500 5.5.2 Syntax errors, YYYY command unrecognized\r\n500 5.5.2 Error: bad syntax\r\n500 5.5.1 Too many errors. Quiting now\r\n"},
		{"an unknown command in UTF-8", "\u202eX Y\r\nQUIT\r\n", "500 5.5.2 Syntax errors, ?X command unrecognized\r\n221 2.0.0 Bye\r\n"},
		{"commands behind STARTTLS", "STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<eve@evil.example>\r\n", "503 5.5.1 STARTTLS must be the last command in a group\r\n"},
		{"commands behind QUIT", "QUIT\r\nEHLO relay.example\r\nNOOP\r\n", "221 2.0.0 Bye\r\n"},
		{"no size of a chunk", "BDAT LAST\r\n", "501 5.5.4 Expected a chunk size\r\n"},
		{"a negative chunk", "BDAT -1\r\n", "501 5.5.4 Expected a chunk size\r\n"},
		{"a huge chunk", "BDAT 2147483647 LAST\r\nabc", "554 5.5.1 No valid recipients\r\n"},
		{"commands in a chunk", "BDAT 6 LAST\r\nNOOP\r\nQUIT\r\n", "503 5.5.1 No valid recipients\r\n221 2.0.0 Bye\r\n"},
		{"content without an invitation", "DATA\r\nFrom: a\r\n.\r\nSubject: b\r\n\r\n", "503 5.5.1 No valid recipients\r\n501 5.5.2 Bad command\r\n501 5.5.2 Bad command\r\n501 5.5.2 Bad command\r\n500 5.5.2 Error: bad syntax\r\n500 5.5.1 Too many errors. Quiting now\r\n"},
	}
	config, w := newConfig()
	s := start(t, config)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := greeted(t, s)
			_, _ = c.Write([]byte(tt.sent)) // the server may hang up before it is through
			if got := c.ended(); got != "" || len(tt.sent) < 1<<20 {
				assert.Equal(t, tt.want, got)
			}
		})
	}
	assert.Empty(t, w.seen().failures)
	assert.Empty(t, w.seen().refusals)
}

// TestPipelining: commands sent together (RFC 2920) are answered together and in order, though none is waited for; as by a
// Postfix that sends DATA along.
func TestPipelining(t *testing.T) {
	config, _ := newConfig()
	c := greeted(t, start(t, config))
	c.send("EHLO relay.example\r\n" + strings.Repeat("MAIL FROM:<alice@corp.example>\r\nRCPT TO:<bob@army.ml>\r\nRCPT TO:<eve@example.org>\r\nDATA\r\nRSET\r\n", 100) + "QUIT\r\n")
	require.Contains(t, c.reply()[0], "250-")
	for range 100 {
		for _, code := range []string{"250 2.1.0", "550 5.1.2 <bob@", "550 5.7.1 <eve@", "503 5.5.1", "250 2.0.0"} {
			require.Contains(t, c.reply()[0], code)
		}
	}
	require.Contains(t, c.reply()[0], "221 ")
	require.Empty(t, c.ended())
}

// TestHalfClosed: who sends no more still gets the replies, and the connection is then closed.
func TestHalfClosed(t *testing.T) {
	config, w := newConfig()
	c := greeted(t, start(t, config))
	c.send("EHLO relay.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@army.ml>\r\nRCPT TO:<incomplete@army.m")
	require.NoError(t, c.Conn.(*net.TCPConn).CloseWrite())
	require.Contains(t, c.reply()[0], "250-")
	require.Contains(t, c.reply()[0], "250 2.1.0")
	require.Contains(t, c.reply()[0], "550 5.1.2 <bob@army.ml>")
	require.Empty(t, c.ended())
	require.Eventually(t, func() bool { return w.seen().ended == 1 }, waitTimeout, time.Millisecond)
	require.Len(t, w.seen().refusals, 1)
}

func TestCommandLimit(t *testing.T) {
	config, w := newConfig()
	config.Limits.Commands = 10
	c := greeted(t, start(t, config))
	for range 10 {
		require.Contains(t, c.say("NOOP"), "250")
	}
	require.Equal(t, "421 4.7.0 sinkhole.example Too many commands", c.say("NOOP"))
	require.Empty(t, c.ended())
	require.Equal(t, []Limit{Commands}, w.seen().limits)
}

// TestRecipientLimit: the recipients that are too many are put off, so that they come again in a transaction of their own.
func TestRecipientLimit(t *testing.T) {
	config, w := newConfig()
	c := greeted(t, start(t, config))
	for range 2 {
		c.begin("")
		for i := range 100 {
			require.Contains(t, c.say(fmt.Sprintf("RCPT TO:<bob%d@army.ml>", i)), "550 5.1.2")
		}
		require.Equal(t, "452 4.5.3 Too many recipients", c.say("RCPT TO:<bob@army.ml>"))
	}
	require.Equal(t, []Limit{Recipients, Recipients}, w.seen().limits)
}

// TestRecipientsOfNextTransaction: MAIL begins a new one, also where the client has not ended the one before.
func TestRecipientsOfNextTransaction(t *testing.T) {
	config, w := newConfig()
	c := greeted(t, start(t, config))
	c.begin("")
	for range 2 {
		for range 100 {
			require.Contains(t, c.say("RCPT TO:<bob@army.ml>"), "550 5.1.2")
		}
		require.Equal(t, "250 2.1.0 Sender noted", c.say("MAIL FROM:<alice@corp.example>"))
	}
	require.Empty(t, w.seen().limits)
}

// TestLineLimit: a line may have all the octets that are allowed, its end among them.
func TestLineLimit(t *testing.T) {
	config, w := newConfig()
	config.Limits.LineLength = 8192
	c := greeted(t, start(t, config))
	longest := "NOOP " + strings.Repeat("x", 8192-len("NOOP \r\n"))
	require.Contains(t, c.say(longest), "250")
	require.Empty(t, w.seen().limits)
	require.Equal(t, "500 5.5.2 Line too long", c.say(longest+"x"))
	require.Equal(t, []Limit{LineLength}, w.seen().limits)
}

// TestConnectionLimits: at the limit new connections are told to come again, and there is room again when one has ended.
func TestConnectionLimits(t *testing.T) {
	const full = "421 4.3.2 sinkhole.example Too many connections, try again later\r\n"
	for limit, set := range map[Limit]func(*Limits){
		Connections: func(l *Limits) { l.Connections = 3 },
		PerClient:   func(l *Limits) { l.PerClient = 3 },
	} {
		t.Run(string(limit), func(t *testing.T) {
			config, w := newConfig()
			set(&config.Limits)
			s := start(t, config)
			first := greeted(t, s)
			for range 2 {
				greeted(t, s)
			}
			require.Equal(t, full, connect(t, s).ended())
			require.Equal(t, full, connect(t, s).ended())
			require.Equal(t, []Limit{limit, limit}, w.seen().limits)
			require.Contains(t, first.say("QUIT"), "221 ")
			require.Eventually(t, func() bool { return w.seen().ended == 1 }, waitTimeout, time.Millisecond)
			greeted(t, s)
			require.Equal(t, full, connect(t, s).ended(), "there was room for one")
			require.NoError(t, s.Close(t.Context()))
			require.Empty(t, s.perClient, "nobody is remembered")
		})
	}
}

// TestLimitsCheck: every limit has a range.
func TestLimitsCheck(t *testing.T) {
	require.NoError(t, DefaultLimits.Check())
	require.EqualError(t, Limits{}.Check(), strings.Join([]string{
		"connections 0; expected 1 to 1000000",
		"per_client 0; expected 1 to 1000000",
		"commands 0; expected 10 to 1000000",
		"recipients 0; expected 100 to 1000000",
		"line_length 0; expected 512 to 65536",
		"command_time 0s; expected 1s to 1h0m0s",
		"session_time 0s; expected 1s to 24h0m0s",
		"rate 0; expected 100 to 1000000",
	}, "\n"))
	lowest := Limits{1, 1, 10, 100, 512, 100, time.Second, time.Second}
	require.NoError(t, lowest.Check())
	highest := Limits{1_000_000, 1_000_000, 1_000_000, 1_000_000, 65536, 1_000_000, time.Hour, 24 * time.Hour}
	require.NoError(t, highest.Check())
	for name, limits := range map[string]Limits{
		"connections 1000001":    {Connections: 1_000_001},
		"per_client 1000001":     {PerClient: 1_000_001},
		"commands 1000001":       {Commands: 1_000_001},
		"recipients 1000001":     {Recipients: 1_000_001},
		"line_length 65537":      {LineLength: 65537},
		"rate 1000001":           {Rate: 1_000_001},
		"command_time 1h0m0.1s":  {CommandTime: time.Hour + 100*time.Millisecond},
		"session_time 24h0m0.1s": {SessionTime: 24*time.Hour + 100*time.Millisecond},
	} {
		require.ErrorContains(t, limits.Check(), name+"; expected ")
	}
}

// TestIPv6Clients: a network of 64 bits is one client, since a host has as many addresses in it as it likes.
func TestIPv6Clients(t *testing.T) {
	of := func(address string) string {
		conn := &addressed{remote: address}
		return network(addressOf(conn)).String()
	}
	assert.Equal(t, "192.0.2.1/32", of("192.0.2.1:4711"))
	assert.Equal(t, "192.0.2.1/32", of("[::ffff:192.0.2.1]:4711"))
	assert.Equal(t, "2001:db8::/64", of("[2001:db8::1]:4711"))
	assert.Equal(t, "fe80::/64", of("[fe80::1%eth0]:4711"))
	assert.Equal(t, "invalid Prefix", of("pipe"))
}

// addressed is a connection with nothing but another end.
type addressed struct {
	net.Conn
	remote string
}

func (a *addressed) RemoteAddr() net.Addr { return text(a.remote) }

type text string

func (text) Network() string  { return "tcp" }
func (t text) String() string { return string(t) }

// TestRate: of more commands than the rate those that are too many wait, and nobody else does; the replies come while they
// do.
func TestRate(t *testing.T) {
	inBubble(t, DefaultLimits, func(c *client, w *witness) {
		begin := time.Now()
		commands := DefaultLimits.Rate/10 + burst
		go c.send(strings.Repeat("NOOP\r\n", commands))
		for range commands {
			assert.Contains(c.t, c.reply()[0], "250")
		}
		assert.InDelta(c.t, 100*time.Millisecond, time.Since(begin), float64(5*time.Millisecond))
		assert.Equal(c.t, Rate, w.seen().limits[0])
		assert.Len(c.t, w.seen().limits, DefaultLimits.Rate/10)
	})
}

// TestChunksArePaced: content that nobody wants takes as long as the commands that would be as long.
func TestChunksArePaced(t *testing.T) {
	limits := DefaultLimits
	limits.Rate = 100
	inBubble(t, limits, func(c *client, w *witness) {
		begin := time.Now()
		assert.Contains(c.t, c.say("BDAT 1048576 LAST\r\n"+strings.Repeat("x", 1<<20-2)), "503 5.5.1 No valid recipients")
		assert.InDelta(c.t, (256-burst)*time.Second/100, time.Since(begin), float64(50*time.Millisecond))
		assert.Equal(c.t, Rate, w.seen().limits[0])
	})
}

// TestConnectionsWithoutEnd: however many clients have come, there is a turn for the next one.
func TestConnectionsWithoutEnd(t *testing.T) {
	config, w := newConfig()
	s := start(t, config)
	for range 2*burst + 1 {
		c := greeted(t, s)
		require.Contains(t, c.say("QUIT"), "221 ")
		require.NoError(t, c.Close())
	}
	require.Eventually(t, func() bool { return w.seen().ended == 2*burst+1 }, waitTimeout, time.Millisecond)
	require.Equal(t, 2*burst+1, w.seen().started)
}

// deaf is a listener that cannot accept connections.
type deaf struct{ pipes }

func (deaf) Accept() (net.Conn, error) { return nil, errors.New("too many open files") }

// TestAcceptFails: a server that nobody can connect to any more says so.
func TestAcceptFails(t *testing.T) {
	config, w := newConfig()
	s, err := Serve(deaf{pipes{closed: make(chan struct{})}}, config)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(w.seen().failures) == 1 }, waitTimeout, time.Millisecond)
	require.ErrorContains(t, w.seen().failures[0], "accepting connections: too many open files")
	require.NoError(t, s.Close(t.Context()))
}

// TestSessionTimeOfWaiting: commands that have arrived, and wait because of the rate, do not make a session longer.
func TestSessionTimeOfWaiting(t *testing.T) {
	limits := DefaultLimits
	limits.Rate, limits.SessionTime = 100, time.Second
	inBubble(t, limits, func(c *client, w *witness) {
		begin := time.Now()
		go func() { _, _ = c.Write([]byte(strings.Repeat("NOOP\r\n", 1000))) }() // the server hangs up before it is through
		assert.True(c.t, strings.HasSuffix(c.ended(), tooSlow))
		assert.InDelta(c.t, time.Second, time.Since(begin), float64(20*time.Millisecond))
		assert.Contains(c.t, w.seen().limits, SessionTime)
	})
}

// TestHandshakeFails: what is no handshake after STARTTLS ends the session.
func TestHandshakeFails(t *testing.T) {
	config, w := newConfig()
	c := greeted(t, start(t, config))
	require.Contains(t, c.say("STARTTLS"), "220")
	c.send("EHLO relay.example\r\n")
	c.ended()
	require.Len(t, w.seen().tls, 1)
	var header tls.RecordHeaderError
	require.ErrorAs(t, w.seen().tls[0], &header)
}
