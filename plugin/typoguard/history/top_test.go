package history

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// frequency has events made of lookalikes and clients that are as frequent as a test wants.
type frequency struct{ events []*event.Event }

// add adds so many events of a lookalike, and of a client of the same number, so long after the beginning of a month.
func (f *frequency) add(number, count int, after time.Duration) {
	for range count {
		e := lookup(fmt.Sprintf("f%d", len(f.events)), 0)
		e.First = Month.begin(now).Add(after)
		e.Last = e.First.Add(time.Second)
		e.Name, e.Client, e.Count = fmt.Sprintf("host%d.army.ml", number), fmt.Sprintf("10.0.%d.%d", number>>8, number&255), 1+len(f.events)%3
		f.events = append(f.events, e)
	}
}

// thousand is more numbers than stand out.
const thousand = 1000

const aDay = 24 * time.Hour

// frequencies are what the most frequent are to be found in: whether or not they have the greatest sums.
var frequencies = map[string]func(f *frequency){
	"none": func(*frequency) {},
	"few": func(f *frequency) {
		f.add(1, 3, 0)
		f.add(2, 4, aDay)
	},
	"ties": func(f *frequency) {
		for n := range 25 {
			f.add(n, 3-n%2, time.Duration(n)*aDay)
		}
	},
	"steep": func(f *frequency) {
		for n := range thousand + 50 {
			f.add(n, 1+400/(n+1), time.Duration(n%29)*aDay)
		}
	},
	// Twelve are the most frequent, but none of their sums of a day is among the greatest.
	"steady": func(f *frequency) {
		for n := range thousand + 50 {
			f.add(n, 2, time.Duration(n%29)*aDay)
		}
		for n := range topCount {
			f.add(3000+n, 20, 0)
		}
		for n := range 12 {
			for day := range 29 {
				f.add(2000+n, 1, time.Duration(day)*aDay)
			}
		}
	},
	// One is as frequent as can be without having one of the greatest sums, and written before the ten that are as frequent.
	"as many": func(f *frequency) {
		for n := range 2 * writeBatch {
			f.add(n, 1, 0)
		}
		for day := range 29 {
			f.add(2000, 1, time.Duration(day)*aDay)
		}
		for n := range writeBatch - 29 {
			f.add(3000+n, 1, 0)
		}
		for n := range topCount {
			f.add(4000+n, 29, 0)
		}
	},
	"flat": func(f *frequency) {
		for n := range thousand + 500 {
			f.add(n, 1, 0)
		}
	},
	// At the ends of days and of the month: what happened a moment before does not count.
	"midnight": func(f *frequency) {
		for n := range 15 {
			f.add(n, 2, time.Duration(n)*aDay)
			f.add(n, 1, time.Duration(n)*aDay-time.Millisecond)
			f.add(n, n, -time.Millisecond)
		}
	},
	// Those with the most events in all have had them before the month, so that those of the month come behind: some of them, or too many.
	"some earlier": func(f *frequency) { addEarlier(f, mostCounts[0]+10) },
	"many earlier": func(f *frequency) { addEarlier(f, mostCounts[len(mostCounts)-1]+10) },
	// All are as frequent in the month, but those written first come behind in all, and only some of them among those with the most.
	"earlier ties": func(f *frequency) {
		const first = topCount + 4
		for n := range first {
			f.add(n, 2, aDay)
		}
		for n := range writeBatch - 2*first {
			f.add(5000+n, 1, aDay)
		}
		for n := range mostCounts[0] - 4 {
			f.add(3000+n, 2, aDay)
			f.add(3000+n, 1, -aDay)
		}
	},
	"future": func(f *frequency) {
		for n := range 15 {
			f.add(n, 1+n%2, 40*aDay)
			f.add(n, 1, aDay)
		}
	},
}

// addEarlier adds so many that were frequent before the month, and are rare in it, and some that are frequent in it.
func addEarlier(f *frequency, count int) {
	for n := range count {
		f.add(n, 4, -aDay)
		f.add(n, 1, aDay)
	}
	for n := range topCount + 5 {
		f.add(3000+n, 2+n%2, aDay)
	}
}

