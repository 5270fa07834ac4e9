package audit

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
)

// How much of a report is shown to people; JSON and CSV have all of it.
const (
	maxShown       = 50 // lookalikes
	maxAllow       = 20
	maxNeverSeen   = 20
	maxShownSource = 3
)

// writeText writes a report for people.
func writeText(w io.Writer, r *report) error {
	out := bufio.NewWriter(w)
	writeRead(out, r)
	if len(r.Lookalikes) > 0 {
		writeLookalikes(out, r)
		writeAllow(out, r)
	}
	writeNeverSeen(out, r)
	writeTotals(out, r)
	return out.Flush()
}

// writeRead says what was read, with the doubts first.
func writeRead(w io.Writer, r *report) {
	writeWarnings(w, r.Warnings)
	for i := range r.Files {
		writeFile(w, &r.Files[i])
	}
	if r.First != nil {
		fmt.Fprintf(w, "from %s to %s\n", minute(r.First), minute(r.Last))
	}
	if r.Outside > 0 {
		fmt.Fprintf(w, "%s records before or after were left out\n", thousands(r.Outside))
	}
	if r.Lines.Unknown > 0 {
		fmt.Fprintf(w, "%s lines were not understood, such as\n", thousands(r.Lines.Unknown))
		for _, example := range r.Unknown {
			fmt.Fprintf(w, "  %s\n", plain(example))
		}
	}
	writeRelays(w, r.Relays)
}

func writeWarnings(w io.Writer, warnings []string) {
	for _, warning := range warnings {
		fmt.Fprintf(w, "warning: %s\n", plain(warning))
	}
}

// writeFile says how much of a file was understood, by the programs that wrote it.
func writeFile(w io.Writer, f *fileReport) {
	fmt.Fprintf(w, "%s: %s lines, %s octets", plain(f.Name), thousands(f.Items), thousands(f.Octets))
	others := f.Items
	for i, c := range f.Formats {
		separator := "; "
		if i == 0 {
			separator = ": "
		}
		fmt.Fprintf(w, "%s%s %s, %s taken", separator, c.Format, thousands(c.Lines), thousands(c.Taken))
		if c.Unknown > 0 {
			fmt.Fprintf(w, ", %s NOT UNDERSTOOD (%.1f %%)", thousands(c.Unknown), 100*float64(c.Unknown)/float64(c.Taken+c.Unknown))
		}
		others -= c.Lines
	}
	if others > 0 && len(f.Formats) > 0 {
		fmt.Fprintf(w, "; other programs %s", thousands(others))
	}
	if f.Items == 0 {
		fmt.Fprint(w, ": empty")
	}
	if f.Error != "" {
		fmt.Fprint(w, "; NOT READ TO ITS END")
	}
	fmt.Fprintln(w)
}

// writeRelays sums up what was handed to servers that are not the recipients'.
func writeRelays(w io.Writer, relays []logs.Relay) {
	for i := range relays {
		relay := &relays[i]
		what := "smart host"
		if relay.Local {
			what = "relay on this host, not counted as delivered"
		}
		fmt.Fprintf(w, "messages handed to %s (%s): %s; seen again in this log: %s of %s\n", plain(relay.Name), what,
			thousands(relay.Handed), thousands(relay.Again), thousands(relay.Handed))
	}
}

