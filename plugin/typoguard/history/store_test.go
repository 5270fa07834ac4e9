package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// around runs all tests, with what those of PostgreSQL need.
var around = func(tests func() int) int { return tests() }

// inOrder has all tests run by around, for goleak.
type inOrder struct{ *testing.M }

func (m inOrder) Run() int { return around(m.M.Run) }

func TestMain(m *testing.M) { goleak.VerifyTestMain(inOrder{m}) }

// databases make a database, empty, that a test may use. SQLite always can be; PostgreSQL is added with the build tag e2e.
var databases = map[string]func(t *testing.T) (dsn string){
	"sqlite": func(t *testing.T) string {
		t.Helper()
		return SQLite(filepath.Join(t.TempDir(), "events.db"))
	},
}

// eachDatabase runs a test with a store of every kind.
func eachDatabase(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			test(t, open(t, historyconfig.Store{DSN: database(t), Host: "ns1.corp.example"}))
		})
	}
}

func open(tb testing.TB, config historyconfig.Store) *Store {
	tb.Helper()
	s, err := Open(config)
	require.NoError(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, s.Close()) })
	return s
}

// now is the present, as a database keeps it.
var now = time.Now().UTC().Truncate(time.Millisecond)

// lookup is an event of a query, so long ago.
func lookup(id string, ago time.Duration) *event.Event {
	at := now.Add(-ago)
	return &event.Event{
		ID: id, First: at, Last: at.Add(time.Second), Count: 3, Client: "192.0.2.7", NewClient: true, Action: "nxdomain", Mode: "enforce",
		Lookalike: event.Lookalike{Protected: "mil", Intended: "us.army.mil", Kind: "omission", Distance: 1, Policy: "mil"}, Counterpart: "exists",
		Candidates: []event.Lookalike{{Protected: "army.mil", Intended: "us.army.mil", Kind: "omission", Distance: 1, Policy: "other"}},
		Name:       "us.army.ml", Question: "us.army.ml", Type: "MX", Types: []string{"MX", "A"}, ResponseCode: "NXDOMAIN", Via: "192.0.2.53", Server: "dns://:53", View: "mail",
	}
}

func write(tb testing.TB, s *Store, events ...*event.Event) {
	tb.Helper()
	n, err := s.Write(tb.Context(), events)
	require.NoError(tb, err)
	require.Equal(tb, len(events), n)
}

// TestKeep: what is written can be read, whole.
func TestKeep(t *testing.T) {
	monitored := lookup("monitored2", time.Minute)
	monitored.Mode, monitored.ResponseCode, monitored.Client, monitored.Candidates, monitored.Types, monitored.Count = "monitor", "", "", nil, []string{"MX"}, 1
	target := lookup("target2222", time.Minute)
	target.Question, target.Record = "partner.example", "MX"
	refused := &event.Event{
		ID: "refused222", First: now, Last: now, Count: 1, Client: "2001:db8::25", Action: event.SMTPRefused, Mode: "enforce", Name: "example.org",
		SMTP: &event.SMTP{Helo: "relay", Sender: "corp.example", Recipient: "bob@example.org", TLS: true},
	}
	hostile := lookup("hostile222", 0)
	hostile.Name, hostile.Policy = `'; DROP TABLE event; --\000`, "$1 ?1 %s"
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		all := []*event.Event{lookup("query22222", time.Hour), monitored, target, refused, hostile}
		write(t, s, all...)
		for _, want := range all {
			d, err := s.Event(t.Context(), want.ID)
			require.NoError(t, err)
			if len(want.Types) == 0 {
				want.Types = []string{}
			}
			assert.Equal(t, *want, d.Event.Event)
			assert.Equal(t, "ns1.corp.example", d.Host)
			assert.Equal(t, StateOpen, d.State)
		}
		_, err := s.Event(t.Context(), "unknown")
		require.ErrorIs(t, err, ErrUnknown)
		assert.EqualError(t, err, `no such event: "unknown"`)
	})
}

