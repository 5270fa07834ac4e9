package history

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// named is an event of a lookalike of its own.
func named(id, name string, ago time.Duration) *event.Event {
	e := lookup(id, ago)
	e.Name, e.Question, e.Intended = name+".ml", name+".ml", name+".mil"
	return e
}

// statesOf returns the states of events.
func statesOf(t *testing.T, s *Store, ids ...string) (states []State) {
	t.Helper()
	for _, id := range ids {
		d, err := s.Event(t.Context(), id)
		require.NoError(t, err)
		states = append(states, d.State)
	}
	return states
}

// TestReviewBulk: a review of several events changes those that are open, or all that are like them, and can be taken back as a whole, but for
// what someone has reviewed since.
func TestReviewBulk(t *testing.T) {
	ids := []string{"a1", "a2", "a3", "b1", "c1"}
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, named("a1", "a", 0), named("a2", "a", time.Minute), named("a3", "a", time.Hour), named("b1", "b", 0), named("c1", "c", 0))
		_, err := s.Review(t.Context(), "a3", Review{State: StateConfirmed, Note: "of alice", Reviewer: "alice"})
		require.NoError(t, err)
		_, err = s.Review(t.Context(), "b1", Review{State: StateOpen, Note: "asked", Reviewer: "alice"})
		require.NoError(t, err)

		alike, err := s.ReviewBulk(t.Context(), Bulk{IDs: []string{"a1", "b1", "nobody", "\x00"}, Alike: true, State: StateFalsePositive, Reviewer: "bob"})
		require.NoError(t, err)
		assert.Equal(t, []State{StateFalsePositive, StateFalsePositive, StateConfirmed, StateFalsePositive, StateOpen}, statesOf(t, s, ids...))
		d, err := s.Event(t.Context(), "b1")
		require.NoError(t, err)
		assert.Equal(t, "asked", d.Note, "a review without a note keeps it")
		assert.Equal(t, alike.At, d.Reviewed)

		one, err := s.ReviewBulk(t.Context(), Bulk{IDs: []string{"c1", "a1"}, State: StateConfirmed, Note: "all of them", Reviewer: "bob"})
		require.NoError(t, err)
		assert.Equal(t, int64(1), one.Events, "the other one is not open")
		assert.True(t, one.At.After(alike.At), "no two batches have the same time")

		made, err := s.Batch(t.Context(), alike.At)
		require.NoError(t, err)
		assert.Equal(t, &Batch{At: alike.At, State: StateFalsePositive, Reviewer: "bob", Events: 3, Lookalikes: 2, Name: "a.ml"}, made)
		for _, at := range []time.Time{{}, now.Add(-time.Hour)} {
			_, err = s.Batch(t.Context(), at)
			require.ErrorIs(t, err, ErrUnknown)
		}

		_, err = s.Review(t.Context(), "a2", Review{State: StateConfirmed, Reviewer: "alice"})
		require.NoError(t, err)
		for at, reviewer := range map[time.Time]string{alike.At: "alice", {}: "bob"} {
			undone, err := s.Undo(t.Context(), at, reviewer)
			require.NoError(t, err)
			assert.Zero(t, undone.Events)
		}
		undone, err := s.Undo(t.Context(), alike.At, "bob")
		require.NoError(t, err)
		assert.Equal(t, int64(2), undone.Events)
		assert.Equal(t, []State{StateOpen, StateConfirmed, StateConfirmed, StateOpen, StateConfirmed}, statesOf(t, s, ids...))
		_, err = s.Batch(t.Context(), alike.At)
		require.ErrorIs(t, err, ErrUnknown)
		made, err = s.Batch(t.Context(), undone.At)
		require.NoError(t, err)
		assert.Equal(t, &Batch{At: undone.At, State: StateOpen, Reviewer: "bob", Events: 2, Lookalikes: 2, Name: "a.ml"}, made)

		opened, err := s.ReviewBulk(t.Context(), Bulk{IDs: []string{"a1", "a2"}, State: StateOpen, Alike: true})
		require.NoError(t, err)
		assert.Equal(t, int64(1), opened.Events, "not that which is open, nor those like it")
		none, err := s.ReviewBulk(t.Context(), Bulk{State: StateConfirmed, Alike: true})
		require.NoError(t, err)
		assert.Zero(t, none.Events)
	})
}

