package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// eachPair runs a test with two stores of the same database, of every kind: those of two resolvers.
func eachPair(t *testing.T, test func(t *testing.T, ours, theirs *Store)) {
	t.Helper()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			test(t, open(t, historyconfig.Store{DSN: dsn, Host: "ns1"}), open(t, historyconfig.Store{DSN: dsn, Host: "ns2"}))
		})
	}
}

// mail is an event of mail to the lookalike of lookup, so long ago, to some recipients.
func mail(id string, ago time.Duration, recipients ...string) *event.Event {
	e := lookup(id, ago)
	e.Action, e.Type, e.Types, e.Question, e.ResponseCode, e.Via, e.Server, e.View, e.Counterpart = event.SMTPRefused, "", nil, "", "", "", "", "", ""
	e.Count, e.Candidates, e.NewClient = len(recipients), nil, false
	for _, recipient := range recipients {
		smtp := &event.SMTP{Helo: "relay", Sender: "corp.example", Recipient: recipient, TLS: true}
		if e.SMTP == nil {
			e.SMTP = smtp
		}
		e.Parts = append(e.Parts, event.Part{SMTP: smtp, Count: 1, First: e.First, Last: e.Last})
	}
	return e
}

// parts describes the parts of a stored event.
func parts(t *testing.T, s *Store, id string) (all []string) {
	t.Helper()
	d, err := s.Event(t.Context(), id)
	require.NoError(t, err)
	for _, p := range d.AllParts() {
		what := p.Type
		if p.SMTP != nil {
			what = p.SMTP.Recipient
		}
		all = append(all, fmt.Sprintf("%d %s %s@%s", p.Count, what, p.ID, p.Host))
	}
	return all
}

// TestMerge: what two resolvers know of one mistake is one event, whoever writes first, and however often; every id leads to it.
func TestMerge(t *testing.T) {
	eachPair(t, func(t *testing.T, ours, theirs *Store) {
		t.Helper()
		asked, refused := lookup("asked22222", time.Minute), mail("refused222", 30*time.Second, "bob@us.army.ml", "eve@us.army.ml")
		write(t, ours, asked)
		write(t, theirs, refused)
		want := []string{"3 MX A @", "1 bob@us.army.ml refused222@ns2", "1 eve@us.army.ml refused222@ns2"}
		assert.Equal(t, want, parts(t, ours, "asked22222"))

		write(t, theirs, refused)
		asked.Count, asked.Types = 9, []string{"MX", "A", "AAAA"}
		write(t, ours, asked)
		late := lookup("asked22222", time.Minute)
		write(t, ours, late)
		more := mail("refused222", 30*time.Second, "bob@us.army.ml", "eve@us.army.ml", "amy@us.army.ml")
		more.Last = now
		write(t, theirs, more)
		want = []string{"9 MX A AAAA @", "1 bob@us.army.ml refused222@ns2", "1 eve@us.army.ml refused222@ns2", "1 amy@us.army.ml refused222@ns2"}
		for _, id := range []string{"asked22222", "refused222"} {
			assert.Equal(t, want, parts(t, ours, id))
			d, err := theirs.Event(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, "asked22222", d.ID)
			assert.Equal(t, "ns1", d.Host)
			assert.Equal(t, []string{"smtp-refused", "enforce", "NXDOMAIN"}, []string{d.Action, d.Mode, d.ResponseCode})
			assert.Equal(t, "bob@us.army.ml", d.SMTP.Recipient)
			assert.Equal(t, []string{"MX", "A", "AAAA"}, d.Types)
			assert.Equal(t, now, d.Last)
			assert.Equal(t, 12, d.Count)
			found, err := ours.Events(t.Context(), Filter{Text: id}, Page{})
			require.NoError(t, err)
			assert.Equal(t, []string{"asked22222"}, idsOf(found), "search for %s", id)
		}
		totals, err := ours.Totals(t.Context())
		require.NoError(t, err)
		for _, total := range totals {
			assert.Equal(t, Totals{Span: total.Span, Refused: Count{1, 12}}, total)
		}
		summary, err := ours.Summary(t.Context(), Day, ByPolicy)
		require.NoError(t, err)
		assert.Equal(t, Count{1, 12}, summary.Names[0].Enforced)
		assert.Equal(t, Count{1, 12}, summary.TopClients[0].Enforced)
		check(t, ours)
		_, err = ours.remove(t.Context(), "TRUE")
		require.NoError(t, err)
		_, err = ours.Event(t.Context(), "refused222")
		require.ErrorIs(t, err, ErrUnknown, "the other id goes with the event")
		check(t, ours)
	})
}