// TestKeepTypes: an event that nobody has folded has the type that was asked for, and one of SMTP has none.
func TestKeepTypes(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		for id, types := range map[string]struct {
			first string
			all   []string
			want  []string
		}{
			"folded":     {"MX", []string{"MX", "A"}, []string{"MX", "A"}},
			"not folded": {"MX", nil, []string{"MX"}},
			"smtp":       {"", nil, []string{}},
		} {
			e := lookup(id, 0)
			e.Type, e.Types = types.first, types.all
			write(t, s, e)
			kept, err := s.Event(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, types.want, kept.Types, id)
		}
	})
}

// TestKeepAnything: PostgreSQL takes neither NUL nor what is no UTF-8, but clients say such things.
func TestKeepAnything(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		e := lookup("a", 0)
		e.SMTP = &event.SMTP{Helo: "re\x00lay\xff", Sender: "\xf0\x28\x8c\x28", Recipient: "\x00"}
		e.Name = string(make([]byte, 4000))
		write(t, s, e)
		d, err := s.Event(t.Context(), "a")
		require.NoError(t, err)
		assert.Equal(t, "re\uFFFDlay\uFFFD", d.SMTP.Helo)
	})
}

// TestRepeats: an event that is written again, with more repeats, is one; and its sums have each query once. What was written
// late changes nothing back.
func TestRepeats(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		first, again := lookup("a", time.Minute), lookup("a", time.Minute)
		again.Count, again.Last, again.Types = 9, now, []string{"MX", "A", "TXT"}
		write(t, s, first, again, first)
		write(t, s, first)
		other := lookup("b", 2*time.Minute)
		write(t, s, other)
		again.Count = 10
		write(t, s, again)
		d, err := s.Event(t.Context(), "a")
		require.NoError(t, err)
		assert.Equal(t, *again, d.Event.Event)
		totals, err := s.Totals(t.Context())
		require.NoError(t, err)
		for _, total := range totals {
			assert.Equal(t, Count{2, 13}, total.Blocked, total.Span)
		}
		check(t, s)
	})
}

// check holds the sums to the events.
func check(t *testing.T, s *Store) {
	t.Helper()
	h, err := s.ready(t.Context())
	require.NoError(t, err)
	for name, query := range map[string]string{
		"hours": `SELECT count(*) FROM (
			SELECT start, policy, kind, action, mode, events, queries FROM hour_tally
			EXCEPT SELECT first - first % 3600000, policy, kind, action, mode, count(*), sum(count) FROM event GROUP BY 1, 2, 3, 4, 5) AS wrong`,
		"events without hours": `SELECT count(*) FROM event WHERE NOT EXISTS (SELECT 1 FROM hour_tally WHERE start = first - first % 3600000
			AND hour_tally.policy = event.policy AND hour_tally.kind = event.kind AND hour_tally.action = event.action AND hour_tally.mode = event.mode)`,
		"lookalikes": `SELECT count(*) FROM (
			SELECT span, start, number, enforced, monitored, enforced_queries, monitored_queries FROM lookalike_tally
			EXCEPT SELECT span, first - first % span, lookalike, sum(CASE WHEN mode = 'enforce' THEN 1 ELSE 0 END), sum(CASE WHEN mode = 'enforce' THEN 0 ELSE 1 END),
				sum(CASE WHEN mode = 'enforce' THEN count ELSE 0 END), sum(CASE WHEN mode = 'enforce' THEN 0 ELSE count END)
				FROM event, (SELECT 3600000 AS span UNION SELECT 86400000) AS spans GROUP BY 1, 2, 3) AS wrong`,
		"clients": `SELECT count(*) FROM (
			SELECT span, start, number, enforced, monitored FROM client_tally
			EXCEPT SELECT span, first - first % span, client, sum(CASE WHEN mode = 'enforce' THEN 1 ELSE 0 END), sum(CASE WHEN mode = 'enforce' THEN 0 ELSE 1 END)
				FROM event, (SELECT 3600000 AS span UNION SELECT 86400000) AS spans GROUP BY 1, 2, 3) AS wrong`,
		"latest of lookalikes":      `SELECT count(*) FROM lookalike WHERE latest <> (SELECT max(first - first % 3600000) FROM event WHERE event.lookalike = lookalike.number)`,
		"latest of clients":         `SELECT count(*) FROM client WHERE latest <> (SELECT max(first - first % 3600000) FROM event WHERE event.client = client.number)`,
		"counts of lookalikes":      `SELECT count(*) FROM lookalike WHERE events <> (SELECT count(*) FROM event WHERE event.lookalike = lookalike.number)`,
		"lookalikes without events": `SELECT count(*) FROM lookalike WHERE NOT EXISTS (SELECT 1 FROM event WHERE event.lookalike = lookalike.number)`,
		"clients without events":    `SELECT count(*) FROM client WHERE NOT EXISTS (SELECT 1 FROM event WHERE event.client = client.number)`,
	} {
		var wrong int
		require.NoError(t, h.read.QueryRowContext(t.Context(), query).Scan(&wrong), name)
		assert.Zero(t, wrong, name)
	}
}

