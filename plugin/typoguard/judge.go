package typoguard

import (
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// judge decides on a question of class IN in a standard query, for the server and for Block.Judge alike. The client is
// only asked for if some policy finds the name a lookalike; then, unless all is nil, it gets every match, best first.
func (b *block) judge(d *decision, name string, qtype uint16, ask asking, all *[]match.Match) {
	rules := b.rules.Load()
	hash := rules.unlike.hash(name)
	if rules.unlike.has(hash) {
		d.passed(match.Result{})
		return
	}
	buffer, ok := b.buffers.Get().(*match.Buffer)
	if !ok {
		buffer = new(match.Buffer)
	}
	found := rules.index.Lookup(name, buffer)
	switch {
	case len(found.Matches) > 0:
		*d = rules.decide(found.Matches, qtype, ask)
		if d.policy != nil && d.policy.history && d.pass == passNothing {
			d.others = rules.candidates(name, found.Matches, &d.match)
		}
		if all != nil {
			*all = slices.Clone(found.Matches)
		}
	case found.Listing == match.Unlisted:
		rules.unlike.add(hash)
		fallthrough
	default:
		d.passed(found)
	}
	b.buffers.Put(buffer)
}

// Reason says why a query passes. Those of the server are also values of the metric passed_total.
type Reason string

// The reasons.
const (
	Blocked         Reason = ""               // it does not pass
	NothingNear     Reason = "unlike"         // the name is near no protected suffix
	ListedProtected Reason = "protected"      // it equals or lies under a protected suffix
	ListedAllowed   Reason = "allowed"        // it equals or lies under an allowed suffix
	OtherClient     Reason = "client"         // a lookalike, but of policies that are not for this client
	OtherType       Reason = "type"           // a lookalike, but a query type that the policy passes
	NoCounterpart   Reason = "no_counterpart" // a lookalike, but of what does not exist, and the policy requires that
	OnlyMonitored   Reason = "monitor"        // a lookalike of a policy in mode monitor
	NoPolicy        Reason = "no_policy"      // the server block has no policy
)

// Query is a question of class IN, as a client asks it.
type Query struct {
	// Name is in presentation format (RFC 1035 section 5.1), with or without the final dot, and with A-labels.
	Name string
	// Type is the query type; 0 is MX.
	Type uint16
	// Client is who asks. The zero address stands for anybody: every policy is taken to be for this client.
	Client netip.Addr
	// Exists says whether a domain, given with the final dot, exists, for policies that require a counterpart. If it is nil
	// all are taken to.
	Exists func(domain string) (bool, error)
}

// presence asks whether a domain exists.
func (q *Query) presence(domain string) presence {
	if domain == "" || q.Exists == nil {
		return notAsked
	}
	switch there, err := q.Exists(domain); {
	case err != nil:
		return unknown
	case there:
		return exists
	}
	return absent
}

// Judgement is what the policies of a server block say about a query, and what becomes of it.
type Judgement struct {
	// Verdict is "lookalike", "protected", "allowed" or "pass". It is "pass", too, of a name that only looks alike to
	// policies which are not for the client; Candidates has them then.
	Verdict string
	// Reason is why the query passes, and Blocked if it does not.
	Reason Reason
	// Listed is the longest protected or allowed suffix that the name equals or lies under.
	Listed string
	// Candidates are the protected suffixes that the name looks like, whoever their policies are for: the nearest first,
	// of equally near ones the longer, then the one configured first.
	Candidates []Candidate
	// Counterpart is "exists" or "unknown" for a lookalike of a policy that requires a counterpart, if that was asked for.
	Counterpart string
	// Decisive is the one of the candidates that decides; nil unless the verdict is "lookalike".
	Decisive *Candidate
}

// Candidate is a protected suffix that a name looks like.
type Candidate struct {
	// Protected is the suffix, and Intended the name that was probably meant, both without the final dot.
	Protected, Intended string
	// Distance is the number of edits between them, and 0 of a homoglyph.
	Distance int
	Kind     match.Kind
	// Policy is the one that protects the suffix. It is shared and must not be changed.
	Policy *Policy
}

// Judge says what would become of a query. It is the server's own decision, but for what other plugins do to a query
// before it reaches typoguard (rewrite, acl, view…). Any number of goroutines may call it.
func (b *Block) Judge(q Query) Judgement {
	if b.policies == nil {
		return Judgement{Verdict: pass.String(), Reason: NoPolicy}
	}
	if q.Type == 0 {
		q.Type = dns.TypeMX
	}
	var d decision
	var matches []match.Match
	b.block.judge(&d, q.Name, q.Type, asking{
		now:         present,
		client:      func() client { return client{addr: q.Client.Unmap(), anybody: !q.Client.IsValid()} },
		counterpart: func(_ *requirement, m *match.Match) presence { return q.presence(counterpart(q.Name, m)) },
	}, &matches)
	j := Judgement{Verdict: d.verdict.String(), Reason: Reason(passReasonNames[d.pass]), Listed: d.listed, Counterpart: d.counterpart.String()}
	for i := range matches {
		m := &matches[i]
		j.Candidates = append(j.Candidates, Candidate{m.Suffix, intended(q.Name, m), m.Distance, m.Kind, &b.policies[m.Tag]})
	}
	if d.verdict == lookalike {
		j.Decisive = &j.Candidates[slices.Index(matches, d.match)]
		if d.pass == passNothing && d.mode == monitor {
			j.Reason = OnlyMonitored
		}
	}
	return j
}
