package review

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// webConfig writes a web-config file with a certificate of its own, in a directory, and returns its path.
func webConfig(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, kit.Certificate(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), "127.0.0.1"))
	path := filepath.Join(dir, "web.yml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// What web-config files have.
const (
	tlsLines   = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"
	mutualLine = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: cert.pem\n"
)

func userLines(t *testing.T) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	require.NoError(t, err)
	return "basic_auth_users:\n  alice: " + string(hash) + "\n"
}

func TestCheck(t *testing.T) {
	full := webConfig(t, tlsLines+userLines(t))
	noUsers := webConfig(t, tlsLines)
	mutual := webConfig(t, tlsLines+mutualLine)
	noTLS := webConfig(t, userLines(t))
	junk := webConfig(t, "tls: yes\n")
	tests := []struct {
		address, file, host string
		want                string // a part of the error; "" for none
	}{
		{"127.0.0.1:8053", "", "", ""},
		{"127.9.9.9:0", "", "", ""},
		{"[::1]:8053", "", "", ""},
		{"localhost:8053", "", "review.corp.example.", ""},
		{"127.0.0.1:8053", noTLS, "", ""},
		{":8053", full, "Review.corp.example", ""},
		{"192.0.2.1:8053", mutual, "", ""},
		{"127.0.0.1", "", "", `address "127.0.0.1": expected ADDRESS:PORT, such as 127.0.0.1:8053`},
		{"127.0.0.1:http", "", "", `expected a port from 0 to 65535, not "http"`},
		{"127.0.0.1:65536", "", "", `expected a port from 0 to 65535, not "65536"`},
		{"review.corp.example:8053", "", "", `expected an IP address or localhost, not "review.corp.example"`},
		{":8053", "", "", `address ":8053" is not a loopback address: expected a web_config with TLS and basic authentication`},
		{"[::]:8053", "", "", "is not a loopback address"},
		{"0.0.0.0:8053", noUsers, "", "expected basic_auth_users, or client_auth_type RequireAndVerifyClientCert"},
		{"0.0.0.0:8053", noTLS, "", "expected TLS (tls_server_config)"},
		{"127.0.0.1:8053", junk, "", "expected a web-config file as defined by Prometheus's exporter toolkit"},
		{"127.0.0.1:8053", full + ".missing", "", "no such file"},
		{"127.0.0.1:8053", "", "review.corp.example:8053", `host "review.corp.example:8053": expected a host name such as review.corp.example, without a port`},
		{"127.0.0.1:8053", "", "*.corp.example", "expected a host name"},
	}
	for _, tt := range tests {
		t.Run(tt.address+" "+tt.host, func(t *testing.T) {
			err := Check(historyconfig.Page{Address: tt.address, WebConfig: tt.file, Host: tt.host})
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// listen serves a page until the test ends.
func listen(t *testing.T, config historyconfig.Page, store *history.Store) *Server {
	t.Helper()
	s, err := Listen(config, store)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close(context.Background())) })
	return s
}

// TestListen: with a web-config file there is TLS and who does not say who it is sees nothing; who does is the reviewer.
func TestListen(t *testing.T) {
	store := newStore(t, lookup("aaaaaaaaaa", time.Minute))
	s := listen(t, historyconfig.Page{Address: "127.0.0.1:0", WebConfig: webConfig(t, tlsLines+userLines(t))}, store)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	request := func(method, target, body, password string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, "https://"+s.Addr().String()+target, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		if password != "" {
			r.SetBasicAuth("alice", password)
		}
		answer, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer
	}
	for _, target := range []string{"/", "/api/v1/summary", "/events.csv", vendored().URL("page.js"), "/nothing"} {
		assert.Equal(t, http.StatusUnauthorized, request(http.MethodGet, target, "", "").StatusCode, target)
		assert.Equal(t, http.StatusUnauthorized, request(http.MethodGet, target, "", "guess").StatusCode, target)
	}
	right := request(http.MethodGet, "/", "", "secret")
	assert.Equal(t, http.StatusOK, right.StatusCode)
	assert.Equal(t, headers["Content-Security-Policy"], right.Header.Get("Content-Security-Policy"))

	assert.Equal(t, http.StatusOK, request(http.MethodPut, "/api/v1/events/aaaaaaaaaa/review", `{"state":"confirmed"}`, "secret").StatusCode)
	d, err := store.Event(t.Context(), "aaaaaaaaaa")
	require.NoError(t, err)
	assert.Equal(t, "alice", d.Reviewer)
}

// TestReviewerNotBelieved: a name that nobody has asked a password for is not kept.
func TestReviewerNotBelieved(t *testing.T) {
	store := newStore(t, lookup("aaaaaaaaaa", time.Minute))
	s := listen(t, historyconfig.Page{Address: "127.0.0.1:0"}, store)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+s.Addr().String()+"/api/v1/events/aaaaaaaaaa/review", strings.NewReader(`{"state":"confirmed"}`))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth("root", "")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	defer http.DefaultClient.CloseIdleConnections()
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	d, err := store.Event(t.Context(), "aaaaaaaaaa")
	require.NoError(t, err)
	assert.Equal(t, history.StateConfirmed, d.State)
	assert.Empty(t, d.Reviewer)
}

// TestListenErrors: what cannot be served is said at once, and the store is the caller's still.
func TestListenErrors(t *testing.T) {
	store := newStore(t)
	defer func() { require.NoError(t, store.Close()) }()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = Listen(historyconfig.Page{Address: taken.Addr().String()}, store)
	require.ErrorContains(t, err, "address already in use")
	_, err = Listen(historyconfig.Page{Address: ":0"}, store)
	require.ErrorContains(t, err, "is not a loopback address")
	_, err = Listen(historyconfig.Page{Address: "127.0.0.1:0"}, nil)
	require.ErrorIs(t, err, errNoStore)
	_, err = store.Totals(t.Context())
	require.NoError(t, err)
}

// TestClose: nothing is left, and who holds a connection open does not keep the server from ending.
func TestClose(t *testing.T) {
	var log bytes.Buffer
	s, err := Listen(historyconfig.Page{Address: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(&log, nil))}, newStore(t))
	require.NoError(t, err)
	connection, err := net.Dial("tcp", s.Addr().String())
	require.NoError(t, err)
	defer connection.Close()
	_, err = connection.Write([]byte("GET / HTTP/1.1\r\n")) // and no more
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_ = s.Close(ctx) // it may say that something was cut off
	assert.Less(t, time.Since(begun), 5*time.Second)
	_, err = net.Dial("tcp", s.Addr().String())
	require.Error(t, err)
	assert.Empty(t, log.String())
}