// mixed returns events at random, in some days before now, with what they have in common drawn from a few of each.
func mixed(random *rand.Rand, count int, days int) []*event.Event {
	var events []*event.Event
	kinds, actions, modes := []string{"omission", "transposition", "homoglyph"}, []string{"nxdomain", "nullmx", event.SMTPRefused}, []string{"enforce", "enforce", "monitor"}
	for i := range count {
		e := lookup(fmt.Sprintf("m%d", i), time.Duration(random.Int64N(int64(days)*int64(24*time.Hour))))
		e.Policy, e.Kind = fmt.Sprintf("policy%d", random.IntN(3)), kinds[random.IntN(3)]
		e.Action, e.Mode = actions[random.IntN(3)], modes[random.IntN(3)]
		e.Client, e.Name, e.Count = fmt.Sprintf("192.0.2.%d", random.IntN(5)), fmt.Sprintf("host%d.army.ml", random.IntN(7)), 1+random.IntN(5)
		e.Intended = e.Name[:len(e.Name)-2] + "mil"
		events = append(events, e)
	}
	return events
}

// TestOpened: a store reaches for nothing until it is used, and a database that is away, or damaged, is an error each time.
func TestOpened(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	s := open(t, historyconfig.Store{DSN: SQLite(filepath.Join(missing, "events.db"))})
	_, err := s.Write(t.Context(), []*event.Event{lookup("a", 0)})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = s.Totals(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Mkdir(missing, 0o700))
	write(t, s, lookup("a", 0))
	info, err := os.Stat(filepath.Join(missing, "events.db"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
}

// TestReplaced: a file that somebody has removed, or put in place of another, is noticed.
func TestReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	s := open(t, historyconfig.Store{DSN: SQLite(path)})
	write(t, s, lookup("a", 0))
	removeDatabase(t, path)
	write(t, s, lookup("b", 0))
	list, err := s.Events(t.Context(), Filter{}, Page{})
	require.NoError(t, err)
	require.Len(t, list.Events, 1)
	assert.Equal(t, "b", list.Events[0].ID)
	removeDatabase(t, path)
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("this is no database ", 500)), 0o600))
	_, err = s.Write(t.Context(), []*event.Event{lookup("c", 0)})
	require.Error(t, err)
}

