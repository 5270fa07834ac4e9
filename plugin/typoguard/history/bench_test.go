package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/past"
)

// million is how many events a history has of which queries are measured.
const million = 1_000_000

// batchSize is how many events the queue of package sink hands over at a time.
const batchSize = 256

// fill writes events, and reviews some.
func fill(b *testing.B, s *Store, count int, over time.Duration) {
	b.Helper()
	var batch []*event.Event
	for e := range past.Events(rand.New(rand.NewPCG(13, 14)), count, now, over) {
		if batch = append(batch, e); len(batch) == batchSize {
			write(b, s, batch...)
			batch = nil
		}
	}
	write(b, s, batch...)
	for i := range 50 {
		_, err := s.Review(b.Context(), fmt.Sprintf("%010x", count-1-i*count/100), Review{State: States[1+i%2], Note: "seen"})
		require.NoError(b, err)
	}
}

// filled returns the store of a history of a million events. It stays for the next time, in the directory
// TYPOGUARD_BENCH_DIR if that is set.
func filled(b *testing.B, name string, over time.Duration) *Store {
	b.Helper()
	dir := os.Getenv("TYPOGUARD_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	s := open(b, historyconfig.Store{DSN: SQLite(filepath.Join(dir, name+".db")), Host: "ns1"})
	list, err := s.Events(b.Context(), Filter{}, Page{})
	require.NoError(b, err)
	if !list.AtLeast {
		fill(b, s, million, over)
	}
	return s
}

// BenchmarkWrite writes events as the queue does when many wait.
func BenchmarkWrite(b *testing.B) {
	s := open(b, historyconfig.Store{DSN: SQLite(filepath.Join(b.TempDir(), "events.db")), Host: "ns1"})
	written := 0
	for b.Loop() {
		var batch []*event.Event
		for e := range past.Events(rand.New(rand.NewPCG(uint64(written), 14)), batchSize, now, time.Hour) {
			e.ID = fmt.Sprint(written)
			batch = append(batch, e)
			written++
		}
		write(b, s, batch...)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(written), "ns/event")
}

// BenchmarkQuery asks a history of a million events what the review page asks, once for events of a month and once for as many
// of a day.
func BenchmarkQuery(b *testing.B) {
	for name, over := range map[string]time.Duration{"month": 30 * 24 * time.Hour, "day": 23 * time.Hour} {
		s := filled(b, name, over)
		for _, q := range queries(b, s) {
			b.Run(name+"/"+q.name, func(b *testing.B) {
				for b.Loop() {
					require.NoError(b, q.do(b.Context()))
				}
			})
		}
	}
}

// BenchmarkOverview asks for what the overview shows of 150,000 different lookalikes, none of which is frequent: as after a scan.
func BenchmarkOverview(b *testing.B) {
	benchmarkOverview(b, open(b, historyconfig.Store{DSN: SQLite(filepath.Join(b.TempDir(), "events.db")), Host: "ns1"}))
}

func benchmarkOverview(b *testing.B, s *Store) {
	b.Helper()
	var batch []*event.Event
	n := 0
	for e := range past.Events(rand.New(rand.NewPCG(13, 14)), 150_000, time.Now(), 23*time.Hour) {
		e.Name = fmt.Sprintf("scan%d.army.ml", n)
		e.Intended = fmt.Sprintf("scan%d.army.mil", n)
		n++
		if batch = append(batch, e); len(batch) == batchSize {
			write(b, s, batch...)
			batch = nil
		}
	}
	write(b, s, batch...)
	for _, span := range Spans {
		b.Run(string(span), func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				_, err := s.Totals(b.Context())
				require.NoError(b, err)
				_, err = s.Summary(b.Context(), span, ByKind)
				require.NoError(b, err)
			}
			b.ReportMetric(float64((processorTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// processorTime returns how long processors have worked for this process: on a busy machine, less than has passed.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

type query struct {
	name string
	do   func(context.Context) error
}

// queries are those of all pages, among them the costliest that we could think of.
func queries(b *testing.B, s *Store) []query {
	b.Helper()
	all := []query{
		{"totals", func(ctx context.Context) error { _, err := s.Totals(ctx); return err }},
		{"choices", func(ctx context.Context) error { _, err := s.Choices(ctx); return err }},
		{"backlog", func(ctx context.Context) error { _, err := s.Backlog(ctx); return err }},
		{"newest", func(ctx context.Context) error { _, err := s.Newest(ctx); return err }},
	}
	for _, span := range Spans {
		all = append(all, query{"summary/" + string(span), func(ctx context.Context) error { _, err := s.Summary(ctx, span, ByKind); return err }})
	}
	recent := time.Now().Add(-24 * time.Hour)
	for name, f := range map[string]Filter{
		"all": {}, "recent": {From: recent}, "policy": {Policy: "partners"}, "kind": {Kind: "homoglyph"}, "monitored": {Mode: "monitor"},
		"confirmed": {State: StateConfirmed}, "open": {State: StateOpen}, "frequent client": {Client: "10.0.0.0"}, "rare client": {Client: "10.0.7.200"},
		"no client": {Client: "192.0.2.1"}, "frequent name": {Name: "army.mil"}, "rare name": {Name: "mail49990."}, "some names": {Name: "mail499"}, "no name": {Name: "nothing"},
		"none": {Policy: "trial", Mode: "enforce"}, "frequent none": {Kind: "homoglyph", Policy: "partners", Host: "ns1"},
		"network": {Text: "10.0.0.0/20"}, "frequent word": {Text: "army", State: StateOpen}, "rare word": {Text: "mail49990."}, "no word": {Text: "nothing"},
		"word and network": {Text: "army 10.0.4.0/26"}, "name and client": {Name: "army", Client: "10.0.0.0"}, "client and kind": {Client: "10.0.0.1", Kind: "addition", From: recent},
	} {
		for _, order := range Orders {
			all = append(all, query{fmt.Sprintf("events/%s/by %s", name, order), func(ctx context.Context) error {
				_, err := s.Events(ctx, f, Page{Order: order, Reverse: order == ByName})
				return err
			}})
		}
	}
	for name, f := range map[string]Filter{"frequent": {Name: "mail0."}, "rare": {Name: "mail49990."}} {
		list, err := s.Events(b.Context(), f, Page{Limit: 1})
		require.NoError(b, err)
		require.NotEmpty(b, list.Events)
		id := list.Events[0].ID
		all = append(all, query{"event/" + name, func(ctx context.Context) error { _, err := s.Event(ctx, id); return err }},
			query{"news/" + name, func(ctx context.Context) error {
				_, err := s.Events(ctx, Filter{State: StateOpen, After: id}, Page{Limit: 1})
				return err
			}})
		for _, order := range Orders {
			all = append(all, query{fmt.Sprintf("beside/%s/by %s", name, order), func(ctx context.Context) error {
				_, _, err := s.Beside(ctx, Filter{State: StateOpen}, Page{Order: order}, id)
				return err
			}})
		}
	}
	return all
}
