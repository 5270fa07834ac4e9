package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestDemo: the page answers, and soon there are events of every kind, made up and real.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	review := kit.FreeAddress(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out kit.Output
	var done sync.WaitGroup
	begin := time.Now()
	done.Go(func() {
		assert.NoError(t, run(ctx, &out, settings{review: review, dir: dir, days: 12, pause: 2 * time.Millisecond}))
	})
	const patience, wink = 90 * time.Second, 100 * time.Millisecond // the binary may have to be built
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "review page  http://"+review+"/\n") }, patience, wink, out.String)
	status, _, err := kit.Get(ctx, "http://"+review+"/")
	require.NoError(t, err, "the address is printed when the page answers")
	assert.Equal(t, http.StatusOK, status)

	store, err := history.Open(historyconfig.Store{DSN: history.SQLite(filepath.Join(dir, "events.db"))})
	require.NoError(t, err)
	defer store.Close()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		seen := map[string]bool{}
		require.NoError(c, store.Each(t.Context(), history.Filter{From: begin}, func(e *history.Event) error {
			for _, what := range []string{e.Kind, e.Mode, e.Action, e.Policy, e.Record, e.Name} {
				seen[what] = true
			}
			seen["another candidate"] = seen["another candidate"] || len(e.Candidates) > 0
			return nil
		}))
		for _, what := range []string{"omission", "addition", "substitution", "adjacent", "transposition", "homoglyph", "enforce", "monitor", "nxdomain", "sinkhole",
			event.SMTPRefused, "defence", "partners", "webmail", "MX", "marine.mil", ascii("аrmy.mil"), "mail.com", "another candidate"} {
			assert.True(c, seen[what], what)
		}
		assert.False(c, seen["ymail.com"], "which is allowed")
	}, patience, wink, out.String)
	totals, err := store.Totals(t.Context())
	require.NoError(t, err)
	assert.Greater(t, totals[2].Blocked.Events, 2*totals[0].Blocked.Events, "most of it is of the days before")
	stop()
	done.Wait()
	for _, name := range []string{"events.json", "Corefile"} {
		_, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err, "of a directory that was given everything is kept")
	}
	assert.Regexp(t, `The [0-9]+ events before now are MADE UP`, out.String())
}
