package review

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

func TestParseQuery(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 35, 0, 0, time.FixedZone("", 3600))
	tests := []struct {
		query  string
		filter history.Filter
		page   history.Page
	}{
		{"", history.Filter{}, history.Page{Order: history.ByTime}},
		{"span=24h", history.Filter{From: time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)}, history.Page{Order: history.ByTime}},
		{"span=7d", history.Filter{From: time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)}, history.Page{Order: history.ByTime}},
		{"span=30d", history.Filter{From: time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC)}, history.Page{Order: history.ByTime}},
		{"from=2026-11-01T10:00&until=2026-11-02T10:00:30%2B02:00&span=24h",
			history.Filter{From: time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC), Until: time.Date(2026, 11, 2, 8, 0, 30, 0, time.UTC)}, history.Page{Order: history.ByTime}},
		{"policy=mil&kind=omission&mode=monitor&action=nxdomain&state=false_positive&client=2001:DB8:0::1&host=ns1&name=+army.+&lookalike=US.army.ml.",
			history.Filter{Policy: "mil", Kind: "omission", Mode: "monitor", Action: "nxdomain", State: "false_positive", Client: "2001:db8::1", Host: "ns1", Name: "army", Lookalike: "us.army.ml"},
			history.Page{Order: history.ByTime}},
		{"done=blocked", history.Filter{Blocked: true}, history.Page{Order: history.ByTime}},
		{"done=monitored", history.Filter{Mode: "monitor"}, history.Page{Order: history.ByTime}},
		{"done=refused", history.Filter{Action: "smtp-refused"}, history.Page{Order: history.ByTime}},
		{"client=::ffff:192.0.2.1", history.Filter{Client: "192.0.2.1"}, history.Page{Order: history.ByTime}},
		{"sort=count&reverse=1&cursor=abc&limit=7&policy=&kind=", history.Filter{}, history.Page{Order: history.ByCount, Reverse: true, Cursor: "abc", Limit: 7}},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			values, err := url.ParseQuery(tt.query)
			require.NoError(t, err)
			q, err := parseQuery(values, now)
			require.NoError(t, err)
			assert.Equal(t, tt.filter, q.filter)
			assert.Equal(t, tt.page, q.page)
		})
	}
}

func TestParseQueryErrors(t *testing.T) {
	for query, want := range map[string]string{
		"span=1y":     `Parameter "span": expected 24h, 7d or 30d.`,
		"from=today":  `Parameter "from": expected a time in UTC such as 2026-11-22T14:00.`,
		"from=0001":   `Parameter "from": expected a time in UTC such as 2026-11-22T14:00.`,
		"until=x":     `Parameter "until": expected a time in UTC such as 2026-11-22T14:00.`,
		"mode=off":    `Parameter "mode": expected enforce or monitor.`,
		"done=x":      `Parameter "done": expected blocked, monitored or refused.`,
		"state=shut":  `Parameter "state": expected open, confirmed or false_positive.`,
		"client=mx1":  `Parameter "client": expected an IP address.`,
		"sort=random": `Parameter "sort": expected time, count, name or client.`,
		"reverse=yes": `Parameter "reverse": expected 1.`,
		"limit=0":     `Parameter "limit": expected a number from 1 to 1000.`,
		"limit=1001":  `Parameter "limit": expected a number from 1 to 1000.`,
		"name=" + strings.Repeat("a", maxValue+1): `Parameter "name": expected one value of at most 1100 bytes.`,
		"kind=a&kind=b":                    `Parameter "kind": expected one value of at most 1100 bytes.`,
		"from=2026-11-02&until=2026-11-01": `Parameter "until": expected a time after from.`,
		"polciy=mil": `Parameter "polciy": expected one of the parameters span, from, until, policy, kind, done, mode, action, state, assignee, client, host, lookalike, name, text, after, sort, ` +
			`reverse, cursor, at, limit.`,
	} {
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		_, err = parseQuery(values, time.Now())
		assert.EqualError(t, err, want)
	}
}

