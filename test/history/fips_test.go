//go:build e2e

package history_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestFIPSPassword: where only approved cryptography is allowed, SCRAM-SHA-256 works, whatever the password, and a server that asks for
// something else does not end the process, whose DNS goes on.
func TestFIPSPassword(t *testing.T) {
	binary, err := kit.BuildFIPS(t.Context())
	require.NoError(t, err)
	server := startPostgres(t)
	sql := asking(t, server)
	sql("CREATE ROLE alice LOGIN PASSWORD 'open sesame, please'")
	sql("CREATE ROLE bob LOGIN PASSWORD 'sesame'")
	sql("SET password_encryption = md5; CREATE ROLE carol LOGIN PASSWORD 'open sesame, please'")
	for _, role := range []string{"alice", "bob", "carol"} {
		sql("CREATE DATABASE " + role + " OWNER " + role)
	}
	access := sql("SHOW hba_file")
	rules, err := os.ReadFile(access)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(access, append([]byte("host all alice,bob 127.0.0.1/32 scram-sha-256\nhost all carol 127.0.0.1/32 md5\n"), rules...), 0o600))
	sql("SELECT pg_reload_conf()")

	for role, test := range map[string]struct {
		password string
		up       int
	}{"alice": {"open%20sesame,%20please", 1}, "bob": {"sesame", 1}, "carol": {"open%20sesame,%20please", 0}} {
		t.Run(role, func(t *testing.T) {
			dsn := strings.Replace(server.DSN(role), "typoguard@", role+":"+test.password+"@", 1)
			r := startProgram(t, dsn, "", "env", "GODEBUG=fips140=only", binary)
			r.ask(t, 0, 1, 0)
			r.awaitSink(t, test.up)
			if test.up == 1 {
				awaitAll(t, dsn, 1)
			}
			r.ask(t, 1, 1, 0)
			assert.NotContains(t, r.Output(), "goroutine ")
			t.Log(r.Output())
		})
	}
}
