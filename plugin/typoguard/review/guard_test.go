package review

import (
	"crypto/tls"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// TestUsersRemoved: a page that asks who somebody is does not open to everybody because its web-config file has lost its users.
func TestUsersRemoved(t *testing.T) {
	full := tlsLines + userLines(t)
	path := webConfig(t, full)
	s := listen(t, historyconfig.Page{Address: "127.0.0.1:0", WebConfig: path}, newStore(t, lookup("aaaaaaaaaa", time.Minute)))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	status := func(target, password string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addr().String()+target, http.NoBody)
		require.NoError(t, err)
		if password != "" {
			r.SetBasicAuth("alice", password)
		}
		answer, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	require.Equal(t, http.StatusOK, status("/", "secret"))
	for _, content := range []string{tlsLines, tlsLines + "basic_auth_users: {}\n", ""} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		for _, target := range []string{"/", "/api/v1/summary", "/events.csv"} {
			assert.Equal(t, http.StatusServiceUnavailable, status(target, ""), "%s with %q", target, content)
			assert.Equal(t, http.StatusServiceUnavailable, status(target, "secret"), "%s with %q", target, content)
		}
	}
	require.NoError(t, os.WriteFile(path, []byte(full), 0o600))
	assert.Equal(t, http.StatusOK, status("/", "secret"))
	assert.Equal(t, http.StatusUnauthorized, status("/", ""))
}

// TestCertificateRemoved: the same with client certificates.
func TestCertificateRemoved(t *testing.T) {
	path := webConfig(t, tlsLines+mutualLine)
	s := listen(t, historyconfig.Page{Address: "127.0.0.1:0", WebConfig: path}, newStore(t, lookup("aaaaaaaaaa", time.Minute)))
	require.NoError(t, os.WriteFile(path, []byte(tlsLines), 0o600))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addr().String()+"/", http.NoBody)
	require.NoError(t, err)
	answer, err := client.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
}