// TestBacklog counts open events, up to a bound, and knows the oldest.
func TestBacklog(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		empty, err := s.Backlog(t.Context())
		require.NoError(t, err)
		assert.Equal(t, &Backlog{}, empty)
		newest, err := s.Newest(t.Context())
		require.NoError(t, err)
		assert.Empty(t, newest)
		s.many = 3
		write(t, s, named("a", "a", 3*time.Hour), named("b", "b", 2*time.Hour), named("c", "c", time.Hour))
		write(t, s, named("d", "d", 4*time.Hour))
		_, err = s.ReviewBulk(t.Context(), Bulk{IDs: []string{"d"}, State: StateConfirmed})
		require.NoError(t, err)
		open, err := s.Backlog(t.Context())
		require.NoError(t, err)
		assert.Equal(t, &Backlog{Open: 3, Oldest: now.Add(-3 * time.Hour)}, open)
		write(t, s, named("e", "e", 0))
		open, err = s.Backlog(t.Context())
		require.NoError(t, err)
		assert.Equal(t, &Backlog{Open: 3, AtLeast: true, Oldest: now.Add(-3 * time.Hour)}, open)
		newest, err = s.Newest(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "e", newest)
	})
}

// TestBeside: the neighbours of an event are those that a list has there, in every order, with and without a bound on what is counted,
// also if the list no longer has the event.
func TestBeside(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		var events []*event.Event
		for i := range 40 {
			e := named(fmt.Sprintf("e%02d", i), fmt.Sprintf("host%d", i%7), time.Duration(i*i)*time.Second)
			e.Count, e.Client = i%3, fmt.Sprintf("192.0.2.%d", i%5)
			events = append(events, e)
		}
		write(t, s, events...)
		for _, many := range []int{manyEvents, 5} {
			s.many = many
			for _, order := range Orders {
				for _, reverse := range []bool{false, true} {
					page := Page{Order: order, Reverse: reverse, Limit: 100}
					all, err := s.Events(t.Context(), Filter{Name: "host"}, page)
					require.NoError(t, err)
					ids := append([]string{""}, append(idsOf(all), "")...)
					for i := 1; i <= len(events); i++ {
						previous, next, err := s.Beside(t.Context(), Filter{Name: "host"}, page, ids[i])
						require.NoError(t, err)
						require.Equal(t, []string{ids[i-1], ids[i+1]}, []string{previous, next}, "%s %t %d", order, reverse, i)
					}
				}
			}
		}
		_, err := s.ReviewBulk(t.Context(), Bulk{IDs: []string{"e07"}, Alike: true, State: StateConfirmed})
		require.NoError(t, err)
		previous, next, err := s.Beside(t.Context(), Filter{State: StateOpen}, Page{}, "e14")
		require.NoError(t, err)
		assert.Equal(t, []string{"e13", "e15"}, []string{previous, next})
		previous, next, err = s.Beside(t.Context(), Filter{Policy: "none", Mode: "enforce"}, Page{}, "e14")
		require.NoError(t, err)
		assert.Equal(t, []string{"", ""}, []string{previous, next})
		_, _, err = s.Beside(t.Context(), Filter{}, Page{}, "nobody")
		require.ErrorIs(t, err, ErrUnknown)
	})
}