// rows returns the ids of the events that a list shows.
func rows(page string) []string {
	var ids []string
	for _, match := range regexp.MustCompile(`<a href="/events/([a-z0-9]+)["?]`).FindAllStringSubmatch(page, -1) {
		ids = append(ids, match[1])
	}
	return ids
}

// linkOf returns where a link with some words leads.
func linkOf(tb testing.TB, page, words string) string {
	tb.Helper()
	var found string
	elements(tb, page, func(n *html.Node) {
		if n.Data == "a" && n.FirstChild != nil && n.FirstChild.Data == words {
			for _, a := range n.Attr {
				if a.Key == "href" {
					found = a.Val
				}
			}
		}
	})
	return found
}

// TestPaging: by the links, all events are seen once, forwards and backwards, in every order.
func TestPaging(t *testing.T) {
	var events []*event.Event
	for i := range 2*listLimit + 7 {
		e := lookup(fmt.Sprintf("event%05d", i), time.Duration(i)*time.Minute)
		e.Count, e.Client, e.Name = i%5+1, fmt.Sprintf("192.0.2.%d", i%9), fmt.Sprintf("host%d.army.ml", i%11)
		events = append(events, e)
	}
	p := newPage(t, append(events, monitored("other00000", time.Minute))...)
	for _, order := range history.Orders {
		for _, reverse := range []string{"", "1"} {
			target := link("/events", "policy", "mil", "sort", string(order), "reverse", reverse)
			var forwards, backwards, counts []string
			for target != "" {
				page := p.get(target).Body.String()
				forwards = append(forwards, rows(page)...)
				counts = append(counts, regexp.MustCompile(`\d+–\d+ of \d+ events`).FindString(page))
				if next := linkOf(t, page, "Next"); next != "" {
					target = next
					continue
				}
				break
			}
			assert.Equal(t, []string{"1–50 of 107 events", "51–100 of 107 events", "101–107 of 107 events"}, counts)
			seen := map[string]bool{}
			for _, id := range forwards {
				seen[id] = true
			}
			assert.Len(t, seen, len(events))
			assert.Len(t, forwards, len(events))
			for target != "" {
				page := p.get(target).Body.String()
				backwards = append(rows(page), backwards...)
				target = linkOf(t, page, "Previous")
			}
			assert.Equal(t, forwards, backwards)
		}
	}
}

// TestSorting: heads of columns say how the list is sorted, and lead to another order or the other direction.
func TestSorting(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	arias := func(target string) map[string]string {
		all := map[string]string{}
		elements(t, p.get(target).Body.String(), func(n *html.Node) {
			for _, a := range n.Attr {
				if a.Key == "aria-sort" {
					all[n.FirstChild.FirstChild.Data] = a.Val + " " + n.FirstChild.Attr[0].Val
				}
			}
		})
		return all
	}
	assert.Equal(t, map[string]string{
		"Time": "descending /events?policy=mil&reverse=1", "Lookalike": "none /events?policy=mil&sort=name",
		"Client": "none /events?policy=mil&sort=client", "Count": "none /events?policy=mil&sort=count",
	}, arias("/events?policy=mil"))
	assert.Equal(t, map[string]string{
		"Time": "none /events", "Lookalike": "ascending /events?sort=name&reverse=1", "Client": "none /events?sort=client", "Count": "none /events?sort=count",
	}, arias("/events?sort=name"))
	assert.Equal(t, "descending /events?sort=name", arias("/events?sort=name&reverse=1")["Lookalike"])
	assert.Equal(t, "ascending /events", arias("/events?reverse=1")["Time"])
}

