package history

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// meets is what a filter means.
func (f *Filter) meets(e *event.Event) bool {
	return (f.From.IsZero() || !e.First.Before(f.From)) && (f.Until.IsZero() || e.First.Before(f.Until)) &&
		(f.Policy == "" || f.Policy == e.Policy) && (f.Kind == "" || f.Kind == e.Kind) && (f.Mode == "" || f.Mode == e.Mode) &&
		(f.Action == "" || f.Action == e.Action) && (f.Client == "" || f.Client == e.Client) && (f.State == "" || f.State == StateOpen) &&
		(f.Lookalike == "" || f.Lookalike == e.Name) && (f.Host == "" || f.Host == "ns1.corp.example") && (!f.Blocked || e.Mode == "enforce" && e.Action != event.SMTPRefused) &&
		(strings.Contains(e.Name, strings.ToLower(f.Name)) || strings.Contains(e.Intended, strings.ToLower(f.Name)))
}

// sorted is what an order means.
func sorted(events []*event.Event, order Order, reverse bool) []*event.Event {
	newer := func(a, b *event.Event) int { return b.First.Compare(a.First) }
	by := map[Order]func(a, b *event.Event) int{
		ByTime:   newer,
		ByCount:  func(a, b *event.Event) int { return cmp.Or(cmp.Compare(b.Count, a.Count), newer(a, b)) },
		ByName:   func(a, b *event.Event) int { return cmp.Compare(a.Name, b.Name) },
		ByClient: func(a, b *event.Event) int { return cmp.Or(cmp.Compare(a.Client, b.Client), newer(a, b)) },
	}[order]
	events = slices.Clone(events)
	slices.SortFunc(events, by)
	if reverse {
		slices.Reverse(events)
	}
	return events
}