// TestSearch: words are found in names, addresses, networks, notes and ids, and all of them must be.
func TestSearch(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		a, b, c, d := named("aaa", "army", 0), named("bbb", "navy", time.Minute), named("ccc", "mail.navy", time.Hour), named("ddd", "usmc", 2*time.Hour)
		a.Client, b.Client, c.Client, d.Client = "192.0.2.7", "192.0.2.200", "2001:db8::25", `<"'`
		write(t, s, a, b, c, d)
		_, err := s.ReviewBulk(t.Context(), Bulk{IDs: []string{"ddd"}, State: StateConfirmed, Note: "Address book of Navy host 7: 100%_"})
		require.NoError(t, err)
		for _, many := range []int{manyEvents, 1} {
			s.many = many
			for text, want := range map[string][]string{
				"": {"aaa", "bbb", "ccc", "ddd"}, "  ": {"aaa", "bbb", "ccc", "ddd"}, "NAVY": {"bbb", "ccc", "ddd"}, "navy.mil": {"bbb", "ccc"}, "mail navy": {"ccc"},
				"192.0.2.0/24": {"aaa", "bbb"}, "192.0.2.0/25": {"aaa"}, "192.0.2.9/24": {"aaa", "bbb"}, "192.0.2.7": {"aaa"}, "192.0.2.": {"aaa", "bbb"},
				"2001:db8::/32": {"ccc"}, "2001:DB8:0::25": {"ccc"}, "2001:db8": {"ccc"}, "::/0": {"ccc"}, "0.0.0.0/0": {"aaa", "bbb"},
				"address": {"ddd"}, "ADDRESS host": {"ddd"}, "0%_": {"ddd"}, "bbb": {"bbb"}, "BBB": {"bbb"}, "bb": nil, "navy 192.0.2.0/24": {"bbb"},
				"nothing": nil, "army navy": nil, "'": {"ddd"}, "$1": nil, "\x00": nil, "%": {"ddd"},
			} {
				list, err := s.Events(t.Context(), Filter{Text: text}, Page{})
				require.NoError(t, err, text)
				assert.Equal(t, want, idsOf(list), "%q", text)
				list, err = s.Events(t.Context(), Filter{Text: text, State: StateOpen}, Page{Order: ByName, Reverse: true})
				require.NoError(t, err, text)
				assert.ElementsMatch(t, slices.DeleteFunc(slices.Clone(want), func(id string) bool { return id == "ddd" }), idsOf(list), "%q", text)
			}
		}
	})
}

// clientNamed are names of clients.
type clientNamed map[string][]netip.Prefix

func (c *clientNamed) Networks(word string) []netip.Prefix { return (*c)[word] }

// TestSearchNamed: words may be in the names of clients, beside everything else.
func TestSearchNamed(t *testing.T) {
	networks := clientNamed{"navy": {netip.MustParsePrefix("192.0.2.0/24")}, "berlin": {netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/32")}}
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		a, b, c := named("aaa", "army", 0), named("bbb", "navy", time.Minute), named("ccc", "mail.navy", time.Hour)
		a.Client, b.Client, c.Client = "192.0.2.7", "198.51.100.1", "2001:db8::25"
		write(t, s, a, b, c)
		for text, want := range map[string][]string{
			"navy": {"aaa", "bbb", "ccc"}, "berlin": {"aaa", "ccc"}, "berlin navy": {"aaa", "ccc"}, "berlin army": {"aaa"}, "paris": nil, "berlin 2001:db8::/32": {"ccc"},
		} {
			list, err := s.Events(t.Context(), Filter{Text: text, Clients: &networks}, Page{})
			require.NoError(t, err, text)
			assert.Equal(t, want, idsOf(list), "%q", text)
		}
	})
}

// TestAfter: what was stored after an event is found, whenever it happened.
func TestAfter(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, named("a", "a", 0))
		write(t, s, named("b", "b", time.Hour))
		write(t, s, named("c", "c", 2*time.Hour), named("d", "d", time.Minute))
		for after, want := range map[string][]string{"a": {"d", "b", "c"}, "b": {"d", "c"}, "d": nil} {
			list, err := s.Events(t.Context(), Filter{After: after, State: StateOpen}, Page{})
			require.NoError(t, err)
			assert.Equal(t, want, idsOf(list), after)
			assert.Equal(t, len(want), list.Total)
		}
		_, err := s.Events(t.Context(), Filter{After: "nobody"}, Page{})
		require.ErrorIs(t, err, ErrUnknown)
	})
}
