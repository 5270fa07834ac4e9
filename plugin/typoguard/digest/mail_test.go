package digest

import (
	"bytes"
	"crypto/tls"
	"io"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// received is a message at a receiver.
type received struct {
	from, user string
	to         []string
	secure     bool
	header     mail.Header
	text       string
}

// receiver is a mail server.
type receiver struct {
	t         *testing.T
	address   string
	connected chan struct{} // has one for each session, up to a number
	mu        sync.Mutex
	all       []received
	hanging   chan struct{} // nil unless it hangs
}

// startReceiver starts a mail server, with a certificate if there is one, until the test ends. The password of alice is secret.
func startReceiver(t *testing.T, certificate *tls.Certificate) *receiver {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return serveReceiver(t, listener, certificate)
}

func serveReceiver(t *testing.T, listener net.Listener, certificate *tls.Certificate) *receiver {
	t.Helper()
	r := &receiver{t: t, address: listener.Addr().String(), connected: make(chan struct{}, 100)}
	s := smtp.NewServer(r)
	s.Domain, s.ErrorLog = "relay.corp.example", discard{}
	if certificate != nil {
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	}
	var done sync.WaitGroup
	done.Go(func() { _ = s.Serve(listener) })
	t.Cleanup(func() {
		if r.hanging != nil {
			close(r.hanging)
		}
		_ = s.Close()
		done.Wait()
	})
	return r
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

// url is how to reach it.
func (r *receiver) url(scheme string) string { return scheme + "://" + r.address }

// hang makes it say nothing any more.
func (r *receiver) hang() { r.hanging = make(chan struct{}) }

// messages returns what it has received.
func (r *receiver) messages() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all
}

// NewSession implements smtp.Backend.
func (r *receiver) NewSession(c *smtp.Conn) (smtp.Session, error) {
	r.connected <- struct{}{}
	if r.hanging != nil {
		<-r.hanging
	}
	_, secure := c.TLSConnectionState()
	return &session{r, received{secure: secure}}, nil
}

type session struct {
	*receiver
	received
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.user = user; user != "alice" || password != "secret" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	s.header, s.text = m.Header, string(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, s.received)
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// send sends a mail by a relay.
func send(t *testing.T, c historyconfig.Digest) error {
	t.Helper()
	d, err := newDigest(c)
	require.NoError(t, err)
	m, err := newMessage(&c, c.Name, at(11, 7, 0), at(11, 7, 5), "typoguard: 1 blocked", "bücher.example\n.\n"+strings.Repeat("a", 2000)+"\n")
	require.NoError(t, err)
	return d.relay.send(t.Context(), m)
}

// TestMessage: a mail says that a program has sent it, and is the same mail when it is sent again.
func TestMessage(t *testing.T) {
	r := startReceiver(t, nil)
	c := configured(r.url("smtp"))
	c.To = "soc@corp.example,desk@corp.example"
	require.NoError(t, send(t, c))
	require.NoError(t, send(t, c))
	require.Len(t, r.messages(), 2)
	m := r.messages()[0]
	assert.Equal(t, "typoguard@corp.example", m.from)
	assert.Equal(t, []string{"soc@corp.example", "desk@corp.example"}, m.to)
	assert.Equal(t, "bücher.example\n.\n"+strings.Repeat("a", 2000)+"\n", m.text)
	for field, want := range map[string]string{
		"From": "<typoguard@corp.example>", "To": "<soc@corp.example>, <desk@corp.example>", "Subject": "typoguard: 1 blocked",
		"Auto-Submitted": "auto-generated", "Mime-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8",
	} {
		assert.Equal(t, want, m.header.Get(field), field)
	}
	date, err := m.header.Date()
	require.NoError(t, err)
	assert.True(t, date.Equal(at(11, 7, 5)), date)
	assert.Regexp(t, `^<typoguard-[0-9a-f]{24}@corp\.example>$`, m.header.Get("Message-Id"))
	assert.Equal(t, m.header.Get("Message-Id"), r.messages()[1].header.Get("Message-Id"))
}

// TestRelays: a mail goes over TLS that is verified, unless the configuration says otherwise.
func TestRelays(t *testing.T) {
	dir := t.TempDir()
	ca, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	require.NoError(t, kit.Certificate(ca, key, "127.0.0.1"))
	other := filepath.Join(dir, "other.pem")
	require.NoError(t, kit.Certificate(other, filepath.Join(dir, "other.key"), "127.0.0.1"))
	certificate, err := tls.LoadX509KeyPair(ca, key)
	require.NoError(t, err)
	wrapped, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	require.NoError(t, err)
	plain, starttls, implicit := startReceiver(t, nil), startReceiver(t, &certificate), serveReceiver(t, wrapped, nil)
	for _, tt := range []struct {
		name   string
		relay  string
		change func(*historyconfig.Digest)
		err    string // or ""
		at     *receiver
		secure bool
		user   string
	}{
		{"in the clear", plain.url("smtp"), func(c *historyconfig.Digest) { c.Clear = true }, "", plain, false, ""},
		{"no STARTTLS", plain.url("smtp"), func(*historyconfig.Digest) {}, "does not support STARTTLS", plain, false, ""},
		{"STARTTLS", starttls.url("smtp"), func(c *historyconfig.Digest) { c.CA = ca }, "", starttls, true, ""},
		{"STARTTLS, unknown", starttls.url("smtp"), func(*historyconfig.Digest) {}, "certificate signed by unknown authority", starttls, false, ""},
		{"STARTTLS, of another", starttls.url("smtp"), func(c *historyconfig.Digest) { c.CA = other }, "certificate", starttls, false, ""},
		{"STARTTLS, for another name", strings.Replace(starttls.url("smtp"), "127.0.0.1", "localhost", 1), func(c *historyconfig.Digest) { c.CA = ca }, "certificate is", starttls, false, ""},
		{"TLS", implicit.url("smtps"), func(c *historyconfig.Digest) { c.CA = ca }, "", implicit, true, ""},
		{"TLS, unknown", implicit.url("smtps"), func(*historyconfig.Digest) {}, "certificate signed by unknown authority", implicit, false, ""},
		{"login", starttls.url("smtp"), func(c *historyconfig.Digest) { c.CA, c.Login = ca, "alice:secret" }, "", starttls, true, "alice"},
		{"login over TLS", implicit.url("smtps"), func(c *historyconfig.Digest) { c.CA, c.Login = ca, "alice:secret" }, "", implicit, true, "alice"},
		{"a wrong password", starttls.url("smtp"), func(c *historyconfig.Digest) { c.CA, c.Login = ca, "alice:guess" }, "535", starttls, false, ""},
		{"no such user", starttls.url("smtp"), func(c *historyconfig.Digest) { c.CA, c.To = ca, "soc@corp.example,nobody@corp.example" }, "no such user", starttls, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := configured(tt.relay)
			c.Clear = false
			tt.change(&c)
			before := len(tt.at.messages())
			err := send(t, c)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				assert.Len(t, tt.at.messages(), before)
				return
			}
			require.NoError(t, err)
			require.Len(t, tt.at.messages(), before+1)
			m := tt.at.messages()[before]
			assert.Equal(t, tt.user, m.user)
			assert.Equal(t, tt.secure, m.secure)
		})
	}
}
