package history

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// TestSummary compares sums with the events that they are of.
func TestSummary(t *testing.T) {
	events := mixed(rand.New(rand.NewPCG(7, 8)), 3000, 40)
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, events...)
		totals, err := s.Totals(t.Context())
		require.NoError(t, err)
		require.Len(t, totals, len(Spans))
		for i, span := range Spans {
			for _, by := range []Dimension{ByPolicy, ByKind} {
				sum, err := s.Summary(t.Context(), span, by)
				require.NoError(t, err)
				assert.Equal(t, span, totals[i].Span)
				checkSummary(t, sum, &totals[i], by, events)
			}
		}
		_, err = s.Summary(t.Context(), "1y", ByKind)
		require.EqualError(t, err, `unknown span "1y"; expected one of [24h 7d 30d]`)
		_, err = s.Summary(t.Context(), Day, "number")
		require.EqualError(t, err, `unknown dimension "number"; expected policy or kind`)
		choices, err := s.Choices(t.Context())
		require.NoError(t, err)
		assert.Equal(t, &Choices{
			Policies: []string{"policy0", "policy1", "policy2"}, Kinds: []string{"homoglyph", "omission", "transposition"},
			Actions: []string{"nullmx", "nxdomain", event.SMTPRefused}, Hosts: []string{"ns1.corp.example"},
		}, choices)
	})
}

func checkSummary(t *testing.T, sum *Summary, total *Totals, by Dimension, events []*event.Event) {
	t.Helper()
	type bar struct {
		label     string
		monitored bool
		at        int
	}
	bars, want := map[bar]int64{}, Totals{Span: sum.Span}
	names, clients := map[string]Count{}, map[string]Count{}
	kinds := map[string]map[string]bool{}
	for _, e := range events {
		if e.First.Before(sum.From) {
			continue
		}
		of := &want.Blocked
		switch {
		case e.Action == event.SMTPRefused:
			of = &want.Refused
		case e.Mode == "monitor":
			of = &want.Monitored
		}
		of.Events, of.Queries = of.Events+1, of.Queries+int64(e.Count)
		label := map[Dimension]string{ByPolicy: e.Policy, ByKind: e.Kind}[by]
		bars[bar{label, e.Mode == "monitor", int(e.First.Sub(sum.From) / sum.Step)}]++
		name := e.Policy + e.Kind + e.Name
		names[name] = Count{names[name].Events + 1, names[name].Queries + int64(e.Count)}
		clients[e.Client] = Count{clients[e.Client].Events + 1, clients[e.Client].Queries + int64(e.Count)}
		if kinds[e.Client] == nil {
			kinds[e.Client] = map[string]bool{}
		}
		kinds[e.Client][name] = true
	}
	assert.Equal(t, want, *total)
	got := map[bar]int64{}
	for _, s := range sum.Series {
		require.Len(t, s.Events, len(sum.Times))
		for i, n := range s.Events {
			if n > 0 {
				got[bar{s.Label, s.Monitored, i}] += n
			}
		}
	}
	assert.Equal(t, bars, got)
	assert.True(t, slices.IsSortedFunc(sum.Series, func(a, b Series) int {
		if a.Monitored != b.Monitored && b.Monitored {
			return -1
		}
		return 0
	}))
	assert.EqualValues(t, len(names), sum.Lookalikes)
	assert.EqualValues(t, len(clients), sum.Clients)
	assert.Len(t, sum.Names, min(topCount, len(names)))
	last := int64(1 << 62)
	for _, n := range sum.Names {
		count := names[n.Policy+n.Kind+n.Lookalike]
		assert.Equal(t, count, n.Enforced.plus(n.Monitored))
		assert.LessOrEqual(t, count.Events, last)
		last = count.Events
	}
	for _, c := range sum.TopClients {
		assert.Equal(t, clients[c.Address], c.Enforced.plus(c.Monitored))
		assert.EqualValues(t, len(kinds[c.Address]), c.Lookalikes)
	}
	assert.Len(t, sum.TopClients, len(clients))
}

func (c Count) plus(other Count) Count {
	return Count{c.Events + other.Events, c.Queries + other.Queries}
}

