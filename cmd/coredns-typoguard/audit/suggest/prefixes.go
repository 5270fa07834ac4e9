package suggest

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const (
	// maxHosts is how many names of hosts are remembered: of more, those with the least mail are forgotten.
	maxHosts = 16_000

	prefixDays     = 3
	prefixMessages = 3
	maxPrefixes    = 200 // a policy can have no more
	maxDomainsOf   = 5   // that a line names
)

// host is what is known of the mail to names with one label directly before a domain.
type host struct {
	messages int64
	days     days
}

// add counts a message, or a query for the mail servers.
func (h *host) add(time int64) {
	if h != nil {
		h.messages++
		h.days.add(time)
	}
}

// hostOf returns what is known of the names with the label that stands directly before a domain in a name, or nil if that is no name of a
// host, or one of the usual ones, which are known anyway.
func (e *Evidence) hostOf(name, registered string, m *mail) *host {
	above := strings.TrimSuffix(strings.TrimSuffix(name, registered), ".")
	label, err := match.ParsePrefix(above[strings.LastIndexByte(above, '.')+1:])
	if err != nil || slices.Contains(match.UsualPrefixes(), label) {
		return nil
	}
	h := m.hosts[label]
	if h == nil {
		if e.hosts >= maxHosts {
			e.forgetHosts()
		}
		if m.hosts == nil {
			m.hosts = map[string]*host{}
		}
		h = new(host)
		m.hosts[strings.Clone(label)] = h
		e.hosts++
	}
	return h
}

// forgetHosts makes room: the names with the least mail go, a quarter of all or more.
func (e *Evidence) forgetHosts() {
	e.forgotten = true
	clear(e.recent)
	for least := int64(1); e.hosts > maxHosts*3/4; least *= 2 {
		for _, m := range e.domains {
			before := len(m.hosts)
			maps.DeleteFunc(m.hosts, func(_ string, h *host) bool { return h.messages <= least })
			e.hosts -= before - len(m.hosts)
		}
	}
}

// Prefix is the name of hosts before protected domains, with the evidence for it.
type Prefix struct {
	Label string
	// Domains are those that have such hosts, in alphabetical order.
	Domains []string
	// Doubt says why it is not suggested, and is empty if it is.
	Doubt string

	host
}

// prefixes finds the names of hosts before domains that are protected or are to be, without which a policy knows only the usual ones. A name
// is not suggested if the logs have mail to what the policy would hide.
func (e *Evidence) prefixes(s *Suggestions, decide func(string) policy.Decision) {
	found := map[string]*Prefix{}
	var protected []string
	for _, name := range slices.Sorted(maps.Keys(e.domains)) {
		isSuggested := slices.ContainsFunc(s.Protect, func(p Suggestion) bool { return p.Domain == name })
		if !isSuggested && decide(name).Verdict != policy.Protected {
			continue
		}
		protected = append(protected, name)
		for label, h := range e.domains[name].hosts {
			if found[label] == nil {
				found[label] = &Prefix{Label: label}
			}
			found[label].addDomain(name, h)
		}
	}
	for _, p := range found {
		if p.isRegular(s.Days) {
			s.Prefixes = append(s.Prefixes, *p)
		}
	}
	slices.SortFunc(s.Prefixes, func(a, b Prefix) int {
		return cmp.Or(cmp.Compare(len(b.Domains), len(a.Domains)), cmp.Compare(b.messages, a.messages), cmp.Compare(a.Label, b.Label))
	})
	s.Prefixes = s.Prefixes[:min(len(s.Prefixes), maxPrefixes)]
	for i := range s.Prefixes {
		e.doubtPrefix(&s.Prefixes[i], protected)
	}
}

// addDomain adds what is known of hosts of one more domain.
func (p *Prefix) addDomain(name string, h *host) {
	p.Domains = append(p.Domains, name)
	p.messages += h.messages
	for i, word := range h.days {
		p.days[i] |= word
	}
}

// isRegular reports whether there is mail again and again, and it is not a single mistake.
func (p *Prefix) isRegular(logged int) bool {
	return p.messages >= prefixMessages && p.days.count() >= max(1, min(prefixDays, (logged+1)/2))
}

// doubtPrefix notes if one of the names that would be hidden gets mail.
func (e *Evidence) doubtPrefix(p *Prefix, protected []string) {
	for _, domain := range protected {
		if m := e.domains[p.Label+domain]; m != nil && m.delivered+m.seen+m.asked > 0 {
			p.Doubt = "there is mail to " + p.Label + domain
			return
		}
	}
}

func (s *Suggestions) prefixText(now time.Time) string {
	var text, doubtful strings.Builder
	text.WriteString(s.head("as names of hosts before protected domains", prefixesOption+", with the kind boundary", now))
	for i := range s.Prefixes {
		if p := &s.Prefixes[i]; p.Doubt == "" {
			text.WriteString(p.line())
		} else {
			doubtful.WriteString("# " + p.line())
		}
	}
	if doubtful.Len() > 0 {
		text.WriteString("\n# Not suggested, since a domain that would be hidden gets mail: a typo, or somebody else's.\n" + doubtful.String())
	}
	return text.String()
}

// line is that of a file, with the evidence as its note.
func (p *Prefix) line() string {
	domains := strings.Join(p.Domains[:min(len(p.Domains), maxDomainsOf)], " ")
	if more := len(p.Domains) - maxDomainsOf; more > 0 {
		domains += fmt.Sprintf(" and %d more", more)
	}
	doubt := ""
	if p.Doubt != "" {
		doubt = p.Doubt + "; "
	}
	return fmt.Sprintf("%s # %sbefore %s; %d messages or queries on %s\n", p.Label, doubt, domains, p.messages, plural(p.days.count(), "day"))
}

// printPrefixes sums them up, as Print does the domains.
func (s *Suggestions) printPrefixes(text *strings.Builder, dir string) {
	var labels []string
	for i := range s.Prefixes {
		if s.Prefixes[i].Doubt == "" {
			labels = append(labels, s.Prefixes[i].Label)
		}
	}
	fmt.Fprintf(text, "\nprefixes: %s of hosts suggested", plural(len(labels), "name"))
	if len(labels) > 0 {
		fmt.Fprintf(text, ": %s", strings.Join(labels[:min(len(labels), maxNamed)], " "))
	}
	if len(labels) > maxNamed {
		text.WriteString(" …")
	}
	text.WriteString("\n")
	if dir != "" {
		fmt.Fprintf(text, "  in %s\n", filepath.Join(dir, PrefixesFile))
	}
}
