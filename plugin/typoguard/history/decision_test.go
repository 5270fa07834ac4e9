package history

import (
	"database/sql"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// from is an event of a client, so long ago.
func from(id, client string, ago time.Duration) *event.Event {
	e := lookup(id, ago)
	e.Client = client
	return e
}

// about is a decision about the lookalike of lookup.
func about(state State) Decision {
	return Decision{Policy: "mil", Lookalike: "us.army.ml", State: state, Note: "address book", Decider: "alice"}
}

func decide(t *testing.T, s *Store, d Decision) int64 {
	t.Helper()
	changed, err := s.Decide(t.Context(), d)
	require.NoError(t, err)
	return changed
}

func stateOf(t *testing.T, s *Store, id string) State {
	t.Helper()
	d, err := s.Event(t.Context(), id)
	require.NoError(t, err)
	return d.State
}

// opened counts the open events.
func opened(t *testing.T, s *Store) int {
	t.Helper()
	list, err := s.Events(t.Context(), Filter{State: StateOpen}, Page{})
	require.NoError(t, err)
	return list.Total
}

// TestDecide: a decision closes what is open of its name and policy, and what comes later.
func TestDecide(t *testing.T) {
	other, elsewhere := lookup("other", time.Minute), lookup("elsewhere", time.Minute)
	other.Policy, elsewhere.Name = "another", "af.ml"
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, lookup("a", time.Hour), lookup("b", time.Minute), other, elsewhere)
		_, err := s.Decide(t.Context(), Decision{Policy: "mil", Lookalike: "navy.ml", State: StateConfirmed})
		require.ErrorIs(t, err, ErrUnknown)
		assert.Equal(t, int64(2), decide(t, s, about(StateConfirmed)))
		later, again := lookup("later", -time.Minute), lookup("a", time.Hour)
		again.Count = 7
		write(t, s, later, again)
		d, err := s.Event(t.Context(), "later")
		require.NoError(t, err)
		assert.Equal(t, StateConfirmed, d.State)
		assert.Equal(t, "address book", d.Note)
		assert.Equal(t, "alice", d.Reviewer)
		require.Len(t, d.Decisions, 1)
		assert.Equal(t, d.Decisions[0].Decided, d.Reviewed)
		assert.Equal(t, int64(1), d.Decisions[0].Counted)
		assert.Equal(t, 2, opened(t, s), "of another policy, and another name")
		check(t, s)

		all, err := s.Decisions(t.Context(), "", "")
		require.NoError(t, err)
		assert.Equal(t, d.Decisions, all)
		none, err := s.Decisions(t.Context(), "another", "us.army.ml")
		require.NoError(t, err)
		assert.Empty(t, none)
	})
}

// TestWithdraw: a decision that is withdrawn leaves open what was open before, and what comes later.
func TestWithdraw(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, lookup("reviewed", 2*time.Hour), lookup("a", time.Hour), lookup("b", time.Minute))
		_, err := s.Review(t.Context(), "reviewed", Review{State: StateFalsePositive})
		require.NoError(t, err)
		assert.Equal(t, int64(2), decide(t, s, about(StateIgnored)))
		// After the decision, however long after the start of the tests it is made.
		write(t, s, lookup("counted", -time.Hour))
		assert.Equal(t, int64(2), decide(t, s, about(StateOpen)))
		write(t, s, lookup("later", -2*time.Hour))
		for id, want := range map[string]State{"reviewed": StateFalsePositive, "a": StateOpen, "b": StateOpen, "counted": StateIgnored, "later": StateOpen} {
			assert.Equal(t, want, stateOf(t, s, id), id)
		}
		assert.Zero(t, decide(t, s, about(StateOpen)), "nothing is left to withdraw")
	})
}

