package dns_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// silence is how long a server may take for its last answers over UDP, before it is taken to have given none.
const silence = time.Second

// malformedCorefile is a server with a stanza, or with none.
const malformedCorefile = `
(resolver) {
    bind {$HOST}
    %s
    forward . {$UPSTREAM}
}
.:{$DNS} {
    prometheus {$HOST}:{$METRICS}
    import resolver
}
https://.:{$DOH} {
    tls {$CERT} {$KEY}
    import resolver
}
`

// TestMalformed sends messages that are no proper queries, and proper ones that no policy is about, to a server with a
// policy and to one without: the answers are the same, and both servers stay up.
func TestMalformed(t *testing.T) {
	t.Parallel()
	guarded := start(t, newUpstream(t).addr, fmt.Sprintf(malformedCorefile, "typoguard {\nprotect army.mil\n}"))
	plain := start(t, newUpstream(t).addr, fmt.Sprintf(malformedCorefile, ""))
	messages := malformedMessages()

	ways := []struct {
		name string
		send func(t *testing.T, s *server, messages []message) []string
	}{
		{"UDP", sendUDP},
		{"TCP", sendTCP},
		{"DoH", sendHTTPS},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			got, want := way.send(t, guarded, messages), way.send(t, plain, messages)
			for i, m := range messages {
				t.Run(m.name, func(t *testing.T) { assert.Equalf(t, want[i], got[i], "answer to %x", m.wire) })
			}
			q := query("army.ml.", dns.TypeMX)
			nxdomain.check(t, q, askFrom(t, guarded, nil, q), 60, "")
			passes.check(t, q, askFrom(t, plain, nil, q), 0, "")
		})
	}
	assert.Zero(t, guarded.metrics(t).Sum(t, "coredns_panics_total"), "panics")
}

// sendUDP sends messages from one socket, each followed by a proper query, which must be answered. It returns what was
// answered to each.
func sendUDP(t *testing.T, s *server, messages []message) []string {
	t.Helper()
	conn, err := net.Dial("udp", s.addr("DNS"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()

	answers := make([]string, len(messages))
	proper := query("example.org.", dns.TypeA)
	proper.Id = uint16(len(messages))
	packed, err := proper.Pack()
	require.NoError(t, err)
	for i, m := range messages {
		_, err := conn.Write(m.withID(i))
		require.NoError(t, err)
		_, err = conn.Write(packed)
		require.NoError(t, err)
		require.NoError(t, collect(conn, timeout, answers), "the answer to a proper query after %s", m.name)
	}
	err = collect(conn, silence, answers)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	return answers
}

// collect reads answers until there is one to the proper query, and describes each in the place of its ID.
func collect(conn net.Conn, patience time.Duration, answers []string) error {
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	buffer := make([]byte, dns.MaxMsgSize)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return err
		}
		switch id := int(binary.BigEndian.Uint16(buffer)); {
		case id == len(answers):
			return nil
		case id < len(answers):
			answers[id] += describe(buffer[:n])
		}
	}
}

// sendTCP sends each message over a connection of its own, and returns what was answered before the server closed it.
func sendTCP(t *testing.T, s *server, messages []message) []string {
	t.Helper()
	var answers []string
	for i, m := range messages {
		packed := m.withID(i)
		stream := append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)
		answer := exchangeStream(t, s, stream)
		answers = append(answers, describe(answer[min(2, len(answer)):]))
	}
	return answers
}

// exchangeStream sends a stream of octets over TCP and returns what comes back.
func exchangeStream(t *testing.T, s *server, stream []byte) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr("DNS"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = conn.Write(stream)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	return answer
}

// sendHTTPS posts each message, and returns the status and the body of the responses.
func sendHTTPS(t *testing.T, s *server, messages []message) []string {
	t.Helper()
	client := newHTTPClient(t)
	var answers []string
	for i, m := range messages {
		resp, err := post(client, s, m.withID(i))
		require.NoError(t, err, m.name)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()), m.name)
		if resp.StatusCode == http.StatusOK {
			answers = append(answers, resp.Status+describe(body))
		} else {
			answers = append(answers, resp.Status+string(bytes.TrimSpace(body)))
		}
	}
	return answers
}

// describe shows an answer in full.
func describe(packed []byte) string {
	m := new(dns.Msg)
	if err := m.Unpack(packed); err != nil {
		return hex.EncodeToString(packed)
	}
	return m.String()
}

// TestMalformedStreams sends what is not even framed as messages over TCP.
func TestMalformedStreams(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, fmt.Sprintf(malformedCorefile, "typoguard {\nprotect army.mil\n}"))
	streams := []struct {
		name   string
		stream []byte
	}{
		{"nothing", nil},
		{"half a length", []byte{0}},
		{"no message", []byte{0, 0}},
		{"many of no message", make([]byte, 1<<12)},
		{"less than the length", []byte{0, 40, 1, 2, 3}},
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: army.ml\r\n\r\n")},
	}
	for _, stream := range streams {
		t.Run(stream.name, func(t *testing.T) {
			assert.Empty(t, exchangeStream(t, s, stream.stream), "answer")
			q := query("army.ml.", dns.TypeMX)
			nxdomain.check(t, q, askFrom(t, s, nil, q), 60, "")
		})
	}
}