// TestMergeOrder: the refusal may be written before the queries.
func TestMergeOrder(t *testing.T) {
	eachPair(t, func(t *testing.T, ours, theirs *Store) {
		t.Helper()
		write(t, theirs, mail("refused222", 30*time.Second, "bob@us.army.ml"))
		write(t, ours, lookup("asked22222", time.Minute))
		d, err := ours.Event(t.Context(), "asked22222")
		require.NoError(t, err)
		assert.Equal(t, "refused222", d.ID)
		assert.Equal(t, []string{"us.army.ml", "MX", "NXDOMAIN", "192.0.2.53", "dns://:53"}, []string{d.Question, d.Type, d.ResponseCode, d.Via, d.Server})
		assert.Len(t, d.Candidates, 1)
		assert.Equal(t, []string{"1 bob@us.army.ml @", "3 MX A asked22222@ns1"}, parts(t, ours, "refused222"))
		check(t, ours)
	})
}

// TestMergeSingle: if a resolver has no room to fold events, it writes each alone, with one id for the query and the refusal. Neither is taken
// for an older state of the other, in whatever order and batches they come.
func TestMergeSingle(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			s := open(t, historyconfig.Store{DSN: database(t), Host: "ns1"})
			single := func(id string) *event.Event {
				e := lookup(id, time.Minute)
				e.Count, e.Types = 1, []string{"MX"}
				return e
			}
			write(t, s, single("together22"), mail("together22", time.Minute, "bob@us.army.ml"))
			write(t, s, single("afterwards"))
			write(t, s, mail("afterwards", time.Minute, "bob@us.army.ml"))
			write(t, s, mail("before2222", time.Minute, "bob@us.army.ml"))
			write(t, s, single("before2222"))
			for _, id := range []string{"together22", "afterwards", "before2222"} {
				assert.ElementsMatch(t, []string{"1 MX @", "1 bob@us.army.ml @"}, parts(t, s, id), id)
				d, err := s.Event(t.Context(), id)
				require.NoError(t, err)
				assert.Equal(t, "smtp-refused", d.Action)
				assert.Equal(t, 2, d.Count)
			}
			check(t, s)
		})
	}
}

// TestMergeMode: an event that was only monitored, and is then enforced elsewhere, moves in the sums.
func TestMergeMode(t *testing.T) {
	eachPair(t, func(t *testing.T, ours, theirs *Store) {
		t.Helper()
		monitored := lookup("monitored2", time.Minute)
		monitored.Mode, monitored.ResponseCode = "monitor", ""
		write(t, ours, monitored, from("other22222", "192.0.2.8", time.Minute))
		write(t, theirs, lookup("enforced22", time.Minute))
		d, err := ours.Event(t.Context(), "monitored2")
		require.NoError(t, err)
		assert.Equal(t, []string{"enforce", "NXDOMAIN"}, []string{d.Mode, d.ResponseCode})
		totals, err := ours.Totals(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Totals{Span: Day, Blocked: Count{2, 9}}, totals[0])
		check(t, ours)
	})
}

// TestNotMerged: what is not known to be the same mistake is not the same event.
func TestNotMerged(t *testing.T) {
	like := func(change func(*event.Event)) *event.Event {
		e := lookup("second2222", time.Minute)
		change(e)
		return e
	}
	edge := now.Truncate(time.Hour)
	begun := func(id string, at time.Time) *event.Event { return lookup(id, now.Sub(at)) }
	for _, tt := range []struct {
		name   string
		first  *event.Event
		second *event.Event
		events int
	}{
		{"the same", lookup("first22222", time.Minute), lookup("second2222", time.Minute), 1},
		{"almost too late", begun("first22222", edge), begun("second2222", edge.Add(event.Window-time.Millisecond)), 1},
		{"almost too late, in the next hour", begun("first22222", edge.Add(-time.Millisecond)), begun("second2222", edge.Add(event.Window-2*time.Millisecond)), 1},
		{"at once, in the next hour", begun("first22222", edge.Add(-time.Millisecond)), begun("second2222", edge), 1},
		{"at once, in the hour before", begun("first22222", edge), begun("second2222", edge.Add(-time.Millisecond)), 1},
		{"too late", lookup("first22222", 5*time.Minute), lookup("second2222", 0), 2},
		{"too early", lookup("first22222", 0), lookup("second2222", 5*time.Minute), 2},
		{"another client", lookup("first22222", time.Minute), like(func(e *event.Event) { e.Client = "192.0.2.8" }), 2},
		{"unknown clients", from("first22222", "", time.Minute), from("second2222", "", time.Minute), 2},
		{"another name", lookup("first22222", time.Minute), like(func(e *event.Event) { e.Name = "mail.us.army.ml" }), 2},
		{"another policy", lookup("first22222", time.Minute), like(func(e *event.Event) { e.Policy = "other" }), 2},
		{"a name that is watched", lookup("first22222", time.Minute), like(func(e *event.Event) { e.Action = event.Registered }), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, ours, theirs *Store) {
				t.Helper()
				write(t, ours, tt.first)
				write(t, theirs, tt.second)
				write(t, theirs, tt.second)
				list, err := ours.Events(t.Context(), Filter{}, Page{})
				require.NoError(t, err)
				assert.Len(t, list.Events, tt.events)
				check(t, ours)
			})
		})
	}
	t.Run("of one resolver", func(t *testing.T) {
		eachDatabase(t, func(t *testing.T, s *Store) {
			t.Helper()
			write(t, s, lookup("first22222", time.Minute))
			write(t, s, lookup("second2222", time.Minute))
			list, err := s.Events(t.Context(), Filter{}, Page{})
			require.NoError(t, err)
			assert.Len(t, list.Events, 2, "it knows that they are different")
		})
	})
}

