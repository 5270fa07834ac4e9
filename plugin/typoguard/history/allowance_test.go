package history

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// army is an allowance at the event a.
func army() Allowance {
	return Allowance{Event: "a", Suffix: "army.ml", Owner: "mail team", Reason: "a partner\nof ours", Granter: "alice", Until: now.Add(48 * time.Hour).Truncate(time.Second)}
}

func allow(t *testing.T, s *Store, a Allowance) int64 {
	t.Helper()
	closed, err := s.Allow(t.Context(), a)
	require.NoError(t, err)
	return closed
}

// TestAllow: an allowance closes what it is about for as long as it holds, is in the list, and its end opens all of that again.
func TestAllow(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		_, err := s.Allow(t.Context(), army())
		require.ErrorIs(t, err, ErrUnknown)
		write(t, s, lookup("a", time.Hour), lookup("b", time.Minute))
		assert.Equal(t, int64(2), allow(t, s, army()))
		write(t, s, lookup("c", -time.Minute), lookup("expired", -72*time.Hour))
		for id, want := range map[string]State{"a": StateFalsePositive, "b": StateFalsePositive, "c": StateFalsePositive, "expired": StateOpen} {
			assert.Equal(t, want, stateOf(t, s, id), id)
		}
		all, err := s.Allowances(t.Context(), "mil")
		require.NoError(t, err)
		require.Len(t, all, 1)
		want := army()
		want.Policy, want.Lookalike, want.Granted = "mil", "us.army.ml", all[0].Granted
		assert.Equal(t, want, *all[0])
		assert.WithinDuration(t, time.Now(), all[0].Granted, time.Minute)
		day := all[0].Granted.Format(time.DateOnly)
		list := "# Allowed on the review page\narmy.ml until=" + want.Until.Format(time.RFC3339) + " # mail team: a partner of ours (alice, " + day + ", event a)\n"
		assert.Equal(t, list, string(AllowList(all)))

		again := army()
		again.Owner, again.Until, again.Granter = "others", time.Time{}, ""
		allow(t, s, again)
		all, err = s.Allowances(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, "# Allowed on the review page\narmy.ml # others: a partner of ours ("+day+", event a)\n", string(AllowList(all)))
		none, err := s.Allowances(t.Context(), "another")
		require.NoError(t, err)
		assert.Empty(t, none)
		check(t, s)
	})
}

// TestRevoke: what is no longer allowed shows up again, and all of it is in the journal.
func TestRevoke(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, lookup("a", time.Hour), lookup("b", time.Minute))
		allow(t, s, army())
		require.ErrorIs(t, s.Revoke(t.Context(), "mil", "navy.ml", "bob"), ErrUnknown)
		require.NoError(t, s.Revoke(t.Context(), "mil", "army.ml", "bob"))
		write(t, s, lookup("c", -time.Minute))
		assert.Equal(t, 3, opened(t, s))
		all, err := s.Allowances(t.Context(), "")
		require.NoError(t, err)
		assert.Empty(t, all)
		journal, err := s.Journal(t.Context(), 0, 10)
		require.NoError(t, err)
		var what []string
		for _, c := range journal {
			what = append(what, c.Who+" "+c.What+" "+c.Name)
		}
		assert.Equal(t, []string{"bob allowance army.ml", "bob decision us.army.ml", "alice allowance army.ml", "alice decision us.army.ml", "alice review us.army.ml"}, what)
		assert.Equal(t, journal[2].After, journal[0].Before)
		assert.Contains(t, journal[0].Before, `"owner":"mail team"`)
		assert.Empty(t, journal[0].After)
	})
}

// TestReadAllowed: the list of a policy is read without a store, changes nothing, and a history that was not begun has none.
func TestReadAllowed(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			_, err := ReadAllowed(t.Context(), dsn, "mil", nil)
			require.ErrorIs(t, err, fs.ErrNotExist)
			if path, ok := ParseSQLite(dsn); ok {
				assert.NoFileExists(t, path)
			}
			s := open(t, historyconfig.Store{DSN: dsn})
			write(t, s, lookup("a", time.Hour))
			_, err = ReadAllowed(t.Context(), dsn, "mil", nil)
			require.ErrorIs(t, err, fs.ErrNotExist, "nothing was ever allowed")
			allow(t, s, army())
			all, err := s.Allowances(t.Context(), "mil")
			require.NoError(t, err)
			for policy, want := range map[string][]*Allowance{"mil": all, "": all, "another": nil} {
				list, err := ReadAllowed(t.Context(), dsn, policy, nil)
				require.NoError(t, err)
				assert.Equal(t, string(AllowList(want)), string(list), policy)
			}
			require.NoError(t, s.Revoke(t.Context(), "mil", "army.ml", ""))
			list, err := ReadAllowed(t.Context(), dsn, "mil", nil)
			require.NoError(t, err)
			assert.Equal(t, string(AllowList(nil)), string(list), "all is revoked")
		})
	}
}

// TestReadAllowedErrors: a database that is away is an error, without a password.
func TestReadAllowedErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no.db")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("this is no database ", 500)), 0o600))
	for _, dsn := range []string{SQLite(path), "postgres://typoguard:secret@127.0.0.1:1/events"} {
		_, err := ReadAllowed(t.Context(), dsn, "mil", nil)
		require.Error(t, err)
		require.NotErrorIs(t, err, fs.ErrNotExist)
		assert.NotContains(t, err.Error(), "secret")
	}
}

// TestWatchAllowed: each change is told within seconds, whoever makes it, and nothing else is.
func TestWatchAllowed(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			s := open(t, historyconfig.Store{DSN: dsn})
			write(t, s, lookup("a", time.Hour))
			ctx, cancel := context.WithCancel(t.Context())
			changes, ended := make(chan struct{}, 10), make(chan struct{})
			go func() {
				defer close(ended)
				WatchAllowed(ctx, dsn, func() { changes <- struct{}{} })
			}()
			defer func() { cancel(); <-ended }()
			told := func() {
				t.Helper()
				select {
				case <-changes:
				case <-time.After(4 * time.Second):
					require.FailNow(t, "nobody has told it")
				}
			}
			told() // at the beginning
			write(t, s, lookup("b", time.Minute))
			decide(t, s, about(StateConfirmed))
			allow(t, s, army())
			told()
			require.NoError(t, s.Revoke(t.Context(), "mil", "army.ml", ""))
			told()
			assert.Empty(t, changes)
		})
	}
}

// TestReadAllowedLookup: a host that the system's resolver does not know is an error that says so, and is found by the lookup.
func TestReadAllowedLookup(t *testing.T) {
	const dsn = "postgres://typoguard@db.invalid:1/events"
	_, err := ReadAllowed(t.Context(), dsn, "mil", nil)
	_, unknown := errors.AsType[*net.DNSError](err)
	assert.True(t, unknown, "%v", err)
	var asked []string
	_, err = ReadAllowed(t.Context(), dsn, "mil", func(_ context.Context, host string) ([]netip.Addr, error) {
		asked = append(asked, host)
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	})
	require.ErrorContains(t, err, "connection refused")
	assert.Contains(t, asked, "db.invalid")
}