// TestDecideNetwork: a decision for a network is about its clients only, and the smallest network counts.
func TestDecideNetwork(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, from("v4", "192.0.2.7", time.Hour), from("outside", "198.51.100.7", time.Hour), from("v6", "2001:db8::7", time.Hour))
		network, site := about(StateIgnored), about(StateConfirmed)
		network.Network, site.Network = netip.MustParsePrefix("192.0.0.0/16"), netip.MustParsePrefix("192.0.2.0/24")
		assert.Equal(t, int64(1), decide(t, s, network))
		assert.Zero(t, decide(t, s, site), "it is closed")
		write(t, s, from("near", "192.0.2.8", -time.Minute), from("far", "192.0.3.8", -time.Minute), from("away", "198.51.100.7", -time.Minute), from("none", "", -time.Minute))
		for id, want := range map[string]State{
			"v4": StateIgnored, "outside": StateOpen, "v6": StateOpen, "near": StateConfirmed, "far": StateIgnored, "away": StateOpen, "none": StateOpen,
		} {
			assert.Equal(t, want, stateOf(t, s, id), id)
		}
	})
}

// TestDecisionEnds: a decision until a date closes nothing from then on.
func TestDecisionEnds(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, lookup("a", time.Hour))
		d := about(StateConfirmed)
		d.Until = now.Add(time.Hour)
		decide(t, s, d)
		write(t, s, lookup("before", -time.Hour+time.Millisecond), lookup("after", -time.Hour))
		assert.Equal(t, StateConfirmed, stateOf(t, s, "before"))
		assert.Equal(t, StateOpen, stateOf(t, s, "after"))
	})
}

// TestNews: a decided lookalike is opened again, once, by what is new.
func TestNews(t *testing.T) {
	registered, takesMail := lookup("registered", -time.Minute), lookup("takesmail", -time.Minute)
	registered.Action, takesMail.Action, registered.Client, takesMail.Client = event.Registered, event.TakesMail, "", ""
	tests := []struct {
		name   string
		events []*event.Event
		open   []string
	}{
		{"the same client", []*event.Event{from("a", "192.0.2.7", -time.Minute)}, nil},
		{"another client of its network", []*event.Event{from("a", "192.0.2.99", -time.Minute), from("b", "2001:db8:0:ffff::1", -time.Minute)}, nil},
		{"clients of another network", []*event.Event{from("a", "192.0.3.7", -time.Minute), from("b", "192.0.3.8", -2*time.Minute)}, []string{"a"}},
		{"clients of another network, at once", []*event.Event{from("b", "192.0.3.7", -2*time.Minute), from("a", "192.0.3.8", -time.Minute)}, []string{"a"}},
		{"clients of another network of IPv6", []*event.Event{from("a", "2001:db8:1::7", -time.Minute), from("b", "2001:db8:1:2::8", -2*time.Minute)}, []string{"a"}},
		{"an unknown client", []*event.Event{from("a", "", -time.Minute), from("b", "", -2*time.Minute)}, []string{"a"}},
		{"it exists, and takes mail", []*event.Event{registered, takesMail}, []string{"registered", "takesmail"}},
	}
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		for i, tt := range tests {
			own := func(e *event.Event) *event.Event {
				copied := *e
				copied.Name, copied.ID = fmt.Sprintf("n%d.army.ml", i), fmt.Sprintf("%d %s", i, e.ID)
				return &copied
			}
			write(t, s, own(from("4", "192.0.2.7", time.Hour)), own(from("6", "2001:db8::7", time.Hour)))
			d := about(StateConfirmed)
			d.Lookalike = fmt.Sprintf("n%d.army.ml", i)
			decide(t, s, d)
			var all []*event.Event
			for _, e := range tt.events {
				all = append(all, own(e))
			}
			write(t, s, all...)
			list, err := s.Events(t.Context(), Filter{State: StateOpen, Lookalike: d.Lookalike}, Page{Order: ByTime, Reverse: true})
			require.NoError(t, err)
			var open []string
			for _, id := range idsOf(list) {
				open = append(open, id[2:])
			}
			assert.ElementsMatch(t, tt.open, open, tt.name)
		}
	})
}

