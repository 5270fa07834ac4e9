package check

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// result is the result for one name.
type result struct {
	given        string // the name or address as given
	name         string // lower-case, without the final dot
	decision     policy.Decision
	block        *typoguard.Block // that judged it; nil if none did
	server, view string           // of the server block, where that needs to be said

	record         string // in the reply, that leads to a lookalike
	alias, targets string // what becomes of records in a reply that passes
	reply          string // "none" if the resolver does not answer
}

// setRecord says which record leads to a lookalike.
func (r *result) setRecord(record dns.RR) {
	target, _ := policy.Target(record)
	r.record = dns.TypeToString[record.Header().Rrtype] + " " + strings.ToLower(strings.TrimSuffix(target, "."))
}

// suffix returns the deciding suffix, with its note and expiry if a list file has any.
func (r *result) suffix() suffixlist.Suffix {
	name := r.decision.Listed
	if c := r.candidate(); c != nil {
		name = c.Protected
	}
	if r.block == nil || name == "" {
		return suffixlist.Suffix{}
	}
	s, _ := r.block.Noted(name)
	return s
}

// candidate returns the deciding candidate, or the nearest one if no matching policy applies to the client; nil if there is none.
func (r *result) candidate() *event.Lookalike {
	d := &r.decision
	switch {
	case d.Policy != nil:
		return &d.Lookalike
	case len(d.Candidates) > 0:
		return &d.Candidates[0]
	}
	return nil
}

// policy returns the policy of a candidate.
func (r *result) policy(c *event.Lookalike) *policy.Policy { return r.block.Set.Named(c.Policy) }

// rank returns the rank of the popular domain because of which the name passes, or 0 if there is none or it is unranked.
func (r *result) rank() int {
	if r.decision.Popular == "" {
		return 0
	}
	rank, _ := policy.Rank(r.decision.Policy.Popular, r.decision.Popular)
	return rank
}

// until returns when a suffix expires, or "".
func until(s suffixlist.Suffix) string {
	if s.Until.IsZero() {
		return ""
	}
	return s.Until.UTC().Format(time.RFC3339)
}

// printLine prints a result for people and for grep. It omits fields without a value.
func printLine(w io.Writer, r *result) error {
	var line strings.Builder
	d, suffix := &r.decision, r.suffix()
	outcome := "passed"
	switch {
	case d.Deferred():
		outcome = "deferred"
	case d.Enforced():
		outcome = "blocked"
	}
	fmt.Fprintf(&line, "%s: %s", r.name, outcome)
	field := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&line, " %s=%s", key, value)
		}
	}
	field("verdict", d.Verdict.String())
	field("reason", d.Outcome().String())
	field("listed", d.Listed)
	field("popular", d.Popular)
	if rank := r.rank(); rank > 0 {
		field("rank", strconv.Itoa(rank))
	}
	if r.record != "" {
		field("record", strconv.Quote(r.record))
	}
	field("alias", r.alias)
	field("targets", r.targets)
	field("reply", r.reply)
	if c := r.candidate(); c != nil {
		p := r.policy(c)
		field("intended", c.Intended)
		field("protected", c.Protected)
		field("distance", fmt.Sprint(c.Distance))
		field("kind", c.Kind)
		field("policy", c.Policy)
		field("action", p.Action.String())
		field("mode", p.ModeAt(time.Now()).String())
		field("clients", joined(p.Clients.Networks))
	}
	field("counterpart", d.Counterpart.String())
	field("until", until(suffix))
	if suffix.Note != "" {
		field("note", strconv.Quote(suffix.Note))
	}
	field("server", r.server)
	field("view", r.view)
	_, err := fmt.Fprintln(w, line.String())
	return err
}

func joined(networks []netip.Prefix) string {
	all := make([]string, len(networks))
	for i, network := range networks {
		all[i] = network.String()
	}
	return strings.Join(all, ",")
}

// object is a result in JSON.
type object struct {
	Name    string `json:"name"`
	Input   string `json:"input"`
	Blocked bool   `json:"blocked"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
	Allowed string `json:"allowed,omitempty"` // the suffix, if the verdict is "allowed"
	Popular string `json:"popular,omitempty"` // the domain, if the verdict is "popular"
	Rank    int    `json:"rank,omitempty"`    // of that domain
	Record  string `json:"record,omitempty"`  // in the reply, that leads to a lookalike
	Alias   string `json:"alias,omitempty"`
	Targets string `json:"targets,omitempty"`
	Reply   string `json:"reply,omitempty"`
	near
	Counterpart string `json:"counterpart,omitempty"`
	Until       string `json:"until,omitempty"`
	Note        string `json:"note,omitempty"`
	Server      string `json:"server,omitempty"`
	View        string `json:"view,omitempty"`
	Candidates  []near `json:"candidates,omitempty"`
}

// near is a protected suffix that a name equals or looks like.
type near struct {
	Protected string         `json:"protected,omitempty"`
	Intended  string         `json:"intended,omitempty"`
	Distance  *int           `json:"distance,omitempty"` // 0 for a homoglyph
	Kind      string         `json:"kind,omitempty"`
	Policy    string         `json:"policy,omitempty"`
	Action    string         `json:"action,omitempty"`
	Mode      string         `json:"mode,omitempty"`
	Clients   []netip.Prefix `json:"clients,omitempty"`
}

// near returns a candidate in JSON.
func (r *result) near(c *event.Lookalike) near {
	p := r.policy(c)
	return near{
		Protected: c.Protected, Intended: c.Intended, Distance: &c.Distance, Kind: c.Kind,
		Policy: p.Name, Action: p.Action.String(), Mode: p.ModeAt(time.Now()).String(), Clients: p.Clients.Networks,
	}
}

// printJSON prints a result as one JSON object.
func printJSON(w io.Writer, r *result) error {
	d, suffix := &r.decision, r.suffix()
	o := object{
		Name: r.name, Input: r.given, Blocked: d.Enforced(), Verdict: d.Verdict.String(), Reason: d.Outcome().String(),
		Popular: d.Popular, Rank: r.rank(), Record: r.record, Alias: r.alias, Targets: r.targets, Reply: r.reply,
		Server: r.server, View: r.view, Counterpart: d.Counterpart.String(), Until: until(suffix), Note: suffix.Note,
	}
	if d.Verdict == policy.Allowed {
		o.Allowed = d.Listed
	} else {
		o.Protected = d.Listed
	}
	if c := r.candidate(); c != nil {
		o.near = r.near(c)
	}
	for i := range d.Candidates {
		o.Candidates = append(o.Candidates, r.near(&d.Candidates[i]))
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(o)
}
