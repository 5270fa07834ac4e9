package history

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// TestDigest: a digest has the events of its policies in its period, and all that are open.
func TestDigest(t *testing.T) {
	of := func(id string, ago time.Duration, change func(*event.Event)) *event.Event {
		e := lookup(id, ago)
		if change != nil {
			change(e)
		}
		return e
	}
	trial := func(e *event.Event) { e.Mode, e.Policy, e.Name, e.Intended = "monitor", "trial", "navy.ml", "navy.mil" }
	all := []*event.Event{
		of("hidden1", time.Hour, nil),
		of("hidden2", 2*time.Hour, nil),
		of("hidden3", 3*time.Hour, func(e *event.Event) { e.Client = "2001:db8::25" }),
		of("trial1", time.Hour, trial),
		of("refused1", time.Hour, func(e *event.Event) { e.Action, e.SMTP = event.SMTPRefused, &event.SMTP{Recipient: "bob@us.army.ml"} }),
		of("watched1", time.Hour, func(e *event.Event) {
			e.Action, e.Mode, e.Client, e.Via, e.Name = event.TakesMail, "monitor", "", "mx.park.example", "arny.mil"
		}),
		of("before", 24*time.Hour, nil),
		of("after", 0, nil),
		of("other", time.Hour, func(e *event.Event) { e.Policy = "other" }),
	}
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, all...)
		_, err := s.Review(t.Context(), "hidden1", Review{State: StateConfirmed})
		require.NoError(t, err)
		from, until := now.Add(-20*time.Hour), now.Add(-time.Minute)
		d, err := s.Digest(t.Context(), []string{"mil", "trial"}, from, until)
		require.NoError(t, err)
		assert.Equal(t, &Digest{
			From: from, Until: until, Blocked: Count{3, 9}, Monitored: Count{1, 3}, Refused: Count{1, 3},
			Hidden: []Pair{
				{"us.army.ml", "us.army.mil", "mil", "192.0.2.7", Count{3, 9}, now.Add(-time.Hour + time.Second)},
				{"us.army.ml", "us.army.mil", "mil", "2001:db8::25", Count{1, 3}, now.Add(-3*time.Hour + time.Second)},
			},
			HiddenTotal: 2,
			Trials:      []Pair{{"navy.ml", "navy.mil", "trial", "192.0.2.7", Count{1, 3}, now.Add(-time.Hour + time.Second)}},
			TrialTotal:  1,
			Changes:     []WatchChange{{"arny.mil", "mil", event.TakesMail, "mx.park.example", now.Add(-time.Hour)}},
			ChangeTotal: 1,
			Open: []OpenName{
				{"us.army.ml", "us.army.mil", "mil", 5, now.Add(-24 * time.Hour)},
				{"navy.ml", "navy.mil", "trial", 1, now.Add(-time.Hour)},
				{"arny.mil", "us.army.mil", "mil", 1, now.Add(-time.Hour)},
			},
			OpenEvents: 7, OpenTotal: 3, Oldest: now.Add(-24 * time.Hour),
		}, d)

		empty, err := s.Digest(t.Context(), []string{"none"}, from, until)
		require.NoError(t, err)
		assert.Equal(t, &Digest{From: from, Until: until}, empty)
	})
}

// TestDigestBounded: a digest of very many lookalikes has those with the most events, and says of how many.
func TestDigestBounded(t *testing.T) {
	var all []*event.Event
	for n := range 3 * DigestRows {
		for again := range 1 + n/DigestRows {
			e := lookup(fmt.Sprintf("e%d-%d", n, again), time.Hour)
			e.Name = fmt.Sprintf("n%d.army.ml", n)
			all = append(all, e)
		}
		e := lookup(fmt.Sprintf("w%d", n), time.Hour)
		e.Name, e.Action, e.Mode = fmt.Sprintf("n%d.army.ml", n), event.Registered, "monitor"
		all = append(all, e)
	}
	eachDatabase(t, func(t *testing.T, s *Store) {
		t.Helper()
		write(t, s, all...)
		d, err := s.Digest(t.Context(), []string{"mil"}, now.Add(-2*time.Hour), now)
		require.NoError(t, err)
		assert.EqualValues(t, 3*DigestRows, d.HiddenTotal)
		assert.EqualValues(t, 3*DigestRows, d.OpenTotal)
		assert.EqualValues(t, 3*DigestRows, d.ChangeTotal)
		require.Len(t, d.Changes, DigestRows)
		require.Len(t, d.Hidden, DigestRows)
		require.Len(t, d.Open, DigestRows)
		for n := range d.Hidden {
			assert.EqualValues(t, 3, d.Hidden[n].Events)
			assert.EqualValues(t, 4, d.Open[n].Events)
		}
	})
}
