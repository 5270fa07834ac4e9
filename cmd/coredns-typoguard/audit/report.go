package audit

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
)

// report is the outcome of an audit.
type report struct {
	summary
	Lookalikes []lookalike
	Allow      []allowable
}

// summary is what a report has but its two lists, and its form in JSON.
type summary struct {
	Files      []fileReport `json:"files"`
	Lines      itemCounts   `json:"lines"`
	Unknown    []string     `json:"unknown_lines,omitempty"` // examples
	Warnings   []string     `json:"warnings,omitempty"`
	First      *time.Time   `json:"first,omitempty"`
	Last       *time.Time   `json:"last,omitempty"`
	Outside    int64        `json:"outside_time,omitempty"` // records before -since or after -until
	Deliveries counts       `json:"deliveries"`
	Queries    counts       `json:"queries"`
	Relays     []logs.Relay `json:"relays,omitempty"`
	// Lookalike sums up the records whose names are lookalikes, and Passed has those that pass, by the reason.
	Lookalike counts           `json:"lookalike"`
	Passed    map[string]int64 `json:"passed"`
	Others    *counts          `json:"others,omitempty"` // lookalikes beyond those that there was memory for
	Protected int              `json:"protected_suffixes"`
	NeverSeen []string         `json:"never_seen"`
}

// lookalike is one lookalike under one policy.
type lookalike struct {
	Name      string `json:"name"`
	Intended  string `json:"intended"`
	Protected string `json:"protected"`
	Distance  int    `json:"distance"`
	Kind      string `json:"kind"`
	Policy    string `json:"policy"`
	Action    string `json:"action"`
	Mode      string `json:"mode"`
	counts
	First         *time.Time     `json:"first,omitempty"`
	Last          *time.Time     `json:"last,omitempty"`
	Days          int64          `json:"days,omitempty"`
	Sources       []valueCount   `json:"sources"`
	OtherSources  int64          `json:"other_sources,omitempty"` // records of further ones
	Senders       []valueCount   `json:"senders,omitempty"`
	Recipients    []valueCount   `json:"recipients,omitempty"`
	PolicyClients []netip.Prefix `json:"clients,omitempty"`
}

// allowable is a registrable domain that the policies hit: if it is legitimate, it belongs on the allow list.
type allowable struct {
	Domain string `json:"domain"`
	Names  int    `json:"names"`
	counts
	Days    int64 `json:"days,omitempty"` // of the name that was seen on most
	Sources int   `json:"sources"`        // at least
}

// report sums up what was read.
func (a *auditor) report() *report {
	t := a.tally
	r := &report{Lookalikes: make([]lookalike, 0, len(t.rows)), summary: summary{
		Files: a.files, Lines: a.items, Unknown: a.unknown, Warnings: a.warnings,
		First: timeOf(t.first), Last: timeOf(t.last), Outside: t.Outside,
		Deliveries: t.mail, Queries: t.queries, Relays: a.reader.Relays(), Passed: map[string]int64{},
		Protected: len(t.seen), NeverSeen: []string{},
	}}
	for reason, n := range t.reasons {
		if reason != blocked {
			r.Passed[reason] = n
		}
	}
	for _, line := range t.rows {
		r.Lookalike.sum(line.counts)
		r.Lookalikes = append(r.Lookalikes, lookalikeOf(line))
	}
	if t.others != (counts{}) {
		r.Others = &t.others
		r.Lookalike.sum(t.others)
	}
	slices.SortFunc(r.Lookalikes, func(a, b lookalike) int {
		return cmp.Or(cmp.Compare(b.Delivered, a.Delivered), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Policy, b.Policy))
	})
	r.Allow = allowables(t.rows)
	for suffix, seen := range t.seen {
		if !seen {
			r.NeverSeen = append(r.NeverSeen, suffix)
		}
	}
	slices.Sort(r.NeverSeen)
	return r
}

func lookalikeOf(l *row) lookalike {
	like := l.like
	for _, t := range []*top{&l.sources, &l.senders, &l.recipients} {
		slices.SortStableFunc(t.values, func(a, b valueCount) int { return cmp.Compare(b.Count, a.Count) })
	}
	return lookalike{
		Name: l.name, Intended: like.intended, Protected: like.protected, Distance: like.distance, Kind: like.kind,
		Policy: like.policy, Action: like.action, Mode: like.mode, PolicyClients: like.clients,
		counts: l.counts, First: timeOf(l.first), Last: timeOf(l.last), Days: l.days,
		Sources: l.sources.values, OtherSources: l.sources.others, Senders: l.senders.values, Recipients: l.recipients.values,
	}
}

// allowables groups lookalikes by registrable domain, those hit most first.
func allowables(rows map[rowKey]*row) []allowable {
	all := map[string]*allowable{}
	sources := map[string]map[string]bool{}
	for _, l := range rows {
		domain := registrable(l.name)
		a := all[domain]
		if a == nil {
			a = &allowable{Domain: domain}
			all[domain], sources[domain] = a, map[string]bool{}
		}
		a.Names++
		a.sum(l.counts)
		a.Days = max(a.Days, l.days)
		for _, s := range l.sources.values {
			sources[domain][s.Value] = true
		}
	}
	list := make([]allowable, 0, len(all))
	for domain, a := range all {
		a.Sources = len(sources[domain])
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b allowable) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Domain, b.Domain))
	})
	return list
}

// registrable returns the domain that somebody registered under a public suffix, with the name in it. A name that is a
// public suffix itself is returned as it is, and so is the name of a host alone.
func registrable(name string) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(strings.Trim(name, "."))
	if err != nil {
		return name
	}
	return domain
}

// timeOf returns a time in seconds since 1970, or nil for 0.
func timeOf(seconds int64) *time.Time {
	if seconds == 0 {
		return nil
	}
	t := time.Unix(seconds, 0)
	return &t
}