// TestTenfold: a decided lookalike is opened again by the event that is ten times as many on a day as on its busiest day before, and then
// only by ten times as many again.
func TestTenfold(t *testing.T) {
	const aDay = 24 * time.Hour
	midnight := now.Truncate(aDay)
	noon, tomorrow := midnight.Add(-10*aDay+aDay/2), midnight.Add(aDay)
	tests := []struct {
		name   string
		before []time.Time // of what is decided
		opens  int         // the number of the first event on a day that is open; the next is ten times that
	}{
		{"three on one day, one on another", []time.Time{noon, noon.Add(time.Second), noon.Add(time.Minute), noon.Add(-3 * aDay)}, 30},
		{"one, a minute ago", []time.Time{now.Add(-time.Minute)}, 240},
		{"one, 12 hours ago", []time.Time{now.Add(-12 * time.Hour)}, 20},
	}
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		for i, tt := range tests {
			numbered := func(id string, at time.Time) *event.Event {
				e := lookup(fmt.Sprintf("%d %s", i, id), 0)
				e.First, e.Last, e.Name = at, at, fmt.Sprintf("n%d.army.ml", i)
				return e
			}
			for n, at := range tt.before {
				write(t, s, numbered(fmt.Sprint("before", n), at))
			}
			d := about(StateConfirmed)
			d.Lookalike = fmt.Sprintf("n%d.army.ml", i)
			decide(t, s, d)
			var first, second []*event.Event
			for n := range tt.opens - 1 {
				first = append(first, numbered(fmt.Sprint("first", n), tomorrow.Add(time.Duration(n)*time.Second)))
			}
			for n := range 9 * tt.opens {
				second = append(second, numbered(fmt.Sprintf("second%05d", n), tomorrow.Add(12*time.Hour+time.Duration(n)*time.Second)))
			}
			write(t, s, first...)
			open := func() []string {
				list, err := s.Events(t.Context(), Filter{State: StateOpen, Lookalike: d.Lookalike}, Page{})
				require.NoError(t, err)
				return idsOf(list)
			}
			assert.Empty(t, open(), tt.name)
			write(t, s, second...)
			assert.Equal(t, []string{fmt.Sprintf("%d second00000", i)}, open(), tt.name)
		}
	})
}

// TestStaysClosed: 100 events of 20 names, decided with one decision a name, and an hour and a month of the same clients that go on as
// before, leave nothing open.
func TestStaysClosed(t *testing.T) {
	const names, clients, window = 20, 5, 5 * time.Minute
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		asked := func(name, client int, at time.Time) *event.Event {
			e := lookup(fmt.Sprintf("%d %d %d", name, client, at.UnixMilli()), 0)
			e.First, e.Last, e.Client = at, at, fmt.Sprintf("10.%d.0.%d", name, client)
			e.Name, e.Intended = fmt.Sprintf("n%d.army.ml", name), fmt.Sprintf("n%d.army.mil", name)
			return e
		}
		traffic := func(begin time.Time, step time.Duration, steps int) {
			for i := range steps {
				var batch []*event.Event
				for name := range names {
					for client := range clients {
						batch = append(batch, asked(name, client, begin.Add(time.Duration(i)*step)))
					}
				}
				write(t, s, batch...)
			}
		}
		traffic(now.Add(-window), window, 1)
		assert.Equal(t, names*clients, opened(t, s))
		changed := int64(0)
		for name := range names {
			d := about(States[1+name%3])
			d.Lookalike = fmt.Sprintf("n%d.army.ml", name)
			changed += decide(t, s, d)
		}
		assert.Equal(t, int64(names*clients), changed)
		traffic(now.Add(window), window, 12)
		assert.Zero(t, opened(t, s), "after an hour")
		traffic(now.Add(2*time.Hour), 24*time.Hour, 30)
		assert.Zero(t, opened(t, s), "after a month")
		all, err := s.Decisions(t.Context(), "mil", "n7.army.ml")
		require.NoError(t, err)
		require.Len(t, all, 1)
		assert.Equal(t, int64(clients*(12+30)), all[0].Counted)
		check(t, s)
	})
}

