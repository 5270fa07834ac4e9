package history

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// damages counts damaged databases.
type damages int

// Damaged implements historyconfig.Observer.
func (d *damages) Damaged() { *d++ }

// TestDamaged: a database whose pages are damaged while it is open, or between two starts, is set aside, and a new one begun.
func TestDamaged(t *testing.T) {
	for name, restarts := range map[string]bool{"while it is open": false, "between two starts": true} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.db")
			var out bytes.Buffer
			var damaged damages
			config := historyconfig.Store{DSN: "sqlite://" + path, Logger: slog.New(slog.NewTextHandler(&out, nil)), Observer: &damaged}
			s, err := Open(config)
			require.NoError(t, err)
			for i := range 300 {
				write(t, s, lookup(fmt.Sprintf("event%05d", i), time.Minute))
			}
			page := open(t, historyconfig.Store{DSN: config.DSN})
			_, err = page.Events(t.Context(), Filter{}, Page{})
			require.NoError(t, err)
			if restarts {
				require.NoError(t, s.Close())
			}
			for _, file := range []string{path, path + "-wal"} {
				content, err := os.ReadFile(file)
				if err != nil && restarts {
					continue
				}
				require.NoError(t, err)
				for i := 100; i < len(content); i++ { // all but the header
					content[i] = 0xff
				}
				require.NoError(t, os.WriteFile(file, content, 0o600))
			}
			if restarts {
				s, err = Open(config)
				require.NoError(t, err)
			}
			t.Cleanup(func() { assert.NoError(t, s.Close()) })
			require.Eventually(t, func() bool {
				_, err := s.Events(t.Context(), Filter{}, Page{})
				return err == nil
			}, 10*time.Second, 10*time.Millisecond)
			write(t, s, lookup("afterwards", time.Minute))
			list, err := page.Events(t.Context(), Filter{}, Page{})
			require.NoError(t, err)
			assert.Equal(t, 1, list.Total)
			assert.EqualValues(t, 1, damaged)
			assert.Contains(t, out.String(), "The database is damaged: it was set aside, and a new one is begun")
			aside, err := filepath.Glob(path + ".damaged-*Z")
			require.NoError(t, err)
			assert.Len(t, aside, 1)
		})
	}
}

// TestNoDatabase: a file that is somebody else's stays where it is.
func TestNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	text := bytes.Repeat([]byte("not a database\n"), 1000)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	s := open(t, historyconfig.Store{DSN: "sqlite://" + path})
	for range 3 {
		_, err := s.Events(t.Context(), Filter{}, Page{})
		require.ErrorContains(t, err, "not a database")
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, text, content)
}
