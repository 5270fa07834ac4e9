package suffixlist

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLookUpHost: the host of a list is looked up by another function if the first one does not know it.
func TestLookUpHost(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("navy.mil\n")) }))
	t.Cleanup(s.Close)
	unknown := func(_ context.Context, host string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "unknown", Name: host, IsNotFound: true}
	}
	asked := 0
	knows := func(_ context.Context, host string) ([]netip.Addr, error) {
		asked++
		assert.Equal(t, "lists.example.com", host)
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	fetch := func(lookups ...Lookup) (string, error) {
		r := newRemote("", false)
		transport := s.Client().Transport.(*http.Transport).Clone()
		transport.DialContext = dialer(lookups...)
		r.client.Transport = transport
		t.Cleanup(transport.CloseIdleConnections)
		return r.fetch(t.Context(), strings.Replace(s.URL, "127.0.0.1", "lists.example.com", 1), "")
	}
	content, err := fetch(unknown, knows)
	require.NoError(t, err)
	assert.Equal(t, "navy.mil\n", content)
	assert.Equal(t, 1, asked)
	_, err = fetch(unknown, unknown)
	var unresolved *net.DNSError
	require.ErrorAs(t, err, &unresolved, "so that it is tried again by other means")
}

// TestRetry: a list whose host was unknown at first is there after it was looked up by other means, and nothing else is fetched again.
func TestRetry(t *testing.T) {
	l := &Lists{Sources: []*Source{{Path: "https://unknown.example/", Protects: true}, {Path: "https://down.example/", Protects: true}}}
	for _, s := range l.Sources {
		s.Remote("", false)
	}
	l.Sources[0].failure = &net.DNSError{Err: "unknown"}
	l.Sources[1].failure = errors.New("connection refused")
	asked := 0
	retried, err := l.Retry(t.Context(), func(context.Context, string) ([]netip.Addr, error) {
		asked++
		return nil, &net.DNSError{Err: "still unknown"}
	})
	require.NoError(t, err)
	assert.True(t, retried)
	assert.Equal(t, 1, asked)
	require.ErrorContains(t, l.Required(), "still unknown")
}