// TestReviewLasts: a review of an event may be a decision, and is in the journal with it.
func TestReviewLasts(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, lookup("a", time.Hour), lookup("b", time.Minute))
		changed, err := s.Review(t.Context(), "a", Review{State: StateConfirmed, Note: "typo", Reviewer: "alice"})
		require.NoError(t, err)
		assert.Equal(t, int64(1), changed)
		changed, err = s.Review(t.Context(), "a", Review{State: StateFalsePositive, Reviewer: "bob", Lasts: true, Network: netip.MustParsePrefix("192.0.2.9/24")})
		require.NoError(t, err)
		assert.Equal(t, int64(2), changed)
		write(t, s, lookup("c", -time.Minute))
		assert.Equal(t, StateFalsePositive, stateOf(t, s, "c"))

		journal, err := s.Journal(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Len(t, journal, 3)
		decision, again, first := journal[0], journal[1], journal[2]
		assert.Equal(t, []string{"bob", WhatDecision, "mil", "us.army.ml", "a", ""}, []string{decision.Who, decision.What, decision.Policy, decision.Name, decision.Event, decision.Before})
		assert.Contains(t, decision.After, `{"network":"192.0.2.0/24","state":"false_positive","decider":"bob","decided":"`)
		assert.Equal(t, []string{"alice", WhatReview, `{"state":"open"}`}, []string{first.Who, first.What, first.Before})
		assert.Equal(t, first.After, again.Before)
		assert.WithinDuration(t, time.Now(), decision.At, time.Minute)
		older, err := s.Journal(t.Context(), decision.Number, 1)
		require.NoError(t, err)
		assert.Equal(t, []Change{again}, older)
	})
}

// TestJournalStays: nobody changes or removes what is in the journal, and what fails leaves nothing there.
func TestJournalStays(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, lookup("a", time.Hour))
		decide(t, s, about(StateConfirmed))
		long := time.Time{}.Add(time.Hour)
		_, err := s.Review(t.Context(), "a", Review{State: StateOpen, Seen: &long, Lasts: true})
		require.ErrorIs(t, err, ErrReviewed)
		decide(t, s, about(StateOpen))
		h, err := s.ready(t.Context())
		require.NoError(t, err)
		for _, statement := range []string{`UPDATE journal SET who = 'bob'`, `DELETE FROM journal`} {
			_, err := h.write.ExecContext(t.Context(), statement)
			require.ErrorContains(t, err, "the journal is never rewritten", statement)
		}
		journal, err := s.Journal(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Len(t, journal, 2)
		assert.Empty(t, journal[0].After, "withdrawn")
		assert.Equal(t, journal[1].After, journal[0].Before)
	})
}

// TestDecisionsOutlastEvents: a decision stays when the events at which it was made have expired.
func TestDecisionsOutlastEvents(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, lookup("a", 48*time.Hour))
		decide(t, s, about(StateConfirmed))
		s.config.Age = 24 * time.Hour
		require.NoError(t, s.tidy(t.Context(), now, true))
		write(t, s, lookup("b", -time.Minute))
		assert.Equal(t, StateConfirmed, stateOf(t, s, "b"))
	})
}

