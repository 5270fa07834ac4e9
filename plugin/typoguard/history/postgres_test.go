//go:build e2e

package history

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/postgres"
)

// server is the PostgreSQL server of all tests, each of which has a database of its own.
var server struct {
	*postgres.Server
	databases atomic.Int64
}

func init() {
	databases["postgres"] = func(t *testing.T) string {
		t.Helper()
		return server.DSN(newDatabase(t))
	}
	around = func(tests func() int) int {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var err error
		if server.Server, err = postgres.New(ctx); err == nil {
			err = server.Start(ctx)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer server.Close()
		return tests()
	}
}

// newDatabase makes a database, and returns its name.
func newDatabase(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test%d", server.databases.Add(1))
	require.NoError(tb, server.Create(tb.Context(), name))
	return name
}

// BenchmarkOverviewPostgres is BenchmarkOverview for PostgreSQL.
func BenchmarkOverviewPostgres(b *testing.B) {
	benchmarkOverview(b, open(b, historyconfig.Store{DSN: server.DSN(newDatabase(b)), Host: "ns1"}))
}

// BenchmarkQueryPostgres is BenchmarkQuery, of a month, for PostgreSQL.
func BenchmarkQueryPostgres(b *testing.B) {
	name := newDatabase(b)
	s := open(b, historyconfig.Store{DSN: server.DSN(name), Host: "ns1"})
	fill(b, s, million, 30*24*time.Hour)
	_, err := server.SQL(b.Context(), name, "VACUUM ANALYZE") // as autovacuum does in some minutes
	require.NoError(b, err)
	for _, q := range queries(b, s) {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, q.do(b.Context()))
			}
		})
	}
}

// TestPlainSQL: the views are what the documentation says, asked by psql.
func TestPlainSQL(t *testing.T) {
	name := newDatabase(t)
	s := open(t, historyconfig.Store{DSN: server.DSN(name), Host: "ns1"})
	a, b := lookup("a", 0), lookup("b", time.Hour)
	b.Client = "192.0.2.8"
	write(t, s, a, b)
	for query, want := range map[string]string{
		`SELECT id, client, lookalike, intended, host, state, reviewed IS NULL, to_char(first AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') FROM events WHERE client = '192.0.2.7'`: "a|192.0.2.7|us.army.ml|us.army.mil|ns1|open|t|" + a.First.Format("2006-01-02T15:04:05.000Z") + "\n",
		`SELECT lookalike, intended, policy, events, queries, clients, open, confirmed, false_positive FROM lookalikes`:                                                                    "us.army.ml|us.army.mil|mil|2|6|2|2|0|0\n",
		`SELECT client, events, queries, lookalikes FROM clients ORDER BY client`:                                                                                                          "192.0.2.7|1|3|1\n192.0.2.8|1|3|1\n",
		`SELECT sum(events), sum(queries) FROM hours WHERE policy = 'mil' AND kind = 'omission'`:                                                                                           "2|6\n",
	} {
		got, err := server.SQL(t.Context(), name, query)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// TestAway: a server that is away is an error, and when it is back, or is another one without any tables, all goes on.
func TestAway(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	other, err := postgres.New(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, other.Close()) })
	s := open(t, historyconfig.Store{DSN: other.DSN("postgres"), Host: "ns1"})
	_, err = s.Write(ctx, []*event.Event{lookup("a", 0)})
	require.ErrorContains(t, err, "connection refused")
	require.NoError(t, other.Start(ctx))
	write(t, s, lookup("a", 0))
	require.NoError(t, other.Stop())
	_, err = s.Write(ctx, []*event.Event{lookup("b", 0)})
	require.Error(t, err)
	_, err = s.Totals(ctx)
	require.Error(t, err)
	require.NoError(t, other.Start(ctx))
	write(t, s, lookup("b", 0))
	list, err := s.Events(ctx, Filter{}, Page{})
	require.NoError(t, err)
	assert.Equal(t, 2, list.Total)
	_, err = other.SQL(ctx, "postgres", "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	require.NoError(t, err)
	_, err = s.Write(ctx, []*event.Event{lookup("c", 0)})
	require.Error(t, err, "the first attempt finds out")
	write(t, s, lookup("c", 0))
}
