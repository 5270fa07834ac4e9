package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// execute runs statements behind the back of a store.
func execute(t *testing.T, h *handles, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		_, err := h.write.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
}

// undone are statements that undo migrations, the last one first.
var undone = []struct {
	version    int
	statements []string
}{
	{7, []string{"DROP TABLE digest"}},
	{6, []string{
		"DROP VIEW ids", "DROP VIEW events", "DROP TABLE event_id", "DROP INDEX event_assignee", "ALTER TABLE event DROP COLUMN assignee",
		"ALTER TABLE event DROP COLUMN parts", "ALTER TABLE event DROP COLUMN writer",
	}},
	{5, []string{"DROP INDEX event_reviewed", "DROP INDEX event_note"}},
	{4, []string{"DROP VIEW allowances", "DROP TABLE allowance"}},
	{3, []string{"DROP VIEW changes", "DROP VIEW decisions", "DROP TABLE journal", "DROP TABLE decided_network", "DROP TABLE decision"}},
	{2, []string{"DROP INDEX lookalike_events", "ALTER TABLE lookalike DROP COLUMN events"}},
}

// began returns a store with some events in a database that has none yet, and its handles.
func began(t *testing.T, dsn string, events ...*event.Event) (*Store, *handles) {
	t.Helper()
	s := open(t, historyconfig.Store{DSN: dsn, Host: "ns1"})
	write(t, s, events...)
	h, err := s.ready(t.Context())
	require.NoError(t, err)
	return s, h
}

// undo makes a database what it was before a migration and those after it.
func undo(t *testing.T, h *handles, version int) {
	t.Helper()
	for _, migration := range undone {
		if migration.version >= version {
			execute(t, h, migration.statements...)
		}
	}
	execute(t, h, fmt.Sprintf("DELETE FROM schema_version WHERE version_id >= %d", version))
}

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

// endless are statements by which a migration takes for ever, and the one by which it no longer does.
var endless = map[bool]struct {
	begin []string
	end   string
}{
	false: {[]string{
		"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3600); RETURN NEW; END'",
		"CREATE TRIGGER slow BEFORE INSERT ON schema_version FOR EACH ROW EXECUTE FUNCTION slow()",
	}, "DROP TRIGGER slow ON schema_version"},
	true: {[]string{
		"CREATE VIEW endless AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
		"CREATE TRIGGER slow BEFORE INSERT ON schema_version BEGIN SELECT * FROM endless; END",
	}, "DROP TRIGGER slow"},
}

// TestMigrateStops: nobody has to wait for a migration that takes long; it ends with the store, and the next one makes up for it.
func TestMigrateStops(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			_, h := began(t, dsn, lookup("a", 0))
			_, isSQLite := ParseSQLite(dsn)
			slow := endless[isSQLite]
			undo(t, h, 7)
			execute(t, h, slow.begin...)

			begin := time.Now()
			stopped := open(t, historyconfig.Store{DSN: dsn})
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := stopped.Totals(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NoError(t, stopped.Close())
			assert.Less(t, time.Since(begin), 5*time.Second)

			execute(t, h, slow.end)
			check(t, open(t, historyconfig.Store{DSN: dsn}))
		})
	}
}

// TestNewer: a schema of a newer program is left alone.
func TestNewer(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			_, h := began(t, dsn, lookup("a", 0))
			execute(t, h, "UPDATE schema_version SET version_id = 99 WHERE version_id = (SELECT max(version_id) FROM schema_version)")
			older := open(t, historyconfig.Store{DSN: dsn})
			_, err := older.Totals(t.Context())
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
			_, h := began(t, dsn, events...)
			undo(t, h, 2)
			after := open(t, historyconfig.Store{DSN: dsn})
			write(t, after, events[0], lookup("new", 0))
			check(t, after)
		})
	}
}

// TestMigrateJoins: the refusals that an earlier program stored as events of their own are part of the event of their queries, with what
// people said of either, and every id is found.
func TestMigrateJoins(t *testing.T) {
	const many = 3 * maxJoined
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			// Most of what happened ten minutes ago was in the last moment of an hour.
			earlier := now.Sub(now.Truncate(time.Hour)) - 10*time.Minute + many/2*time.Millisecond
			asked := func(id, client string, ago time.Duration) *event.Event { return from(id, client, ago+earlier) }
			single := func(id, client string, ago time.Duration) *event.Event {
				e := mail(id, ago+earlier, "bob@us.army.ml")
				e.Client, e.Parts = client, nil
				return e
			}
			elsewhere := single("elsewhere2", "192.0.2.7", 10*time.Minute)
			elsewhere.Policy, elsewhere.Protected, elsewhere.Intended, elsewhere.Kind = "", "", "", ""
			stranger := single("stranger22", "192.0.2.7", 10*time.Minute)
			stranger.Policy, stranger.Protected, stranger.Intended, stranger.Kind = "", "", "", ""
			before, h := began(t, dsn,
				asked("asked22222", "192.0.2.7", 10*time.Minute), single("refused222", "192.0.2.7", 9*time.Minute), single("again22222", "192.0.2.7", 8*time.Minute),
				single("late222222", "192.0.2.7", time.Minute),
				asked("twice22222", "192.0.2.8", 10*time.Minute), asked("twice33333", "192.0.2.8", 9*time.Minute),
				elsewhere, stranger)
			for i := range many {
				write(t, before, single(fmt.Sprintf("many%d", i), "192.0.2.9", 10*time.Minute-time.Duration(i)*time.Millisecond))
			}
			_, err := before.Review(t.Context(), "asked22222", Review{State: StateOpen, Note: "who is it", Reviewer: "bob"})
			require.NoError(t, err)
			_, err = before.Review(t.Context(), "refused222", Review{State: StateConfirmed, Note: "called", Reviewer: "alice"})
			require.NoError(t, err)
			undo(t, h, 6)

			after := open(t, historyconfig.Store{DSN: dsn, Host: "ns1"})
			list, err := after.Events(t.Context(), Filter{}, Page{})
			require.NoError(t, err)
			assert.ElementsMatch(t, []string{"asked22222", "late222222", "twice22222", "twice33333", "elsewhere2", "stranger22", "many0"}, idsOf(list))
			assert.Equal(t, []string{"3 MX A @", "1 bob@us.army.ml refused222@", "1 bob@us.army.ml again22222@"}, parts(t, after, "again22222"))
			d, err := after.Event(t.Context(), "refused222")
			require.NoError(t, err)
			assert.Equal(t, []any{"asked22222", event.SMTPRefused, 5, StateConfirmed, "who is it\ncalled", "alice"},
				[]any{d.ID, d.Action, d.Count, d.State, d.Note, d.Reviewer})
			d, err = after.Event(t.Context(), fmt.Sprintf("many%d", many-1))
			require.NoError(t, err)
			assert.Equal(t, many, d.Count)
			require.Len(t, d.Parts, maxJoined+1)
			assert.Equal(t, many-maxJoined, d.Parts[maxJoined].Count)
			check(t, after)
		})
	}
}
