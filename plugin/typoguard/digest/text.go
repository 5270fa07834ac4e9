package digest

import (
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// maxShown is how many characters of a name are shown.
const maxShown = 64

// text writes the mail about a period.
type text struct {
	strings.Builder
	*history.Digest
	policies []string
	zone     *time.Location
	url      string // of the page; "" for no links
}

// compose returns the subject and the text of the mail about a period.
func compose(d *history.Digest, policies []string, zone *time.Location, url string) (subject, body string) {
	t := &text{Digest: d, policies: policies, zone: zone, url: strings.TrimSuffix(url, "/")}
	t.head()
	t.pairs("Hidden lookalikes, and who looked them up", t.Hidden, t.HiddenTotal, "enforce")
	t.pairs("What policies in mode monitor would have hidden", t.Trials, t.TrialTotal, "monitor")
	t.changes()
	t.open()
	if t.url != "" {
		fmt.Fprintf(t, "\n%s/\n", t.url)
	}
	subject = fmt.Sprintf("typoguard: %d blocked, %d only monitored, %d open", t.Blocked.Events+t.Refused.Events, t.Monitored.Events, t.OpenEvents)
	return subject, t.String()
}

func (t *text) head() {
	fmt.Fprintf(t, "From %s to %s\nPolicies: %s\n\n", t.day(t.From), t.day(t.Until), strings.Join(t.policies, ", "))
	table := t.table("", "events", "queries")
	for _, row := range []struct {
		name string
		history.Count
	}{{"blocked", t.Blocked}, {"refused by SMTP", t.Refused}, {"only monitored", t.Monitored}} {
		fmt.Fprintf(table, "%s\t%d\t%d\n", row.name, row.Events, row.Queries)
	}
	flush(table)
}

// pairs writes lookalikes with their clients. The page lists them by the mode of their policies, like the table.
func (t *text) pairs(title string, pairs []history.Pair, total int64, mode string) {
	if len(pairs) == 0 {
		return
	}
	fmt.Fprintf(t, "\n%s:\n\n", title)
	table := t.table("looked up", "meant", "by", "events", "last", "policy")
	for _, p := range pairs {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", shown(p.Lookalike), shown(p.Intended), shown(p.Client), p.Events, t.minute(p.Last), shown(p.Policy))
	}
	flush(table)
	t.more(total, len(pairs))
	t.links("mode", mode, "from", t.From.UTC().Format(time.RFC3339), "until", t.Until.UTC().Format(time.RFC3339))
}

// changeWords say what happened to a neighbour that is watched.
var changeWords = map[string]string{event.Registered: "was registered", event.TakesMail: "takes mail", event.MovedMail: "moved its mail"}

func (t *text) changes() {
	if len(t.Changes) == 0 {
		return
	}
	fmt.Fprint(t, "\nNeighbours of protected names that have changed:\n\n")
	table := t.table("name", "what", "mail server", "when", "policy")
	for _, c := range t.Changes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", shown(c.Lookalike), changeWords[c.Action], shown(c.Via), t.minute(c.First), shown(c.Policy))
	}
	flush(table)
	t.more(t.ChangeTotal, len(t.Changes))
}

func (t *text) open() {
	if t.OpenEvents == 0 {
		fmt.Fprint(t, "\nNothing is open.\n")
		return
	}
	fmt.Fprintf(t, "\nStill open, since %s at the earliest:\n\n", t.day(t.Oldest))
	table := t.table("looked up", "meant", "events", "since", "policy")
	for _, n := range t.Open {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\n", shown(n.Lookalike), shown(n.Intended), n.Events, t.minute(n.First), shown(n.Policy))
	}
	flush(table)
	t.more(t.OpenTotal, len(t.Open))
	t.links("state", string(history.StateOpen), "sort", "time", "reverse", "1")
}

// table begins a table.
func (t *text) table(columns ...string) *tabwriter.Writer {
	table := tabwriter.NewWriter(t, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(columns, "\t"))
	return table
}

// flush ends a table.
func flush(table *tabwriter.Writer) { _ = table.Flush() } // a builder takes everything

// more says how many rows a table lacks.
func (t *text) more(total int64, shown int) {
	if rest := total - int64(shown); rest > 0 {
		fmt.Fprintf(t, "and %d more\n", rest)
	}
}

// links writes the addresses of a list on the page: one for each policy, because the page lists the events of one or of all.
func (t *text) links(pairs ...string) {
	if t.url == "" {
		return
	}
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	fmt.Fprintln(t)
	for _, name := range t.policies {
		values.Set("policy", name)
		fmt.Fprintf(t, "%s/events?%s\n", t.url, values.Encode())
	}
}

func (t *text) day(at time.Time) string { return at.In(t.zone).Format("Mon 2 Jan 2006 15:04 MST") }

func (t *text) minute(at time.Time) string { return at.In(t.zone).Format("2 Jan 15:04") }

// shown returns a name as it is shown. It comes from strangers, and must not look like anything else in the mail.
func shown(name string) string {
	if name == "" {
		return "-"
	}
	if utf8.RuneCountInString(name) > maxShown {
		name = "…" + string([]rune(name)[utf8.RuneCountInString(name)-maxShown:])
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '?'
		}
		return r
	}, name)
}