// writeLookalikes writes a table of them, with the columns of mail if there is any.
func writeLookalikes(w io.Writer, r *report) {
	mail, relayed := r.Deliveries.Count > 0, r.Lookalike.Relayed > 0
	fmt.Fprintf(w, "\nLookalikes: %s names, %s records, of which %s would be blocked", thousands(int64(len(r.Lookalikes))),
		thousands(r.Lookalike.Count), thousands(r.Lookalike.Blocked))
	if relayed {
		fmt.Fprintf(w, "; %s were handed to a relay on this host", thousands(r.Lookalike.Relayed))
	}
	switch {
	case mail && r.Lookalike.Delivered > 0:
		fmt.Fprintf(w, "; %s were DELIVERED: that mail has leaked", thousands(r.Lookalike.Delivered))
	case mail:
		fmt.Fprint(w, "; none was delivered")
	}
	fmt.Fprint(w, "\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	header := []string{"name", "meant", "kind", "policy", "action", "count"}
	if mail {
		header = append(header, "delivered", "bounced", "deferred")
	}
	if relayed {
		header = append(header, "relayed")
	}
	writeRow(table, append(header, "first", "last", "from")...)
	for i := range r.Lookalikes[:min(len(r.Lookalikes), maxShown)] {
		l := &r.Lookalikes[i]
		action := l.Action
		if l.Mode == "monitor" {
			action = "monitor"
		}
		cells := []string{l.Name, l.Intended, l.Kind, l.Policy, action, thousands(l.Count)}
		if mail {
			cells = append(cells, thousands(l.Delivered), thousands(l.Bounced), thousands(l.Deferred))
		}
		if relayed {
			cells = append(cells, thousands(l.Relayed))
		}
		writeRow(table, append(cells, minute(l.First), minute(l.Last), sourcesOf(l))...)
	}
	_ = table.Flush() // errors stay with the buffer below
	if more := len(r.Lookalikes) - maxShown; more > 0 {
		fmt.Fprintf(w, "and %s names more, which -json and -csv have\n", thousands(int64(more)))
	}
	if r.Others != nil {
		fmt.Fprintf(w, "and others, which there were too many of to tell apart: %s records, %s delivered\n", thousands(r.Others.Count), thousands(r.Others.Delivered))
	}
	for i := range r.Lookalikes {
		l := &r.Lookalikes[i]
		writeAddresses(w, l)
	}
}

// writeAddresses writes who wrote to whom in a lookalike, if that was asked for.
func writeAddresses(w io.Writer, l *lookalike) {
	if len(l.Recipients) > 0 {
		fmt.Fprintf(w, "to %s", listed(l.Recipients, len(l.Recipients)))
		if len(l.Senders) > 0 {
			fmt.Fprintf(w, " from %s", listed(l.Senders, len(l.Senders)))
		}
		fmt.Fprintln(w)
	}
}

// sourcesOf returns the most frequent sources of a lookalike, and how many others there are.
func sourcesOf(l *lookalike) string {
	shown := listed(l.Sources, maxShownSource)
	switch more := len(l.Sources) - maxShownSource; {
	case l.OtherSources > 0:
		return shown + fmt.Sprintf(", %d more and others", more)
	case more > 0:
		return shown + fmt.Sprintf(", %d more", more)
	}
	return shown
}

// writeAllow ranks what the policies hit by domains that somebody registered.
func writeAllow(w io.Writer, r *report) {
	fmt.Fprint(w, "\nHit most, by registered domain. What is legitimate belongs into allow:\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	writeRow(table, "domain", "count", "delivered", "names", "days", "sources")
	for i := range r.Allow[:min(len(r.Allow), maxAllow)] {
		a := &r.Allow[i]
		writeRow(table, a.Domain, thousands(a.Count), thousands(a.Delivered), thousands(int64(a.Names)), thousands(a.Days), thousands(int64(a.Sources)))
	}
	_ = table.Flush() // as above
	if more := len(r.Allow) - maxAllow; more > 0 {
		fmt.Fprintf(w, "and %s domains more\n", thousands(int64(more)))
	}
}

func writeNeverSeen(w io.Writer, r *report) {
	if len(r.NeverSeen) == 0 {
		return
	}
	shown := strings.Join(r.NeverSeen[:min(len(r.NeverSeen), maxNeverSeen)], " ")
	if len(r.NeverSeen) > maxNeverSeen {
		shown += " …"
	}
	fmt.Fprintf(w, "\nProtected, but never seen: %s of %s suffixes: %s\n", thousands(int64(len(r.NeverSeen))), thousands(int64(r.Protected)), shown)
}

// writeTotals sums up all records.
func writeTotals(w io.Writer, r *report) {
	fmt.Fprint(w, "\nIn total ")
	switch {
	case r.Deliveries.Count > 0 && r.Queries.Count > 0:
		fmt.Fprintf(w, "%s and %s", deliveries(&r.Deliveries), queries(&r.Queries))
	case r.Queries.Count > 0:
		fmt.Fprint(w, queries(&r.Queries))
	default:
		fmt.Fprint(w, deliveries(&r.Deliveries))
	}
	fmt.Fprintf(w, ". Would be blocked: %s.", thousands(r.Deliveries.Blocked+r.Queries.Blocked))
	if len(r.Passed) > 0 {
		fmt.Fprint(w, " Would pass:")
	}
	for i, reason := range slices.Sorted(maps.Keys(r.Passed)) {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprintf(w, " %s %s", thousands(r.Passed[reason]), reason)
	}
	fmt.Fprintln(w)
}

func deliveries(c *counts) string {
	return fmt.Sprintf("%s deliveries (%s delivered, %s bounced, %s deferred)", thousands(c.Count), thousands(c.Delivered), thousands(c.Bounced), thousands(c.Deferred))
}

func queries(c *counts) string { return thousands(c.Count) + " queries or names" }

func writeRow(w io.Writer, cells ...string) {
	fmt.Fprintln(w, strings.Join(cells, "\t"))
}

func minute(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Format("2006-01-02 15:04")
}

// thousands writes a number with commas.
func thousands(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