// TestMergeNearest: of several events of one resolver, another one's is part of the nearest.
func TestMergeNearest(t *testing.T) {
	eachPair(t, func(t *testing.T, ours, theirs *Store) {
		t.Helper()
		write(t, ours, lookup("first22222", 10*time.Minute), lookup("second2222", 5*time.Minute))
		write(t, theirs, lookup("later22222", 7*time.Minute), lookup("earlier222", 9*time.Minute))
		for id, want := range map[string]string{"later22222": "second2222", "earlier222": "first22222"} {
			d, err := ours.Event(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, want, d.ID)
		}
	})
}

// TestMergeReviews: every id of an event can be reviewed, the review is of the event, and what is added to it changes nothing of that.
func TestMergeReviews(t *testing.T) {
	eachPair(t, func(t *testing.T, ours, theirs *Store) {
		t.Helper()
		write(t, ours, lookup("asked22222", time.Minute), named("other22222", "other", 0))
		write(t, theirs, mail("refused222", 30*time.Second, "bob@us.army.ml"))
		changed, err := ours.Review(t.Context(), "refused222", Review{State: StateConfirmed, Note: "called", Reviewer: "alice"})
		require.NoError(t, err)
		assert.Equal(t, int64(1), changed)
		journal, err := ours.Journal(t.Context(), 0, 10)
		require.NoError(t, err)
		assert.Equal(t, "asked22222", journal[0].Event)
		write(t, theirs, mail("refused222", 30*time.Second, "bob@us.army.ml", "eve@us.army.ml"))
		d, err := ours.Event(t.Context(), "asked22222")
		require.NoError(t, err)
		assert.Equal(t, []any{StateConfirmed, "called", "alice", 5}, []any{d.State, d.Note, d.Reviewer, d.Count})

		_, err = ours.ReviewBulk(t.Context(), Bulk{IDs: []string{"refused222"}, State: StateOpen, Reviewer: "bob"})
		require.NoError(t, err)
		assert.Equal(t, StateOpen, stateOf(t, ours, "asked22222"))
		_, err = ours.Allow(t.Context(), Allowance{Suffix: "us.army.ml", Owner: "o", Reason: "r", Event: "refused222"})
		require.NoError(t, err)
		assert.Equal(t, StateFalsePositive, stateOf(t, ours, "asked22222"))
		allowed, err := ours.Allowances(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, "asked22222", allowed[0].Event)
		after, err := ours.Events(t.Context(), Filter{After: "refused222"}, Page{})
		require.NoError(t, err)
		assert.Equal(t, []string{"other22222"}, idsOf(after))
	})
}

// TestMergeDecided: a decision counts what is new, and not what is added to an event.
func TestMergeDecided(t *testing.T) {
	eachPair(t, func(t *testing.T, ours, theirs *Store) {
		t.Helper()
		write(t, ours, lookup("old2222222", time.Hour))
		decide(t, ours, about(StateConfirmed))
		write(t, ours, lookup("asked22222", 0))
		write(t, theirs, mail("refused222", 0, "bob@us.army.ml"))
		assert.Zero(t, opened(t, ours))
		decisions, err := ours.Decisions(t.Context(), "mil", "us.army.ml")
		require.NoError(t, err)
		assert.Equal(t, int64(1), decisions[0].Counted)
		check(t, ours)
	})
}

// TestMergeMany: two resolvers that write at the same time what many clients did count each mistake once.
func TestMergeMany(t *testing.T) {
	const many = 300
	eachPair(t, func(t *testing.T, ours, theirs *Store) {
		t.Helper()
		done := make(chan error, 2)
		for n, s := range []*Store{ours, theirs} {
			go func() {
				var events []*event.Event
				for i := range many {
					e := from(fmt.Sprintf("%d-%d", n, i), fmt.Sprintf("192.0.2.%d", i%200), time.Duration(n)*time.Second)
					e.Name = fmt.Sprintf("host%d.army.ml", i%7+i/200)
					events = append(events, e)
				}
				random := rand.New(rand.NewPCG(1, uint64(n)))
				random.Shuffle(many, func(i, k int) { events[i], events[k] = events[k], events[i] })
				for some := range slices.Chunk(events, 50) {
					if err := insist(t.Context(), s, some); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
		}
		require.NoError(t, <-done)
		require.NoError(t, <-done)
		list, err := ours.Events(t.Context(), Filter{}, Page{})
		require.NoError(t, err)
		assert.Equal(t, many, list.Total)
		for i := range many {
			assert.Len(t, parts(t, ours, fmt.Sprintf("1-%d", i)), 2)
		}
		check(t, ours)
	})
}
