//go:build e2e

package history_test

import (
	"cmp"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestKill: a resolver that is killed loses no event that is older than the time in which events settle, and the next one goes
// on with the database as it was left.
func TestKill(t *testing.T) {
	for name, dsn := range map[string]string{"SQLite": history.SQLite(filepath.Join(t.TempDir(), "events.db")), "PostgreSQL": startPostgres(t).DSN("postgres")} {
		t.Run(name, func(t *testing.T) {
			r := start(t, dsn, "")
			asked := r.ask(t, 0, 500, 10*time.Millisecond)
			killed := time.Now()
			r.End(syscall.SIGKILL)
			names, _ := kept(t, dsn)
			lost, oldest := 0, time.Duration(0)
			for i, at := range asked {
				if names[lookalike(i)] == 0 {
					lost++
					oldest = max(oldest, killed.Sub(at))
				}
			}
			assert.Positive(t, lost, "some had not settled")
			assert.Less(t, oldest, 2500*time.Millisecond, "a second and a half, and what a busy machine adds")
			t.Logf("FIGURE %s: events lost of 500 in 5 s when the process is killed: %d, the oldest %s old", name, lost, oldest.Round(10*time.Millisecond))

			next := start(t, dsn, "")
			next.ask(t, 500, 100, time.Millisecond)
			awaitAll(t, dsn, 600-lost)
			assert.Equal(t, http.StatusOK, next.page(t))
		})
	}
}

// TestPostgresStops: while the database is away queries are answered, the page says so, and events wait; when it is back they are
// all written. It comes and goes while events are on their way, too.
func TestPostgresStops(t *testing.T) {
	t.Parallel()
	server := startPostgres(t)
	dsn := server.DSN("postgres")
	r := start(t, dsn, "")
	r.ask(t, 0, 100, time.Millisecond)
	awaitAll(t, dsn, 100)
	require.NoError(t, server.Stop())
	r.ask(t, 100, 1000, time.Millisecond)
	r.awaitSink(t, 0)
	assert.Equal(t, http.StatusServiceUnavailable, r.page(t))
	require.NoError(t, server.Start(t.Context()))
	r.awaitSink(t, 1)
	awaitAll(t, dsn, 1100)
	assert.Equal(t, http.StatusOK, r.page(t))

	together(func() { r.ask(t, 1100, 2000, 2*time.Millisecond) }, func() {
		for range 3 {
			<-time.After(time.Second)
			assert.NoError(t, server.Stop())
			assert.NoError(t, server.Start(t.Context()))
		}
	})
	awaitAll(t, dsn, 3100)
	assert.Zero(t, r.metric(t, "events_dropped_total"))
	t.Logf("FIGURE events lost of 3000 while PostgreSQL is stopped and started four times: 0, after %d failed attempts", r.metric(t, "events_errors_total"))
}

// TestPostgresStaysAway: what is more than can wait is dropped, and counted to the last event; what waited is not.
func TestPostgresStaysAway(t *testing.T) {
	t.Parallel()
	server := startPostgres(t)
	dsn := server.DSN("postgres")
	r := start(t, dsn, "")
	require.NoError(t, server.Stop())
	const asked = sink.QueueSize + 3000
	r.ask(t, 0, asked, 0)
	r.awaitSink(t, 0)
	require.Eventually(t, func() bool { return r.metric(t, "events_dropped_total") > 0 }, 20*time.Second, wink)
	<-time.After(2 * time.Second) // until the last ones have settled, which no metric tells
	dropped := r.metric(t, "events_dropped_total")
	require.NoError(t, server.Start(t.Context()))
	r.awaitSink(t, 1)
	awaitAll(t, dsn, asked-dropped)
	assert.Equal(t, dropped, r.metric(t, "events_dropped_total"))
	assert.GreaterOrEqual(t, asked-dropped, sink.QueueSize)
	t.Logf("FIGURE of %d events while PostgreSQL is away, %d are written afterwards, and %d counted as dropped", asked, asked-dropped, dropped)
}

// TestDiskFull: while the disk is full queries are answered, and a page that somebody has opened before shows what there is;
// when there is room again all that waited is written.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	mount := t.TempDir()
	require.NoError(t, syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=4m"))
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(mount, 0)) })
	dsn := history.SQLite(filepath.Join(mount, "events.db"))
	r := start(t, dsn, "")
	r.ask(t, 0, 50, time.Millisecond)
	awaitAll(t, dsn, 50)
	assert.Equal(t, http.StatusOK, r.page(t))
	filler := filepath.Join(mount, "filler")
	require.ErrorIs(t, os.WriteFile(filler, make([]byte, 8<<20), 0o600), syscall.ENOSPC)
	const events = 1000
	r.ask(t, 50, events-50, time.Millisecond)
	r.awaitSink(t, 0)
	for range 8 { // which needs several connections to the database
		together(func() { assert.Equal(t, http.StatusOK, r.page(t)) }, func() { assert.Equal(t, http.StatusOK, r.page(t)) })
	}
	kept(t, dsn) // by another store, which has not been open before
	require.NoError(t, os.Remove(filler))
	r.awaitSink(t, 1)
	awaitAll(t, dsn, events)
	assert.Zero(t, r.metric(t, "events_dropped_total"))
	t.Logf("FIGURE events lost of %d while the disk is full: 0", events-50)
}

// TestTwoResolvers: two resolvers that start at the same moment, with a database that nobody has used, share it: each event is
// there once, with its host, and the page of either shows those of both.
func TestTwoResolvers(t *testing.T) {
	t.Parallel()
	server := startPostgres(t)
	dsn := server.DSN("postgres")
	one, two := start(t, dsn, "ns1"), start(t, dsn, "ns2")
	together(func() { one.ask(t, 0, 500, time.Millisecond) }, func() { two.ask(t, 500, 500, time.Millisecond) })
	awaitAll(t, dsn, 1000)
	_, hosts := kept(t, dsn)
	assert.Equal(t, map[string]int{"ns1": 500, "ns2": 500}, hosts)
	for _, r := range []*resolver{one, two} {
		status, list, err := kit.Get(t.Context(), "http://"+r.review+"/events")
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, list, "ns1")
		assert.Contains(t, list, "ns2")
		assert.Zero(t, r.metric(t, "events_dropped_total"))
	}
	// What a client asks both at the same time is one event.
	together(func() { one.ask(t, 1000, 100, time.Millisecond) }, func() { two.ask(t, 1000, 100, time.Millisecond) })
	awaitAll(t, dsn, 1100)
	store, err := history.Open(historyconfig.Store{DSN: dsn})
	require.NoError(t, err)
	defer store.Close()
	kit.Eventually(t, "both resolvers' part of each", func() bool {
		both := 0
		require.NoError(t, store.Each(t.Context(), history.Filter{}, func(e *history.Event) error {
			reporters := map[string]bool{}
			for _, p := range e.AllParts() {
				reporters[cmp.Or(p.Host, e.Host)] = true
			}
			if reporters["ns1"] && reporters["ns2"] {
				both++
			}
			return nil
		}))
		return both == 100
	})
}