// TestBegin: spans begin at full hours and days, and have their last bar in the present.
func TestBegin(t *testing.T) {
	at := time.Date(2026, 11, 22, 14, 35, 0, 0, time.UTC)
	for span, want := range map[Span]string{Day: "2026-11-21T15:00:00Z", Week: "2026-11-16T00:00:00Z", Month: "2026-10-24T00:00:00Z"} {
		begin := span.begin(at)
		assert.Equal(t, want, begin.Format(time.RFC3339))
		end := begin.Add(time.Duration(bars[span].count*bars[span].step) * time.Millisecond)
		assert.True(t, end.After(at), span)
		assert.LessOrEqual(t, end.Sub(at), time.Duration(bars[span].unit)*time.Millisecond, span)
	}
}

// TestReview: what a person says of an event stays, whatever comes later, and may be said of all that are alike and open.
func TestReview(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		other := lookup("other", 0)
		other.Policy = "other"
		write(t, s, lookup("a", time.Minute), lookup("b", time.Minute), lookup("c", time.Minute), other)
		changed, err := s.Review(t.Context(), "b", Review{State: StateFalsePositive, Note: "a partner\x00", Reviewer: "alice"})
		require.NoError(t, err)
		assert.EqualValues(t, 1, changed)
		changed, err = s.Review(t.Context(), "a", Review{State: StateConfirmed, All: true})
		require.NoError(t, err)
		assert.EqualValues(t, 2, changed, "a and c: b has been reviewed, and the other is of another policy")
		again := lookup("b", time.Minute)
		again.Count = 100
		write(t, s, again)

		d, err := s.Event(t.Context(), "b")
		require.NoError(t, err)
		assert.Equal(t, []any{StateFalsePositive, "a partner\uFFFD", "alice", 100}, []any{d.State, d.Note, d.Reviewer, d.Count})
		assert.WithinDuration(t, time.Now(), d.Reviewed, time.Minute)
		assert.Equal(t, map[State]int64{StateConfirmed: 2, StateFalsePositive: 1}, d.States)
		list, err := s.Events(t.Context(), Filter{State: StateConfirmed}, Page{Order: ByName})
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"a", "c"}, idsOf(list))
		changed, err = s.Review(t.Context(), "b", Review{State: StateOpen, All: true})
		require.NoError(t, err)
		assert.EqualValues(t, 1, changed)
		_, err = s.Review(t.Context(), "unknown", Review{State: StateConfirmed})
		require.ErrorIs(t, err, ErrUnknown)
		check(t, s)
	})
}

// TestReviewSeen: of two people who read the same event the second one does not replace unawares what the first one said.
func TestReviewSeen(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, lookup("a", time.Minute), lookup("b", time.Minute))
		never := time.Time{}
		changed, err := s.Review(t.Context(), "a", Review{State: StateConfirmed, Note: "first", Seen: &never})
		require.NoError(t, err)
		assert.EqualValues(t, 1, changed)
		changed, err = s.Review(t.Context(), "a", Review{State: StateFalsePositive, Note: "second", All: true, Seen: &never})
		require.ErrorIs(t, err, ErrReviewed)
		assert.Zero(t, changed)
		d, err := s.Event(t.Context(), "a")
		require.NoError(t, err)
		assert.Equal(t, "first", d.Note)
		assert.Equal(t, map[State]int64{StateConfirmed: 1, StateOpen: 1}, d.States, "b neither")

		changed, err = s.Review(t.Context(), "a", Review{State: StateFalsePositive, Note: "second", Seen: &d.Reviewed})
		require.NoError(t, err)
		assert.EqualValues(t, 1, changed)
		_, err = s.Review(t.Context(), "unknown", Review{State: StateConfirmed, Seen: &never})
		require.ErrorIs(t, err, ErrUnknown)
	})
}

// TestOthers: who asked for the same, under any policy.
func TestOthers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		a, b, monitored, otherName := lookup("a", time.Minute), lookup("b", time.Hour), lookup("c", time.Second), lookup("d", 0)
		b.Client, monitored.Client, monitored.Policy, monitored.Mode = "192.0.2.8", "192.0.2.8", "other", "monitor"
		otherName.Name = "navy.ml"
		write(t, s, a, b, monitored, otherName)
		d, err := s.Event(t.Context(), "a")
		require.NoError(t, err)
		assert.Equal(t, []Client{
			{Address: "192.0.2.8", Lookalikes: 1, Enforced: Count{1, 3}, Monitored: Count{1, 3}, Last: monitored.Last},
			{Address: "192.0.2.7", Lookalikes: 1, Enforced: Count{1, 3}, Last: a.Last},
		}, d.Others)
	})
}
