package digest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// TestCompose holds a mail whole.
func TestCompose(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	require.NoError(t, err)
	until := time.Date(2026, 11, 30, 7, 0, 0, 0, zone)
	at := until.Add(-3 * time.Hour)
	subject, body := compose(&history.Digest{
		From: until.AddDate(0, 0, -1), Until: until,
		Blocked: history.Count{Events: 12, Queries: 40}, Monitored: history.Count{Events: 1, Queries: 3}, Refused: history.Count{Events: 2, Queries: 2},
		Hidden:      []history.Pair{{Lookalike: "us.army.ml", Intended: "us.army.mil", Policy: "mil", Client: "192.0.2.7", Count: history.Count{Events: 12, Queries: 40}, Last: at}},
		HiddenTotal: 4,
		Trials:      []history.Pair{{Lookalike: "navy.ml", Intended: "navy.mil", Policy: "trial", Count: history.Count{Events: 1, Queries: 3}, Last: at}},
		TrialTotal:  1,
		ChangeTotal: 22,
		Changes:     []history.WatchChange{{Lookalike: "arny.mil", Policy: "mil", Action: event.TakesMail, Via: "mx.park.example", First: at}},
		Open:        []history.OpenName{{Lookalike: "us.army.ml", Intended: "us.army.mil", Policy: "mil", Events: 13, First: at}},
		OpenEvents:  13, OpenTotal: 1, Oldest: at,
	}, []string{"mil", "trial"}, zone, "https://review.corp.example:8053/")
	assert.Equal(t, "typoguard: 14 blocked, 1 only monitored, 13 open", subject)
	assert.Equal(t, `From Sun 29 Nov 2026 07:00 CET to Mon 30 Nov 2026 07:00 CET
Policies: mil, trial

                 events  queries
blocked          12      40
refused by SMTP  2       2
only monitored   1       3

Hidden lookalikes, and who looked them up:

looked up   meant        by         events  last          policy
us.army.ml  us.army.mil  192.0.2.7  12      30 Nov 04:00  mil
and 3 more

https://review.corp.example:8053/events?from=2026-11-29T06%3A00%3A00Z&mode=enforce&policy=mil&until=2026-11-30T06%3A00%3A00Z
https://review.corp.example:8053/events?from=2026-11-29T06%3A00%3A00Z&mode=enforce&policy=trial&until=2026-11-30T06%3A00%3A00Z

What policies in mode monitor would have hidden:

looked up  meant     by  events  last          policy
navy.ml    navy.mil  -   1       30 Nov 04:00  trial

https://review.corp.example:8053/events?from=2026-11-29T06%3A00%3A00Z&mode=monitor&policy=mil&until=2026-11-30T06%3A00%3A00Z
https://review.corp.example:8053/events?from=2026-11-29T06%3A00%3A00Z&mode=monitor&policy=trial&until=2026-11-30T06%3A00%3A00Z

Neighbours of protected names that have changed:

name      what        mail server      when          policy
arny.mil  takes mail  mx.park.example  30 Nov 04:00  mil
and 21 more

Still open, since Mon 30 Nov 2026 04:00 CET at the earliest:

looked up   meant        events  since         policy
us.army.ml  us.army.mil  13      30 Nov 04:00  mil

https://review.corp.example:8053/events?policy=mil&reverse=1&sort=time&state=open
https://review.corp.example:8053/events?policy=trial&reverse=1&sort=time&state=open

https://review.corp.example:8053/
`, body)

	subject, body = compose(&history.Digest{From: until.AddDate(0, 0, -1), Until: until}, []string{"mil"}, time.UTC, "")
	assert.Equal(t, "typoguard: 0 blocked, 0 only monitored, 0 open", subject)
	assert.Contains(t, body, "\nNothing is open.\n")
	assert.NotContains(t, body, "http")
}

// TestShown: a name cannot break a line, a table or the direction of the text.
func TestShown(t *testing.T) {
	for name, want := range map[string]string{
		"army.ml": "army.ml", "": "-", "a b\tc\r\nd": "a?b?c??d", "\x00\xff": "??", "\u202eml.army": "?ml.army", "bücher.example": "bücher.example",
		strings.Repeat("a", 70) + ".army.ml": "…" + strings.Repeat("a", maxShown-len(".army.ml")) + ".army.ml",
	} {
		assert.Equal(t, want, shown(name))
	}
}
