package review

import (
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/past"
)

// million is how many events a history has of which pages are measured.
const million = 1_000_000

// filled returns the page of a history of a million events of a month. It stays for the next time, in the directory
// TYPOGUARD_BENCH_DIR if that is set, as for the benchmarks of package history.
func filled(b *testing.B) *testPage {
	b.Helper()
	dir := os.Getenv("TYPOGUARD_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	store, err := history.Open(historyconfig.Store{DSN: history.SQLite(filepath.Join(dir, "month.db")), Host: "ns1"})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	list, err := store.Events(b.Context(), history.Filter{}, history.Page{})
	require.NoError(b, err)
	if !list.AtLeast {
		var batch []*event.Event
		write := func() {
			_, err := store.Write(b.Context(), batch)
			require.NoError(b, err)
			batch = nil
		}
		for e := range past.Events(rand.New(rand.NewPCG(13, 14)), million, time.Now(), 30*24*time.Hour) {
			if batch = append(batch, e); len(batch) == 256 {
				write()
			}
		}
		write()
	}
	return pageOf(b, store)
}

// BenchmarkPages measures whole answers, from the request to the last octet, with a million events in SQLite.
func BenchmarkPages(b *testing.B) {
	p := filled(b)
	list, err := p.store.Events(b.Context(), history.Filter{Name: "mail0."}, history.Page{Limit: 1})
	require.NoError(b, err)
	id := list.Events[0].ID
	newest, err := p.store.Newest(b.Context())
	require.NoError(b, err)
	next := linkOf(b, p.get("/events?sort=name").Body.String(), "Next")
	for name, target := range map[string]string{
		"overview 24h": "/?span=24h", "overview 7d": "/?span=7d&by=kind", "overview 30d": "/?span=30d", "summary": "/api/v1/summary?span=30d&by=kind",
		"list": "/events", "list of a month": "/events?span=30d&sort=count", "list blocked": "/events?span=30d&done=blocked&sort=client",
		"list by text": "/events?name=army&sort=name&reverse=1", "list by nothing": "/events?name=nothing-has-this", "list of a client": "/events?client=10.0.0.0&kind=addition",
		"list of open by name": "/events?state=open&sort=name", "list of open, oldest first": queueURL, "event of the queue": "/events/" + id + "?state=open&sort=name",
		"search a name": "/events?text=mail0.", "search a word": "/events?text=army&state=open", "search nothing": "/events?text=nothing-has-this",
		"search a network": "/events?text=10.0.0.0/20&sort=count", "search both": "/events?text=army+10.0.4.0/26&state=open", "search a note": "/events?text=asked+nobody",
		"news": "/api/v1/events?state=open&limit=1&after=" + newest, "list of a lookalike": "/events?lookalike=" + list.Events[0].Name, "list next page": next, "event": "/events/" + id, "API": "/api/v1/events?limit=50",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				clear(p.site.summaries.last)
				require.Equal(b, http.StatusOK, p.get(target).Code)
			}
		})
	}
}