// TestMovedAway: a file that somebody moves away while two stores have it open is replaced by a new one, which its log, left
// behind, does not spoil.
func TestMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	ours, page := open(t, historyconfig.Store{DSN: SQLite(path)}), open(t, historyconfig.Store{DSN: SQLite(path)})
	write(t, ours, lookup("a", 0))
	_, err := page.Totals(t.Context())
	require.NoError(t, err)
	for n := range 5 {
		require.NoError(t, os.Rename(path, fmt.Sprint(path, n)))
		id := fmt.Sprint("b", n)
		write(t, ours, lookup(id, 0))
		for _, s := range []*Store{page, ours} {
			list, err := s.Events(t.Context(), Filter{}, Page{})
			require.NoError(t, err)
			assert.Equal(t, []string{id}, idsOf(list))
			write(t, s, lookup(id, 0))
			check(t, s)
		}
		h, err := ours.ready(t.Context())
		require.NoError(t, err)
		var intact string
		require.NoError(t, h.write.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&intact))
		assert.Equal(t, "ok", intact)
	}
	again := open(t, historyconfig.Store{DSN: SQLite(path)})
	list, err := again.Events(t.Context(), Filter{}, Page{})
	require.NoError(t, err)
	assert.Equal(t, []string{"b4"}, idsOf(list))
}

func removeDatabase(t *testing.T, path string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		require.NoError(t, os.Remove(path+suffix))
	}
}

// TestTwo: two stores of one database, as the resolver and its page have, or two resolvers.
func TestTwo(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			ours, theirs := open(t, historyconfig.Store{DSN: dsn, Host: "ns1"}), open(t, historyconfig.Store{DSN: dsn, Host: "ns2"})
			written := make(chan error, 2)
			for i, s := range []*Store{ours, theirs} {
				go func() {
					for n := range 30 {
						events := mixed(rand.New(rand.NewPCG(uint64(i), uint64(n))), 20, 3)
						for _, e := range events {
							e.ID = fmt.Sprint(i, n, e.ID)
							e.Client = fmt.Sprint(e.Client, i) // or the events of both would be the same
						}
						if err := insist(t.Context(), s, events); err != nil {
							written <- err
							return
						}
					}
					written <- nil
				}()
			}
			require.NoError(t, <-written)
			require.NoError(t, <-written)
			list, err := ours.Events(t.Context(), Filter{}, Page{})
			require.NoError(t, err)
			assert.Equal(t, 1200, list.Total)
			check(t, ours)
			choices, err := theirs.Choices(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []string{"ns1", "ns2"}, choices.Hosts)
		})
	}
}

// insist writes events as package sink does, which tries again.
func insist(ctx context.Context, s *Store, events []*event.Event) (err error) {
	for range 5 {
		if _, err = s.Write(ctx, events); err == nil {
			return nil
		}
	}
	return err
}

func TestSQLitePlaceholders(t *testing.T) {
	for statement, want := range map[string]string{
		"SELECT 1":                    "SELECT 1",
		"VALUES ($1,$2),($3,$4)":      "VALUES (?,?),(?,?)",
		"a = $1 AND b = $1":           "a = ?1 AND b = ?1",
		"a = $2 AND b = $1":           "a = ?2 AND b = ?1",
		"a = $10":                     "a = ?10",
		"a = $1 AND b = $20":          "a = ?1 AND b = ?20",
		"$1,$2,$3,$4,$5,$6,$7,$8,$9,": "?,?,?,?,?,?,?,?,?,",
	} {
		assert.Equal(t, want, (&sqliteFile{}).sql(statement))
	}
}

// TestSilent: a database that takes connections and says nothing keeps nobody longer than they have time, whoever else waits for
// it.
func TestSilent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	s, err := Open(historyconfig.Store{DSN: "postgres://typoguard@" + listener.Addr().String() + "/events", Age: time.Hour})
	require.NoError(t, err)
	conn, err := listener.Accept() // of who removes old events
	require.NoError(t, err)
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err = s.Write(ctx, []*event.Event{lookup("a", 0)})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, s.Close())
	assert.Less(t, time.Since(begin), changeTimeout/2)
}
