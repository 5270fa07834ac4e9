//go:build e2e

package history_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestPassword: a password is taken from the file that PGPASSFILE names, as the manual says, or from the DSN; and neither log nor
// page nor metrics tell it.
func TestPassword(t *testing.T) {
	server := startPostgres(t)
	sql := asking(t, server)
	const password = "open sesame"
	sql("CREATE ROLE alice LOGIN PASSWORD '" + password + "'")
	sql("CREATE DATABASE alices OWNER alice")
	access := sql("SHOW hba_file")
	rules, err := os.ReadFile(access)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(access, append([]byte("host all alice 127.0.0.1/32 scram-sha-256\n"), rules...), 0o600))
	sql("SELECT pg_reload_conf()")
	dsn := strings.Replace(server.DSN("alices"), "typoguard@", "alice@", 1)
	parsed, err := url.Parse(dsn)
	require.NoError(t, err)

	denied := start(t, dsn, "")
	denied.ask(t, 0, 1, 0)
	denied.awaitSink(t, 0)
	assert.Equal(t, http.StatusServiceUnavailable, denied.page(t))

	pass := filepath.Join(t.TempDir(), "pgpass")
	require.NoError(t, os.WriteFile(pass, fmt.Appendf(nil, "127.0.0.1:%s:alices:alice:%s\n", parsed.Port(), password), 0o600))
	t.Setenv("PGPASSFILE", pass)
	let := start(t, dsn, "")
	let.ask(t, 1, 1, 0)
	readable := strings.Replace(dsn, "alice@", "alice:"+url.PathEscape(password)+"@", 1)
	awaitAll(t, readable, 1)
	assert.Equal(t, http.StatusOK, let.page(t))

	t.Setenv("PGPASSFILE", "/nonexistent")
	given := start(t, readable, "")
	given.ask(t, 2, 1, 0)
	awaitAll(t, readable, 2)
	wrong := start(t, strings.Replace(readable, "sesame", "barley", 1), "")
	wrong.ask(t, 3, 1, 0)
	wrong.awaitSink(t, 0)
	for _, r := range []*resolver{denied, let, given, wrong} {
		_, metrics, err := kit.Get(t.Context(), "http://"+r.metrics+"/metrics")
		require.NoError(t, err)
		_, page, err := kit.Get(t.Context(), "http://"+r.review+"/")
		require.NoError(t, err)
		for _, text := range []string{r.Output(), metrics, page} {
			assert.NotContains(t, text, "sesame")
			assert.NotContains(t, text, "barley")
		}
	}
}
