package dns_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// timeout is how long a client waits for one answer.
const timeout = 5 * time.Second

// exchange sends a packed query, and returns the answer as it came.
type exchange func(query []byte) ([]byte, error)

// transports are the ways to ask a server. Each opens one connection, which lasts until the test ends.
var transports = []struct {
	name string
	open func(t *testing.T, s *server) exchange
}{
	{"UDP", overUDP},
	{"TCP", overTCP},
	{"DoT", overTLS},
	{"DoH", overHTTPS},
}

// overUDP asks from one socket.
func overUDP(t *testing.T, s *server) exchange {
	t.Helper()
	conn, err := net.Dial("udp", s.addr("DNS"))
	require.NoError(t, err)
	return overConn(t, conn)
}

// overTCP asks over one connection.
func overTCP(t *testing.T, s *server) exchange {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr("DNS"))
	require.NoError(t, err)
	return overConn(t, conn)
}

// overTLS asks over one connection.
func overTLS(t *testing.T, s *server) exchange {
	t.Helper()
	conn, err := tls.Dial("tcp", s.addr("DOT"), built.certificate.client())
	require.NoError(t, err)
	return overConn(t, conn)
}

// overConn asks over a connection until the test ends.
func overConn(t *testing.T, conn net.Conn) exchange {
	t.Helper()
	t.Cleanup(func() { _ = conn.Close() })
	return func(query []byte) ([]byte, error) { return exchangeOver(conn, query) }
}

// exchangeOver sends a query over a connection and reads the answer. It knows how messages are framed on a stream.
func exchangeOver(conn net.Conn, query []byte) ([]byte, error) {
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	framed := &dns.Conn{Conn: conn}
	if _, err := framed.Write(query); err != nil {
		return nil, err
	}
	answer := make([]byte, dns.MaxMsgSize)
	n, err := framed.Read(answer)
	return answer[:n], err
}

// overHTTPS asks with POST (RFC 8484 section 4.1).
func overHTTPS(t *testing.T, s *server) exchange {
	t.Helper()
	client := newHTTPClient(t)
	return func(query []byte) ([]byte, error) {
		resp, err := post(client, s, query)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != mediaType {
			return nil, fmt.Errorf("%s with content type %q", resp.Status, resp.Header.Get("Content-Type"))
		}
		return io.ReadAll(resp.Body)
	}
}

// mediaType is that of DNS messages.
const mediaType = "application/dns-message"

// newHTTPClient returns a client for DoH. Its connections are closed when the test ends.
func newHTTPClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: built.certificate.client(), ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: timeout}
}

// post sends a message to a server's DoH service.
func post(client *http.Client, s *server, message []byte) (*http.Response, error) {
	return client.Post("https://"+s.addr("DOH")+"/dns-query", mediaType, bytes.NewReader(message))
}

// query returns a question as a stub resolver asks it, with a random ID.
func query(name string, qtype uint16) *dns.Msg { return new(dns.Msg).SetQuestion(name, qtype) }

// ask asks a server over UDP.
func ask(t *testing.T, s *server, name string, qtype uint16) *dns.Msg {
	t.Helper()
	return askFrom(t, s, nil, query(name, qtype))
}

// askFrom asks a server over UDP from an address of this host; nil is any.
func askFrom(t *testing.T, s *server, source net.IP, q *dns.Msg) *dns.Msg {
	t.Helper()
	client := &dns.Client{Timeout: timeout, Dialer: &net.Dialer{LocalAddr: &net.UDPAddr{IP: source}}}
	m, _, err := client.Exchange(q, s.addr("DNS"))
	require.NoErrorf(t, err, "asking for %s %s", q.Question[0].Name, dns.TypeToString[q.Question[0].Qtype])
	return m
}
