package history

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// TestMigrateAtOnce: stores of the same database may begin at the same moment, as that of the page does beside that of the
// events.
func TestMigrateAtOnce(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			for range 4 {
				dsn := database(t)
				var all sync.WaitGroup
				for range 3 {
					s := open(t, historyconfig.Store{DSN: dsn})
					all.Go(func() {
						_, err := s.Totals(t.Context())
						assert.NoError(t, err)
					})
				}
				all.Wait()
			}
		})
	}
}

// TestNewer: a schema of a newer program is left alone.
func TestNewer(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			s := open(t, historyconfig.Store{DSN: dsn})
			write(t, s, lookup("a", 0))
			h, err := s.ready(t.Context())
			require.NoError(t, err)
			_, err = h.write.ExecContext(t.Context(), "UPDATE schema_version SET version_id = 99 WHERE version_id = (SELECT max(version_id) FROM schema_version)")
			require.NoError(t, err)
			older := open(t, historyconfig.Store{DSN: dsn})
			_, err = older.Totals(t.Context())
			require.EqualError(t, err, "schema version 99 was created by a newer typoguard; expected at most 7")
		})
	}
}

// TestMigrateCounts: the lookalikes of a history that an earlier program began are counted.
func TestMigrateCounts(t *testing.T) {
	events := mixed(rand.New(rand.NewPCG(15, 16)), 500, 40)
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			before := open(t, historyconfig.Store{DSN: dsn})
			write(t, before, events...)
			h, err := before.ready(t.Context())
			require.NoError(t, err)
			for _, statement := range []string{
				"DROP INDEX lookalike_events", "ALTER TABLE lookalike DROP COLUMN events", "DROP INDEX event_reviewed", "DROP INDEX event_note",
				"DROP TABLE digest", "DROP VIEW allowances", "DROP TABLE allowance", "DROP VIEW changes", "DROP VIEW decisions", "DROP TABLE journal", "DROP TABLE decided_network", "DROP TABLE decision",
				"DELETE FROM schema_version WHERE version_id >= 2",
			} {
				_, err = h.write.ExecContext(t.Context(), statement)
				require.NoError(t, err)
			}
			after := open(t, historyconfig.Store{DSN: dsn})
			write(t, after, events[0], lookup("new", 0))
			check(t, after)
		})
	}
}
