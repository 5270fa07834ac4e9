package digest

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	stdmail "net/mail"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// replyTimeout is how long the relay may take for a reply.
const replyTimeout = 30 * time.Second

// relay is the mail server that takes digests.
type relay struct {
	host, port string
	implicit   bool // TLS from the start
	clear      bool // no TLS
	ca         string
	user, pass string
}

// ports are the default ports of the schemes.
var ports = map[string]string{"smtp": "25", "smtps": "465"}

// parseRelay reads the address of a relay, and how to talk to it.
func parseRelay(c *historyconfig.Digest) (*relay, error) {
	u, err := url.Parse(c.Relay)
	if err != nil || ports[u.Scheme] == "" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("relay %q; expected one such as smtp://mail.corp.example or smtps://mail.corp.example:465", c.Relay)
	}
	r := &relay{host: u.Hostname(), port: u.Port(), implicit: u.Scheme == "smtps", clear: c.Clear, ca: c.CA}
	if r.port == "" {
		r.port = ports[u.Scheme]
	}
	if number, err := strconv.ParseUint(r.port, 10, 16); err != nil || number == 0 {
		return nil, fmt.Errorf("relay %q; expected a port from 1 to 65535", c.Relay)
	}
	if c.Clear && (r.implicit || c.CA != "" || c.Login != "") {
		return nil, errors.New("starttls off with smtps, ca or login; expected it only for a relay that has no TLS, and wants no password")
	}
	if _, err := r.tls(); err != nil {
		return nil, err
	}
	if c.Login != "" {
		var ok bool
		if r.user, r.pass, ok = strings.Cut(c.Login, ":"); !ok || r.user == "" || r.pass == "" {
			return nil, errors.New("login: no user and password in the file; expected USER:PASSWORD")
		}
	}
	return r, nil
}

// tls returns how the relay's certificate is verified. The file is read for every mail.
func (r *relay) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: r.host}
	if r.ca == "" {
		return config, nil
	}
	pem, err := os.ReadFile(r.ca)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca: %s contains no PEM certificate", r.ca)
	}
	return config, nil
}

// send hands a message to the relay, and gives up when the context ends.
func (r *relay) send(ctx context.Context, message *mail.Msg) error {
	secure, err := r.tls()
	if err != nil {
		return err
	}
	options := []mail.Option{
		mail.WithTimeout(replyTimeout), mail.WithoutNoop(), mail.WithTLSConfig(secure), mail.WithTLSPolicy(mail.TLSMandatory),
		mail.WithDialContextFunc(func(dialing context.Context, network, _ string) (net.Conn, error) {
			return r.dial(ctx, dialing, network, secure)
		}),
	}
	switch {
	case r.implicit:
		options = append(options, mail.WithSSL())
	case r.clear:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if r.user != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername(r.user), mail.WithPassword(r.pass))
	}
	client, err := mail.NewClient(r.host, options...)
	if err != nil {
		return err
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	err = client.SendWithSMTPClient(connection, message)
	_ = client.CloseWithSMTPClient(connection) // what follows the relay's word does not matter
	if message.IsDelivered() {
		return nil
	}
	return err
}

// dial connects to the relay. The connection is closed when the context ends, that of dialing when there is a connection.
func (r *relay) dial(ctx, dialing context.Context, network string, secure *tls.Config) (conn net.Conn, err error) {
	address, dialer := net.JoinHostPort(r.host, r.port), &net.Dialer{}
	if r.implicit {
		conn, err = (&tls.Dialer{NetDialer: dialer, Config: secure}).DialContext(dialing, network, address)
	} else {
		conn, err = dialer.DialContext(dialing, network, address)
	}
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, nil
}

// domainPattern matches the end of an address. A mailto URL with parameters does not.
var domainPattern = regexp.MustCompile(`@[A-Za-z0-9.-]+$`)

// checkAddresses returns an error for what are no addresses with a comma between them.
func checkAddresses(list string) error {
	for text := range strings.SplitSeq(list, ",") {
		a, err := stdmail.ParseAddress(text)
		if err != nil || a.Address != text || !domainPattern.MatchString(text) {
			return fmt.Errorf("address %q; expected one such as soc@corp.example, and several with a comma between them", text)
		}
	}
	return nil
}

// newMessage returns a digest of a series as a message. Its ID is the same whoever sends it, so that a mailbox can tell that it has got one twice.
func newMessage(c *historyconfig.Digest, series string, until, now time.Time, subject, body string) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(m.From(c.From), m.To(strings.Split(c.To, ",")...)); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(series + "\x00" + strconv.FormatInt(until.Unix(), 10)))
	_, domain, _ := strings.Cut(c.From, "@")
	m.SetMessageIDWithValue("typoguard-" + hex.EncodeToString(sum[:12]) + "@" + domain)
	m.SetDateWithValue(now)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.Subject(subject)
	m.SetBodyString(mail.TypeTextPlain, body)
	return m, nil
}