// TestFilterForm: the form shows what the list was filtered by, also if it was wrong, and each part can be taken away.
func TestFilterForm(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), monitored("bbbbbbbbbb", time.Minute))
	page := p.get("/events?policy=mil&client=192.0.2.7&name=army&from=2026-01-01&mode=enforce").Body.String()
	assert.Equal(t, []string{"aaaaaaaaaa"}, rows(page))
	for _, field := range []string{
		`<option value="mil" selected>`, `name="client" value="192.0.2.7"`, `name="name" value="army"`, `name="from" step="1" value="2026-01-01T00:00:00"`,
		`<option selected>enforce</option>`, `<details open>`,
	} {
		assert.Contains(t, page, field)
	}
	leads := links(t, page)
	assert.Contains(t, leads, "/events?from=2026-01-01&mode=enforce&client=192.0.2.7&name=army", "without the policy")
	assert.Contains(t, leads, "/events.csv?from=2026-01-01&policy=mil&mode=enforce&client=192.0.2.7&name=army")
	assert.Contains(t, leads, "/events?from=2026-01-01&policy=mil&kind=omission&mode=enforce&client=192.0.2.7&name=army", "a click on the kind")

	wrong := p.get("/events?client=mx1&name=army")
	assert.Equal(t, http.StatusBadRequest, wrong.Code)
	assert.Contains(t, text(t, wrong.Body.String()), "expected an IP address")
	assert.Contains(t, wrong.Body.String(), `name="client" value="mx1"`)
	assert.Contains(t, wrong.Body.String(), `name="name" value="army"`)
	assert.Contains(t, text(t, p.get("/events?name=nothing").Body.String()), "No events match this filter.")
	assert.Contains(t, text(t, newPage(t).get("/events").Body.String()), "No events yet.")
}

// TestOverview: the totals lead to lists with as many events, and so do the rows.
func TestOverview(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", 50*time.Hour), monitored("cccccccccc", time.Minute), monitored("dddddddddd", 2*time.Minute),
		refused("eeeeeeeeee", time.Minute), stranger("ffffffffff", time.Minute), lookup("gggggggggg", 10*24*time.Hour))
	for _, by := range []string{"policy", "kind"} {
		page := p.get("/?span=24h&by=" + by).Body.String()
		shown := text(t, page)
		assert.Contains(t, shown, "Last 24 hours blocked 1 3 queries monitored 2 6 queries refused by SMTP 2 2 queries")
		assert.Contains(t, shown, "Last 7 days blocked 2 6 queries monitored 2")
		assert.Contains(t, shown, "Last 30 days blocked 3 9 queries monitored 2")
		assert.Contains(t, shown, "3 different lookalikes, 3 clients")
		assert.NotContains(t, shown, "No events yet")
	}
	page := p.get("/").Body.String()
	assert.Contains(t, text(t, page), "other domains 1 mil 2 trial, monitored 2")
	for address, count := range map[string]int{
		"/events?span=24h&done=blocked": 1, "/events?span=24h&done=monitored": 2, "/events?span=24h&done=refused": 2, "/events?span=7d&done=blocked": 2, "/events?span=30d&done=blocked": 3,
		"/events?span=24h&policy=mil&mode=enforce": 2, "/events?span=24h&policy=trial&mode=monitor": 2,
		"/events?span=24h&policy=mil&kind=omission&lookalike=us.army.ml": 2, "/events?span=24h&client=192.0.2.7": 2,
	} {
		assert.Contains(t, links(t, page), address)
		assert.Len(t, rows(p.get(address).Body.String()), count, address)
	}
	empty := newPage(t)
	for _, target := range []string{"/", "/?span=30d&by=kind"} {
		shown := text(t, empty.get(target).Body.String())
		assert.Contains(t, shown, "No events yet")
		assert.Contains(t, shown, "dig @RESOLVER army.ml MX")
	}
}

// TestSummariesFresh: a summary is made again when it is old, and only then.
func TestSummariesFresh(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	all := newSummaries(p.store)
	first, err := all.of(t.Context(), history.Day, history.ByPolicy)
	require.NoError(t, err)
	again, err := all.of(t.Context(), history.Day, history.ByPolicy)
	require.NoError(t, err)
	assert.Same(t, first, again)
	other, err := all.of(t.Context(), history.Day, history.ByKind)
	require.NoError(t, err)
	assert.NotSame(t, first, other)
	all.last[summaryKey{history.Day, history.ByPolicy}].at = time.Now().Add(-fresh)
	anew, err := all.of(t.Context(), history.Day, history.ByPolicy)
	require.NoError(t, err)
	assert.NotSame(t, first, anew)
}
