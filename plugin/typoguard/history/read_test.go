package history

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// TestOpenToRead: what a server writes can be read at the same time, and nothing of it changed.
func TestOpenToRead(t *testing.T) {
	for kind, database := range databases {
		t.Run(kind, func(t *testing.T) {
			dsn := database(t)
			server := open(t, historyconfig.Store{DSN: dsn})
			write(t, server, lookup("query22222", time.Hour))
			reader, err := OpenToRead(dsn)
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, reader.Close()) })
			d, err := reader.Event(t.Context(), "query22222")
			require.NoError(t, err)
			assert.Equal(t, "us.army.ml", d.Name)
			write(t, server, lookup("query33333", 0))
			n := 0
			require.NoError(t, reader.Each(t.Context(), Filter{}, func(*Event) error { n++; return nil }))
			assert.Equal(t, 2, n)
			if kind == "sqlite" {
				_, err = reader.Write(t.Context(), []*event.Event{lookup("query44444", 0)})
				require.Error(t, err)
			}

			h, err := server.ready(t.Context())
			require.NoError(t, err)
			_, err = h.write.ExecContext(t.Context(), "DELETE FROM schema_version WHERE version_id > 3")
			require.NoError(t, err)
			older, err := OpenToRead(dsn)
			require.NoError(t, err)
			_, err = older.Event(t.Context(), "query22222")
			require.EqualError(t, err, "schema version 3; expected 7, to which a server of this release upgrades it")
			require.NoError(t, older.Close())

			_, err = h.write.ExecContext(t.Context(), "UPDATE schema_version SET version_id = 8 WHERE version_id = 3")
			require.NoError(t, err)
			newer, err := OpenToRead(dsn)
			require.NoError(t, err)
			_, err = newer.Event(t.Context(), "query22222")
			require.EqualError(t, err, "schema version 8 was created by a newer typoguard; expected 7: use the command of that release")
			require.NoError(t, newer.Close())

			_, err = h.write.ExecContext(t.Context(), "ALTER TABLE schema_version RENAME TO something")
			require.NoError(t, err)
			none, err := OpenToRead(dsn)
			require.NoError(t, err)
			_, err = none.Event(t.Context(), "query22222")
			require.EqualError(t, err, "this is no history: it has no table schema_version")
			require.NoError(t, none.Close())
		})
	}
}

// TestOpenToReadNothing: a file that is not there is not created, one that is no database is left alone, and the error says what is wrong.
func TestOpenToReadNothing(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(other, []byte("SQLite format 3\x00, but nothing more"), 0o600))
	for dsn, want := range map[string]string{
		SQLite(filepath.Join(dir, "events.db")): "no such file", SQLite(other): "not a database",
		"postgres://typoguard@127.0.0.1:1/typoguard?sslmode=disable": "connection refused",
	} {
		s, err := OpenToRead(dsn)
		require.NoError(t, err)
		_, err = s.Event(t.Context(), "query22222")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "no history", "which nobody knows")
		require.NoError(t, s.Close())
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}
