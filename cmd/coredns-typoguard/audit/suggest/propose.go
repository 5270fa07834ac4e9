package suggest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/coredns/caddy"
	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// From how much mail on a domain is suggested. Of logs of a few days it is enough if half of them have some.
const (
	protectDays     = 5
	protectMessages = 5
	protectSenders  = 3
	protectAsked    = 10 // queries for mail servers, of which no log tells the senders
	maxProtect      = 300

	allowDays       = 3
	allowSenders    = 2
	allowRecipients = 2
	allowFromDays   = 2
)

// Suggestion is a domain, with the evidence for it.
type Suggestion struct {
	Domain string
	// Like is what it looks like, of a domain that is or may be legitimate although it looks like a protected one.
	Like *event.Lookalike
	// Doubt says why it is not suggested, and is empty if it is.
	Doubt string

	mail
	own bool
}

// Suggestions are what there is to suggest. Each list has the domains with the most evidence first.
type Suggestions struct {
	// Protect is what to protect, and Allow what to allow.
	Protect, Allow []Suggestion
	// Rivals look like each other, or like a well-known domain, and may be typos. Lookalikes get mail, and are not suggested, for a reason.
	Rivals, Lookalikes []Suggestion
	// Prefixes are names of hosts before protected domains.
	Prefixes []Prefix
	// Days is on how many days there was mail in the logs, and Forgotten says that there were too many domains to remember all.
	Days      int
	Forgotten bool
}

// Propose draws the conclusions. The function given says what the policies that there are already decide about mail to a domain.
func (e *Evidence) Propose(decide func(name string) policy.Decision) (*Suggestions, error) {
	s := &Suggestions{Days: e.days.count(), Forgotten: e.forgotten}
	e.protect(s, decide)
	if err := s.setAsideTypos(); err != nil {
		return nil, err
	}
	if err := e.allow(s, decide); err != nil {
		return nil, err
	}
	e.prefixes(s, decide)
	return s, nil
}

// protect finds domains to protect.
func (e *Evidence) protect(s *Suggestions, decide func(string) policy.Decision) {
	var all []Suggestion
	for name, m := range e.domains {
		if !m.isRegular(s.Days) || popular.IsTypo(name) || match.CheckProtectable(name) != nil {
			continue
		}
		if d := decide(name); d.Listed == "" && !d.Covered() {
			all = append(all, Suggestion{Domain: name, mail: *m})
		}
	}
	sortByMail(all)
	all = all[:min(len(all), maxProtect)]
	markOwn(all)
	s.Protect, s.Rivals = withoutRivals(all)
}

// isRegular reports whether many write to a domain, on many days. What all goes to one mailbox may be an auto-forward.
func (m *mail) isRegular(logged int) bool {
	least := max(1, min(protectDays, (logged+1)/2))
	if m.delivered+m.seen == 0 {
		return m.askedDays.count() >= least && m.asked >= protectAsked
	}
	return m.days.count() >= least && m.delivered+m.seen >= protectMessages && m.bounced <= m.delivered+m.seen &&
		len(m.senders) >= protectSenders && len(m.recipients) != 1
}

// sortByMail sorts domains by how much speaks for them.
func sortByMail(all []Suggestion) {
	slices.SortFunc(all, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(b.delivered+b.seen+b.asked, a.delivered+a.seen+a.asked), cmp.Compare(a.Domain, b.Domain))
	})
}

// weight is how much speaks for a domain: who writes to it every day is worth more than who writes much.
func (s *Suggestion) weight() int {
	return max(s.days.count(), s.askedDays.count()) * max(1, len(s.senders))
}

// markOwn marks the domain that most mail comes from.
func markOwn(all []Suggestion) {
	most := -1
	for i := range all {
		if all[i].from > 0 && (most < 0 || all[i].from > all[most].from) {
			most = i
		}
	}
	if most >= 0 {
		all[most].own = true
	}
}

// clearly is how much more must speak for one of two domains that look like each other, for the other one to be the typo.
const clearly = 10

