//go:build e2e

// Package review looks at the review page with a real Chromium: that of the binary, with a history of made-up events.
package review

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// policy is in the configuration of the resolver.
const policy = `typoguard mil {
        protect army.mil navy.mil
        history %[1]s
        review %[2]s
    }`

// patience is how long all of page.test.mjs may take: six times what it takes on two cores, since a busy machine has less.
const patience = 15 * time.Minute

// TestPage runs page.test.mjs. With REVIEW_SHOTS in the environment, pictures of all pages are left in that directory; with REVIEW_ONLY, only
// those tests are run whose names match that regular expression.
func TestPage(t *testing.T) {
	for _, program := range []string{"node", "chromium"} {
		_, err := exec.LookPath(program)
		require.NoError(t, err, "make e2e installs what is missing")
	}
	require.DirExists(t, "node_modules", "make e2e installs what is missing")

	dir := t.TempDir()
	dsn := history.SQLite(filepath.Join(dir, "events.db"))
	seed(t, dsn)
	page := kit.FreeAddress(t)
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	product := resolvers.Typoguard
	product.Program = binary
	ready := func(string) bool {
		answer, err := http.Get("http://" + page + "/api/v1/summary") //nolint:noctx // it is asked again
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}
	server, err := product.Start(context.WithoutCancel(t.Context()), dir, "", map[string]string{"policy": fmt.Sprintf(policy, dsn, page), "upstream": "9"}, ready)
	require.NoError(t, err)
	defer server.Stop()

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	arguments := []string{"--test", "page.test.mjs"}
	if only := os.Getenv("REVIEW_ONLY"); only != "" {
		arguments = slices.Insert(arguments, 1, "--test-name-pattern="+only)
	}
	node := exec.CommandContext(ctx, "node", arguments...)
	node.Env = append(os.Environ(), "REVIEW_URL=http://"+page, "REVIEW_DNS="+net.JoinHostPort("127.0.0.1", server.Port))
	output, err := node.CombinedOutput()
	t.Log(string(output))
	assert.NoError(t, err)
}

// seed fills a history with a month of events.
func seed(t *testing.T, dsn string) {
	t.Helper()
	store, err := history.Open(historyconfig.Store{DSN: dsn, Host: "ns1.corp.example"})
	require.NoError(t, err)
	_, err = store.Write(t.Context(), slices.Concat(lookups(2000, 30*24*time.Hour), lookups(400, 24*time.Hour), queued(), strange()))
	require.NoError(t, err)
	require.NoError(t, store.Close())
}