// TestEvents compares pages of random filters, forwards and backwards, with what they mean.
func TestEvents(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	events := mixed(random, 600, 10)
	choose := func(values ...string) string {
		if random.IntN(3) > 0 {
			return ""
		}
		return values[random.IntN(len(values))]
	}
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, events...)
		for range 150 {
			f := Filter{
				Policy: choose("policy0", "policy1", "policy9"), Kind: choose("omission", "homoglyph"), Mode: choose("enforce", "monitor"),
				Action: choose("nxdomain", "nullmx", event.SMTPRefused), Client: choose("192.0.2.1", "192.0.2.2", "192.0.2.9"),
				State: State(choose("open", "confirmed")), Host: choose("ns1.corp.example", "ns2"), Name: choose("host1", "HOST1.army.mil", "army", "_", "%", `\`),
			}
			f.Lookalike = choose(events[0].Name, events[1].Name, "host1")
			f.Blocked = random.IntN(4) == 0
			if random.IntN(3) == 0 {
				f.From = now.Add(-time.Duration(random.Int64N(int64(240 * time.Hour))))
			}
			if random.IntN(3) == 0 {
				f.Until = now.Add(-time.Duration(random.Int64N(int64(240 * time.Hour))))
			}
			page := Page{Order: Orders[random.IntN(len(Orders))], Reverse: random.IntN(2) == 0, Limit: 1 + random.IntN(60)}
			t.Run(fmt.Sprintf("%+v %+v", f, page), func(t *testing.T) { checkPages(t, s, events, f, page) })
		}
	})
}

func checkPages(t *testing.T, s *Store, events []*event.Event, f Filter, page Page) {
	t.Helper()
	var meeting []*event.Event
	for _, e := range events {
		if f.meets(e) {
			meeting = append(meeting, e)
		}
	}
	want := sorted(meeting, page.Order, page.Reverse)
	var got, each []string
	var pages, backwards [][]string
	for {
		list, err := s.Events(t.Context(), f, page)
		require.NoError(t, err)
		require.Equal(t, len(want), list.Total)
		require.False(t, list.AtLeast)
		require.Equal(t, page.Cursor == "", list.Previous == "")
		ids := idsOf(list)
		got, pages = append(got, ids...), append(pages, ids)
		require.LessOrEqual(t, len(ids), page.Limit)
		if list.Next == "" {
			page.Cursor = list.Previous
			break
		}
		require.Len(t, ids, page.Limit)
		page.Cursor = list.Next
	}
	if page.Order == ByName { // of the same name those of the same policy and kind stand together
		assertSameNames(t, want, got, events)
	} else {
		require.Equal(t, idsOfEvents(want), got)
	}
	for page.Cursor != "" {
		list, err := s.Events(t.Context(), f, page)
		require.NoError(t, err)
		backwards = append(backwards, idsOf(list))
		require.NotEmpty(t, list.Next)
		page.Cursor = list.Previous
	}
	slices.Reverse(backwards)
	require.Equal(t, pages[:len(pages)-1], append([][]string{}, backwards...))
	require.NoError(t, s.Each(t.Context(), f, func(e *Event) error { each = append(each, e.ID); return nil }))
	require.Equal(t, idsOfEvents(sorted(meeting, ByTime, false)), each)
}

func idsOf(list *List) (ids []string) {
	for _, e := range list.Events {
		ids = append(ids, e.ID)
	}
	return ids
}

func idsOfEvents(events []*event.Event) (ids []string) {
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

func assertSameNames(t *testing.T, want []*event.Event, got []string, events []*event.Event) {
	t.Helper()
	require.ElementsMatch(t, idsOfEvents(want), got)
	names := map[string]string{}
	for _, e := range events {
		names[e.ID] = e.Name
	}
	for i, id := range got {
		require.Equal(t, want[i].Name, names[id])
	}
}

// fewEvents stands for manyEvents in tests: writing some 20,000 events takes most of their time.
const fewEvents = 1000

// TestMany: of very many events not all are counted, and pages are found by another plan, in every order.
func TestMany(t *testing.T) {
	events := mixed(rand.New(rand.NewPCG(3, 4)), 2*fewEvents+500, 10)
	for i, e := range events {
		if i%4 > 0 {
			e.Kind = "omission"
		}
	}
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		s.many = fewEvents
		write(t, s, events...)
		check(t, s)
		for _, f := range []Filter{{}, {Host: "ns1.corp.example"}, {Name: "army"}, {State: StateOpen, From: now.Add(-9 * 24 * time.Hour)}, {Kind: "omission", Mode: "enforce"}} {
			t.Run(fmt.Sprintf("%+v", f), func(t *testing.T) { checkMany(t, s, events, f) })
		}
	})
}

// TestHardlyMeet: of two conditions that many events meet, but hardly any both, it is known how many these are once they are shown.
func TestHardlyMeet(t *testing.T) {
	events := mixed(rand.New(rand.NewPCG(5, 6)), 2*fewEvents+500, 10)
	for i, e := range events {
		e.Kind, e.Mode = "omission", "monitor"
		if i%2 > 0 {
			e.Kind, e.Mode = "homoglyph", "enforce"
		}
	}
	last := events[len(events)-2]
	last.Mode = "enforce"
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		s.many = fewEvents
		write(t, s, events...)
		list, err := s.Events(t.Context(), Filter{Kind: "omission", Mode: "enforce"}, Page{})
		require.NoError(t, err)
		assert.Equal(t, []string{last.ID}, idsOf(list))
		assert.Equal(t, 1, list.Total)
		assert.False(t, list.AtLeast)
	})
}

// checkMany compares all events that meet a filter, and the first three pages in every order but by name, with what they mean.
func checkMany(t *testing.T, s *Store, events []*event.Event, f Filter) {
	t.Helper()
	var meeting []*event.Event
	for _, e := range events {
		if f.meets(e) {
			meeting = append(meeting, e)
		}
	}
	var each []string
	require.NoError(t, s.Each(t.Context(), f, func(e *Event) error { each = append(each, e.ID); return nil }))
	assert.Equal(t, idsOfEvents(sorted(meeting, ByTime, false)), each)
	for _, page := range []Page{
		{Order: ByTime}, {Order: ByTime, Reverse: true}, {Order: ByCount}, {Order: ByCount, Reverse: true}, {Order: ByClient}, {Order: ByClient, Reverse: true},
	} {
		var got []string
		for range 3 {
			list, err := s.Events(t.Context(), f, page)
			require.NoError(t, err)
			assert.True(t, list.AtLeast)
			if f.Kind == "" || !s.database.hints() {
				assert.Equal(t, fewEvents, list.Total)
			} else { // of two conditions which many events meet, some of these are looked at
				assert.InDelta(t, fewEvents*2/3, list.Total, fewEvents/20)
			}
			got, page.Cursor = append(got, idsOf(list)...), list.Next
		}
		assert.Equal(t, idsOfEvents(sorted(meeting, page.Order, page.Reverse)[:150]), got, "by %s, %t", page.Order, page.Reverse)
	}
	byName, err := s.Events(t.Context(), f, Page{Order: ByName, Limit: 1000})
	require.NoError(t, err)
	for i, want := range sorted(meeting, ByName, false)[:1000] {
		require.Equal(t, want.Name, byName.Events[i].Name, i)
	}
}

// TestAskAnything: what PostgreSQL does not take for text is found nowhere, and is no failure of the database.
func TestAskAnything(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, lookup("a", 0))
		for _, text := range []string{"\x00", "\xff", "a\x00b", "'", "%", "$1", `\`} {
			for _, f := range []Filter{
				{Policy: text}, {Kind: text}, {Mode: text}, {Action: text}, {Host: text}, {State: State(text)}, {Client: text}, {Lookalike: text}, {Name: text},
				{Policy: text, Kind: text, Name: text},
			} {
				list, err := s.Events(t.Context(), f, Page{})
				require.NoError(t, err, "%q", f)
				assert.Zero(t, list.Total, "%q", f)
			}
			_, err := s.Event(t.Context(), text)
			require.ErrorIs(t, err, ErrUnknown)
			_, err = s.Review(t.Context(), text, Review{State: StateConfirmed})
			require.ErrorIs(t, err, ErrUnknown)
		}
	})
}

// TestEachEnds: an error of whoever reads ends it.
func TestEachEnds(t *testing.T) {
	s := open(t, historyconfig.Store{DSN: databases["sqlite"](t)})
	write(t, s, mixed(rand.New(rand.NewPCG(5, 6)), 100, 1)...)
	read, enough := 0, errors.New("enough")
	err := s.Each(t.Context(), Filter{}, func(*Event) error {
		if read++; read == 10 {
			return enough
		}
		return nil
	})
	require.ErrorIs(t, err, enough)
	assert.Equal(t, 10, read)
}

// TestCursor: a cursor that was made for another order, or by nobody, is refused.
func TestCursor(t *testing.T) {
	s := open(t, historyconfig.Store{DSN: databases["sqlite"](t)})
	write(t, s, mixed(rand.New(rand.NewPCG(5, 6)), 100, 1)...)
	list, err := s.Events(t.Context(), Filter{}, Page{Limit: 10})
	require.NoError(t, err)
	for name, page := range map[string]Page{
		"other order":     {Cursor: list.Next, Order: ByName},
		"other direction": {Cursor: list.Next, Reverse: true},
		"no base64":       {Cursor: "%"},
		"no JSON":         {Cursor: "bm8"},
		"no values":       {Cursor: (&cursor{Order: ByTime}).encode()},
		"text":            {Cursor: (&cursor{Order: ByTime, Values: []any{"a", 1}}).encode()},
		"list":            {Cursor: (&cursor{Order: ByTime, Values: []any{[]int{1}, 1}}).encode()},
		"fraction":        {Cursor: (&cursor{Order: ByTime, Values: []any{1.5, 1}}).encode()},
		"number":          {Cursor: (&cursor{Order: ByName, Values: []any{1, 1, 1, 1}}).encode(), Order: ByName},
	} {
		_, err := s.Events(t.Context(), Filter{}, page)
		require.ErrorIs(t, err, ErrCursor, name)
	}
	_, err = s.Events(t.Context(), Filter{}, Page{Order: "number; DROP TABLE event"})
	require.EqualError(t, err, `unknown order "number; DROP TABLE event"; expected one of [time count name client]`)
}