// TestDecisionIndexes: what new events, pages and people ask about decisions is found by an index.
func TestDecisionIndexes(t *testing.T) {
	s := open(t, historyconfig.Store{DSN: databases["sqlite"](t)})
	write(t, s, lookup("a", 0))
	for _, query := range []string{
		`SELECT ` + decisionColumns + `, daily, day, today FROM decision WHERE lookalike IN ('a', 'b')`,
		`SELECT ` + decisionColumns + ` FROM decision WHERE lookalike = 'a' AND policy = 'b' ORDER BY decided DESC, number DESC LIMIT 1000`,
		`SELECT ` + decisionColumns + ` FROM decision WHERE TRUE ORDER BY decided DESC, number DESC LIMIT 1000`,
		`SELECT decision, network FROM decided_network WHERE decision IN (1, 2) AND network IN ('a', 'b')`,
		`SELECT min(first), count(*) FROM event WHERE lookalike IN (1, 2) GROUP BY first - first % 86400000`,
		`SELECT digest, number FROM lookalike WHERE name = 'a' AND policy = 'b'`,
		`SELECT ` + decisionColumns + ` FROM decision WHERE decided = 1 AND decider = 'a' ORDER BY number`,
	} {
		h, err := s.ready(t.Context())
		require.NoError(t, err)
		rows, err := h.write.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
		require.NoError(t, scan(rows, err, func(row *sql.Rows) error {
			var id, parent, unused int
			var detail string
			err := row.Scan(&id, &parent, &unused, &detail)
			assert.NotRegexp(t, "^SCAN [a-z]+$", detail, query)
			return err
		}))
	}
}

// TestDecideBulk: a review of several events and all that are alike lasts, one without these does not, and both can be taken back, by the
// journal too.
func TestDecideBulk(t *testing.T) {
	army, navy := lookup("army", time.Hour), lookup("navy", time.Hour)
	navy.Name = "navy.ml"
	later := func(of *event.Event, id string) *event.Event {
		e := *of
		e.ID, e.First, e.Last = id, now.Add(time.Minute), now.Add(time.Minute)
		return &e
	}
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, army, navy, lookup("army2", time.Minute))
		made, err := s.ReviewBulk(t.Context(), Bulk{IDs: []string{"army", "navy"}, Alike: true, State: StateConfirmed, Note: "typos", Reviewer: "alice"})
		require.NoError(t, err)
		assert.Equal(t, int64(3), made.Events)
		write(t, s, later(army, "army3"), later(navy, "navy3"))
		assert.Equal(t, StateConfirmed, stateOf(t, s, "army3"))
		assert.Equal(t, StateConfirmed, stateOf(t, s, "navy3"))

		none, err := s.Undo(t.Context(), made.At, "bob")
		require.NoError(t, err)
		assert.Zero(t, none.Events)
		back, err := s.Undo(t.Context(), made.At, "alice")
		require.NoError(t, err)
		assert.Equal(t, int64(5), back.Events)
		write(t, s, later(army, "army4"))
		assert.Equal(t, 6, opened(t, s))

		alone, err := s.ReviewBulk(t.Context(), Bulk{IDs: []string{"army", "navy"}, State: StateIgnored, Reviewer: "bob"})
		require.NoError(t, err)
		assert.Equal(t, int64(2), alone.Events)
		write(t, s, later(army, "army5"))
		assert.Equal(t, 5, opened(t, s))
		all, err := s.Decisions(t.Context(), "", "")
		require.NoError(t, err)
		assert.Empty(t, all)

		journal, err := s.Journal(t.Context(), 0, 20)
		require.NoError(t, err)
		var what []string
		for _, c := range journal {
			what = append(what, c.Who+" "+c.What+" "+c.Name+" "+c.Event)
		}
		assert.Equal(t, []string{"bob review navy.ml navy", "bob review us.army.ml army", "alice undo  "}, what[:3])
		assert.ElementsMatch(t, []string{"alice decision navy.ml ", "alice decision us.army.ml "}, what[3:5])
		assert.ElementsMatch(t, []string{"alice decision navy.ml ", "alice decision us.army.ml "}, what[5:])
		assert.Contains(t, journal[0].Before, `"note":"typos"`)
		check(t, s)
	})
}