// withoutRivals sets aside domains that look like another one of them, unless both are popular. Of two, the one stays that clearly more
// speaks for. They are sorted by that.
func withoutRivals(all []Suggestion) (protect, rivals []Suggestion) {
	indexes := make([]*match.Index, len(all))
	dropped := make([]bool, len(all))
	b := new(match.Buffer)
	for i := range all {
		indexes[i], _ = match.Compile([]match.Entry{{Suffix: all[i].Domain, Distance: 1, Kinds: match.DefaultKinds}}, nil) // all are protectable
		for j := range i {
			if dropped[j] && all[j].Doubt == "" || !looksLike(all, indexes, i, j, b) {
				continue
			}
			switch {
			case isPopular(all[i].Domain) && isPopular(all[j].Domain): // as ups.com and ubs.com
			case all[j].weight() >= clearly*all[i].weight() && !isPopular(all[i].Domain):
				dropped[i] = true // it may be allowed
			default:
				dropped[i], dropped[j] = true, true
				all[i].Doubt, all[j].Doubt = "looks like "+all[j].Domain, "looks like "+all[i].Domain
			}
		}
	}
	for i := range all {
		switch {
		case !dropped[i]:
			protect = append(protect, all[i])
		case all[i].Doubt != "":
			rivals = append(rivals, all[i])
		}
	}
	return protect, rivals
}

// wellKnown is the rank up to which a domain is one that everybody writes to, and mistypes.
const wellKnown = 1000

// setAsideTypos sets aside domains that differ from a well-known one by what people mistype most.
func (s *Suggestions) setAsideTypos() error {
	block, err := protecting(s.Protect)
	if err != nil || block == nil {
		return err
	}
	doubts := map[string]string{}
	for k := range block.Set.Known(context.Background()) {
		for _, c := range k.Candidates {
			if k.Rank > 0 && k.Rank <= wellKnown && !isPopular(c.Protected) && doubtOf(c.Protected, &event.Lookalike{Intended: k.Name, Kind: c.Kind}) != "" {
				doubts[c.Protected] = "looks like " + k.Name
			}
		}
	}
	var protect []Suggestion
	for _, p := range s.Protect {
		if p.Doubt = doubts[p.Domain]; p.Doubt == "" {
			protect = append(protect, p)
		} else {
			s.Rivals = append(s.Rivals, p)
		}
	}
	s.Protect = protect
	return nil
}

// looksLike reports whether one of two domains looks like the other.
func looksLike(all []Suggestion, indexes []*match.Index, i, j int, b *match.Buffer) bool {
	return len(indexes[j].Lookup(all[i].Domain, b).Matches) > 0 || len(indexes[i].Lookup(all[j].Domain, b).Matches) > 0
}

func isPopular(name string) bool {
	_, ok := popular.Builtin().Rank(name)
	return ok
}

// allow finds the lookalikes that mail was delivered to: those of protected domains, and of what is suggested to be protected.
func (e *Evidence) allow(s *Suggestions, decide func(string) policy.Decision) error {
	also, err := protecting(s.Protect)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(e.domains)) {
		m := e.domains[name]
		if m.delivered == 0 {
			continue
		}
		d := decide(name)
		if d.Listed == "" && !d.Covered() && also != nil {
			d = also.Judge(&policy.Query{Name: name, Type: dns.TypeMX})
		}
		if d.Listed != "" || !d.Covered() {
			continue
		}
		found := Suggestion{Domain: name, Like: &d.Lookalike, Doubt: doubtOf(name, &d.Lookalike), mail: *m}
		if found.Doubt == "" && !m.isLegitimate() {
			found.Doubt = "too little mail to tell"
		}
		if found.Doubt == "" {
			s.Allow = append(s.Allow, found)
		} else {
			s.Lookalikes = append(s.Lookalikes, found)
		}
	}
	sortByMail(s.Allow)
	sortByMail(s.Lookalikes)
	return nil
}

// isLegitimate reports whether the mail of a domain is more than typing errors would be: several write to several, again and again, or
// it writes, too.
func (m *mail) isLegitimate() bool {
	if m.bounced > m.delivered {
		return false
	}
	regular := m.days.count() >= allowDays && len(m.senders) >= allowSenders && len(m.recipients) >= allowRecipients
	return regular || m.days.count() >= allowFromDays && m.fromDays.count() >= allowFromDays
}

// protecting returns a server block with a policy that protects domains, or nil if there are none.
func protecting(all []Suggestion) (*typoguard.Block, error) {
	if len(all) == 0 {
		return nil, nil //nolint:nilnil // there is nothing to protect
	}
	content := ". {\n typoguard {\n  protect " + names(all, len(all)) + "\n }\n}\n"
	blocks, err := typoguard.Load(caddy.CaddyfileInput{Contents: []byte(content), Filepath: "suggest", ServerTypeName: "dns"})
	if err != nil {
		return nil, err
	}
	return blocks[0], nil
}

// names returns the domains of suggestions.
func names(all []Suggestion, most int) string {
	var list []string
	for i := range all[:min(len(all), most)] {
		list = append(list, all[i].Domain)
	}
	if more := len(all) - most; more > 0 {
		list = append(list, "…")
	}
	return strings.Join(list, " ")
}