// TestTop compares the most frequent, those that are as frequent in the order of their numbers, and how many different ones there
// are with all events.
func TestTop(t *testing.T) {
	for name, make := range frequencies {
		t.Run(name, func(t *testing.T) {
			var f frequency
			make(&f)
			eachDatabase(t, func(t *testing.T, s *Store) {
				t.Helper()
				write(t, s, f.events...)
				check(t, s)
				for _, span := range Spans {
					checkTop(t, s, span, f.events)
				}
				s.config.Age = 20*aDay + time.Hour
				require.NoError(t, s.tidy(t.Context(), now, true))
				left := slices.DeleteFunc(slices.Clone(f.events), func(e *event.Event) bool { return now.Sub(e.First) > s.config.Age })
				check(t, s)
				checkTop(t, s, Month, left)
			})
		})
	}
}

// checkTop compares a summary with the events that it is of.
func checkTop(t *testing.T, s *Store, span Span, events []*event.Event) {
	t.Helper()
	sum, err := s.Summary(t.Context(), span, ByKind)
	require.NoError(t, err)
	names, clients := map[string]*Client{}, map[string]*Client{}
	for _, e := range events {
		if e.First.Before(sum.From) {
			continue
		}
		for key, of := range map[string]map[string]*Client{e.Name: names, e.Client: clients} {
			c := of[key]
			if c == nil {
				c = &Client{Address: key, Lookalikes: 1}
				of[key] = c
			}
			c.Enforced = c.Enforced.plus(Count{1, int64(e.Count)})
			if e.Last.After(c.Last) {
				c.Last = e.Last
			}
		}
	}
	assert.EqualValues(t, len(names), sum.Lookalikes, span)
	assert.EqualValues(t, len(clients), sum.Clients, span)
	assert.Equal(t, mostFrequent(t, s, "SELECT name, number FROM lookalike", names), namesOf(sum), span)
	assert.Equal(t, mostFrequent(t, s, "SELECT address, number FROM client", clients), sum.TopClients, span)
}

// mostFrequent returns the ten that have the most events, with those first that have the lower number.
func mostFrequent(t *testing.T, s *Store, query string, all map[string]*Client) (top []Client) {
	t.Helper()
	numbers := map[string]int64{}
	require.NoError(t, s.query(t.Context(), func(row *sql.Rows) error {
		var key string
		var number int64
		err := row.Scan(&key, &number)
		numbers[key] = number
		return err
	}, query))
	sorted := slices.SortedFunc(maps.Values(all), func(a, b *Client) int {
		return cmp.Or(cmp.Compare(b.Enforced.Events, a.Enforced.Events), cmp.Compare(numbers[a.Address], numbers[b.Address]))
	})
	for _, c := range sorted[:min(topCount, len(sorted))] {
		top = append(top, *c)
	}
	return top
}

func namesOf(sum *Summary) (top []Client) {
	for _, n := range sum.Names {
		top = append(top, Client{Address: n.Lookalike, Lookalikes: 1, Enforced: n.Enforced, Monitored: n.Monitored, Last: n.Last})
	}
	return top
}

// TestRemovalCutShort: lookalikes and clients whose events have been removed do not count, even if a resolver that ended then has
// left them behind.
func TestRemovalCutShort(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		old, other := lookup("old", 20*aDay), lookup("other", 0)
		old.Name, old.Client = "navy.ml", "192.0.2.8"
		write(t, s, old, other)
		s.config.Age = 10 * aDay
		h, err := s.ready(t.Context())
		require.NoError(t, err)
		_, err = h.write.ExecContext(t.Context(), cutShort(s))
		require.NoError(t, err)
		require.ErrorContains(t, s.tidy(t.Context(), now, true), "cut short")
		checkTop(t, s, Month, []*event.Event{other})
	})
}

// cutShort returns what makes a database remove no lookalikes any more.
func cutShort(s *Store) string {
	if _, ok := ParseSQLite(s.config.DSN); ok {
		return `CREATE TRIGGER cut BEFORE DELETE ON lookalike BEGIN SELECT RAISE(ABORT, 'cut short'); END`
	}
	return `CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''cut short''; END';
		CREATE TRIGGER cut BEFORE DELETE ON lookalike FOR EACH ROW EXECUTE FUNCTION cut()`
}
