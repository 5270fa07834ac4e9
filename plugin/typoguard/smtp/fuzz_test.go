package smtp

import (
	"bytes"
	"context"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// script is a connection whose client sends what it will send, in pieces, without waiting for replies.
type script struct {
	input  *bytes.Reader
	piece  int
	output bytes.Buffer
	ended  chan struct{}
}

func (s *script) Read(p []byte) (int, error)       { return s.input.Read(p[:min(len(p), s.piece)]) }
func (s *script) Write(p []byte) (int, error)      { return s.output.Write(p) }
func (s *script) Close() error                     { close(s.ended); return nil }
func (s *script) LocalAddr() net.Addr              { return text("192.0.2.25:25") }
func (s *script) RemoteAddr() net.Addr             { return text("192.0.2.1:4711") }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// success is every reply with a code below 400 that the server has. None is one to RCPT, DATA or BDAT.
var success = regexp.MustCompile(`^(220 sinkhole\.example ESMTP typoguard, takes no mail|220 2\.0\.0 Ready to start TLS|221 2\.0\.0 Bye|` +
	`250-(sinkhole\.example|PIPELINING|8BITMIME|ENHANCEDSTATUSCODES|STARTTLS|SMTPUTF8)|250 SIZE|250 sinkhole\.example|` +
	`250 2\.1\.0 Sender noted|250 2\.0\.0 Session reset|250 2\.0\.0 I have successfully done nothing|252 2\.5\.0 Cannot verify; this host takes no mail)$`)

// refused is a line of a reply that says no, now or for ever; but for EHLO's, each line has its enhanced code.
var refused = regexp.MustCompile(`^(421|4[0-9]{2}|5[0-9]{2})[ -]([45]\.[0-9]{1,3}\.[0-9]{1,3}) .`)

// FuzzSession: whatever a client sends, in pieces of whatever size, no recipient and no content is accepted, every line of
// every reply is well-formed and not too long, and what it repeats of the input is printable, and ASCII unless the client
// has said SMTPUTF8. Every refusal that was replied was told of.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"EHLO relay.example\r\nMAIL FROM:<alice@corp.example> SIZE=1 BODY=8BITMIME\r\nRCPT TO:<bob@us.army.ml>\r\nDATA\r\nQUIT\r\n",
		"HELO x\nMAIL FROM:<>\nRCPT TO:<\"a\\\"@b\"@navy.ml>\nBDAT 4 LAST\nabc\nRSET\nNOOP\nVRFY x\nSTARTTLS\n\x16\x03\x01",
		"EHLO [IPv6:::1]\r\nMAIL FROM:<b\u00fc@corp.example> SMTPUTF8\r\nRCPT TO:<b\u00fc\u202e@b\u00fccher.ml> NOTIFY=NEVER\r\nRCPT TO:<@a,@b:c@af.mil.example>\r\n",
		"EHLO " + strings.Repeat("x", 2000) + "\r\nMAIL FROM:<" + strings.Repeat("y", 2000) + "@z>\r\n",
		"GET / HTTP/1.1\r\n\r\n\x00\xff\r\rAUTH PLAIN =\r\nEXPN\r\nBDAT 99999999999 LAST\r\n",
		"EHLO a\rb\r\nEHLO \tc\r\nRCPT TO:<a@b> c\r\nMAIL FROM:<a@b> X=Y=Z AUTH=+0 RET=FULL\r\nDATA x\r\n",
		"HELO x\nMAIL FROM:<>\nRCPT TO:<a@army.ml>\nBDAT 10\n",
		"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<" + strings.Repeat("x", 200) + "@" + strings.Repeat("y.", 90) + "army.ml>\r\n",
	} {
		for _, piece := range []byte{1, 7, 255} {
			f.Add([]byte(seed), piece)
		}
	}
	config, w := newConfig()
	p := pipes{make(chan net.Conn), make(chan struct{})}
	server, err := Serve(p, config)
	require.NoError(f, err)
	f.Cleanup(func() { _ = server.Close(context.Background()) })

	f.Fuzz(func(t *testing.T, input []byte, piece byte) {
		w.note(func(e *events) { *e = events{} })
		client := &script{input: bytes.NewReader(input), piece: int(piece) + 1, ended: make(chan struct{})}
		p.conns <- client
		select {
		case <-client.ended:
		case <-time.After(waitTimeout / 4):
			require.FailNow(t, "the session does not end")
		}
		replies := client.output.String()
		require.True(t, strings.HasSuffix(replies, "\r\n"), "%q", replies)
		refusals := 0
		for line := range strings.SplitSeq(strings.TrimSuffix(replies, "\r\n"), "\r\n") {
			require.LessOrEqual(t, len(line), maxReply-2, line)
			require.True(t, utf8.ValidString(line), "%q", line)
			for _, r := range line {
				require.True(t, unicode.IsPrint(r), "%q in %q", r, line)
				require.True(t, r < utf8.RuneSelf || bytes.Contains(bytes.ToUpper(input), []byte("SMTPUTF8")), "%q in %q", r, line)
			}
			require.True(t, success.MatchString(line) || refused.MatchString(line), "%q", line)
			if strings.HasPrefix(line, "550 ") {
				refusals++
			}
		}
		require.Len(t, w.seen().refusals, refusals)
		require.Empty(t, w.seen().failures)
		for _, r := range w.seen().refusals {
			for _, said := range []string{r.Helo, r.Sender, r.Recipient, r.Domain} {
				require.Equal(t, printable(said, true), said)
				require.LessOrEqual(t, len(said), maxAddress)
			}
		}
	})
}

// TestScriptEnds: the fuzz target's client is one.
func TestScriptEnds(t *testing.T) {
	_, err := (&script{input: bytes.NewReader(nil), piece: 1}).Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}
