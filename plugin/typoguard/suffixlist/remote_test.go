package suffixlist

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRemoteLargest: a list may have its largest size, and not a byte more.
func TestRemoteLargest(t *testing.T) {
	const list = "navy.mil\n"
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(list)) }))
	t.Cleanup(s.Close)
	for largest, fits := range map[int64]bool{maxFetched: true, int64(len(list)): true, int64(len(list)) - 1: false} {
		r := newRemote("", false)
		r.largest, r.client.Transport = largest, s.Client().Transport
		content, err := r.fetch(t.Context(), s.URL, "")
		if !fits {
			require.EqualError(t, err, fmt.Sprintf("%s: more than %d bytes", s.URL, largest))
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, list, content)
	}
	assert.EqualValues(t, maxFetched, newRemote("", false).largest)
}

// TestRemoteHangs: a start with a copy does not wait for a web server that does not answer.
func TestRemoteHangs(t *testing.T) {
	hangs := make(chan struct{})
	s := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hangs:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(hangs) })
	list := &Source{Path: s.URL, Protects: true}
	list.Remote(t.TempDir(), false)
	list.remote.client.Transport = s.Client().Transport
	require.NoError(t, list.remote.keep(s.URL, "navy.mil\n"))
	began := time.Now()
	require.NoError(t, list.load(t.Context()))
	assert.Less(t, time.Since(began), fetchTimeout/2)
	assert.Equal(t, "navy.mil\n", list.Content())
	assert.ErrorContains(t, list.failure, "deadline exceeded")
}

// TestRemoteCutOff: a reply that only the end of the connection ends may have been cut off, and is refused.
func TestRemoteCutOff(t *testing.T) {
	const list = "navy.mil\narmy.mil\n"
	for name, tt := range map[string]struct {
		reply string
		err   string
	}{
		"no length":        {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + list, "the reply has neither Content-Length nor chunks"},
		"HTTP/1.0":         {"HTTP/1.0 200 OK\r\n\r\n" + list, "the reply has neither Content-Length nor chunks"},
		"length":           {"HTTP/1.1 200 OK\r\nContent-Length: 18\r\nConnection: close\r\n\r\n" + list, ""},
		"a part of it":     {"HTTP/1.1 200 OK\r\nContent-Length: 18\r\nConnection: close\r\n\r\n" + list[:9], "unexpected EOF"},
		"chunks":           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n12\r\n" + list + "\r\n0\r\n\r\n", ""},
		"a part of chunks": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n12\r\n" + list, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if assert.NoError(t, err) {
					_, _ = conn.Write([]byte(tt.reply))
					_ = conn.Close()
				}
			}))
			t.Cleanup(s.Close)
			r := newRemote("", false)
			r.client.Transport = s.Client().Transport
			content, err := r.fetch(t.Context(), s.URL, "")
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, list, content)
		})
	}
}
