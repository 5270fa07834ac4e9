package history

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/clock"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// TestAge: events older than that are removed, and nothing of them stays.
func TestAge(t *testing.T) {
	events := mixed(rand.New(rand.NewPCG(9, 10)), 3*removeBatch, 40)
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, events...)
		s.config.Age = 10 * 24 * time.Hour
		young := 0
		for _, e := range events {
			if now.Sub(e.First) <= s.config.Age {
				young++
			}
		}
		require.NoError(t, s.tidy(t.Context(), now, true))
		list, err := s.Events(t.Context(), Filter{}, Page{Reverse: true})
		require.NoError(t, err)
		assert.Equal(t, young, list.Total)
		assert.WithinRange(t, list.Events[0].First, now.Add(-s.config.Age), now)
		checkOld(t, s)
		require.NoError(t, s.tidy(t.Context(), now.Add(11*24*time.Hour), true))
		list, err = s.Events(t.Context(), Filter{}, Page{})
		require.NoError(t, err)
		assert.Zero(t, list.Total)
		h, err := s.ready(t.Context())
		require.NoError(t, err)
		for _, table := range []string{"event", "lookalike", "client", "hour_tally", "lookalike_tally", "client_tally"} {
			var rows int
			require.NoError(t, h.read.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows))
			assert.Zero(t, rows, table)
		}
	})
}

// checkOld is check for a history that has been tidied: sums by the hour are gone of days that nobody sums up so.
func checkOld(t *testing.T, s *Store) {
	t.Helper()
	check(t, s)
	h, err := s.ready(t.Context())
	require.NoError(t, err)
	var rows int
	require.NoError(t, h.read.QueryRowContext(t.Context(),
		s.database.sql("SELECT count(*) FROM lookalike_tally WHERE span = $1 AND start < $2"), hour, now.Add(-hourTallies).UnixMilli()).Scan(&rows))
	assert.Zero(t, rows)
}

// TestSize: of what takes too much room the oldest events are removed, no more than needed, and a file becomes smaller.
func TestSize(t *testing.T) {
	events := mixed(rand.New(rand.NewPCG(11, 12)), 20000, 40)
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, events...)
		h, err := s.ready(t.Context())
		require.NoError(t, err)
		full, err := s.database.size(t.Context(), h.read)
		require.NoError(t, err)
		before := fileSize(t, s)
		s.config.Size = full / 2
		for range 3 { // what is left may be larger than what was removed
			require.NoError(t, s.tidy(t.Context(), now, true))
		}
		size, err := s.database.size(t.Context(), h.read)
		require.NoError(t, err)
		assert.InDelta(t, s.config.Size, size, float64(full)/10)
		list, err := s.Events(t.Context(), Filter{}, Page{Reverse: true})
		require.NoError(t, err)
		oldest := sorted(events, ByTime, true)
		assert.True(t, slices.ContainsFunc(oldest[5000:15000], func(e *event.Event) bool { return e.ID == list.Events[0].ID }), "the newest half is left")
		checkOld(t, s)
		if before > 0 {
			assert.Less(t, fileSize(t, s), before)
		}
	})
}

// TestRetain: a store with a bound removes by itself, but not with a date that may be wrong: not soon after the start, and not soon after the
// clock has jumped.
func TestRetain(t *testing.T) {
	dsn := SQLite(filepath.Join(t.TempDir(), "events.db"))
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(historyconfig.Store{DSN: dsn, Age: 24 * time.Hour})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		old, young := lookup("old", 0), lookup("young", 0)
		old.First, young.First = time.Now().Add(-48*time.Hour), time.Now()
		write(t, s, old, young)
		ids := func(after time.Duration) []string {
			<-time.After(after)
			synctest.Wait()
			list, err := s.Events(t.Context(), Filter{}, Page{})
			require.NoError(t, err)
			return idsOf(list)
		}
		require.Equal(t, []string{"young", "old"}, ids(clock.Settle-time.Second))
		require.Equal(t, []string{"young"}, ids(2*retainInterval))
	})
}

// TestRetainAgain: old events are looked for over and over, and not only at the start.
func TestRetainAgain(t *testing.T) {
	dsn := SQLite(filepath.Join(t.TempDir(), "events.db"))
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(historyconfig.Store{DSN: dsn, Age: 24 * time.Hour})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		ids := func() []string {
			list, err := s.Events(t.Context(), Filter{}, Page{})
			require.NoError(t, err)
			return idsOf(list)
		}
		for pass := range 3 {
			e := lookup(fmt.Sprint(pass), 0)
			e.First, e.Last = time.Now(), time.Now()
			write(t, s, e)
			<-time.After(24*time.Hour - time.Second)
			require.Equal(t, []string{e.ID}, ids(), "still young enough")
			<-time.After(retainInterval + time.Second)
			synctest.Wait()
			require.Empty(t, ids(), "pass %d", pass)
		}
	})
}

// notes is what was logged since it was last taken.
type notes struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (n *notes) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(b)
}

func (n *notes) take() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer n.text.Reset()
	return n.text.String()
}

// TestRetainTells: that old events cannot be removed is told of once, and that they can again.
func TestRetainTells(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	synctest.Test(t, func(t *testing.T) {
		var told notes
		s, err := Open(historyconfig.Store{DSN: SQLite(filepath.Join(dir, "events.db")), Age: 24 * time.Hour, Logger: slog.New(slog.NewTextHandler(&told, nil))})
		require.NoError(t, err)
		passes := func() string {
			<-time.After(5 * retainInterval)
			synctest.Wait()
			return told.take()
		}
		first := passes()
		assert.Equal(t, 1, strings.Count(first, "\n"))
		assert.Contains(t, first, "level=ERROR msg=\"Removing old events failed\"")
		require.NoError(t, os.Mkdir(dir, 0o700))
		again := passes()
		assert.Equal(t, 1, strings.Count(again, "\n"))
		assert.Contains(t, again, "level=INFO msg=\"Old events are being removed again\"")
		assert.Empty(t, passes())
		require.NoError(t, s.Close())
	})
}

// fileSize returns how large the file of an SQLite database is, and 0 for others.
func fileSize(t *testing.T, s *Store) int64 {
	t.Helper()
	path, ok := ParseSQLite(s.config.DSN)
	if !ok {
		return 0
	}
	h, err := s.ready(t.Context())
	require.NoError(t, err)
	_, err = h.write.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}
