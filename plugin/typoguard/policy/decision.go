package policy

import (
	"encoding"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// Verdict is what the policies of a server block say about a name.
type Verdict uint8

// The verdicts. A name is a Pass, too, if it looks alike only to policies that are not for the client.
const (
	Pass Verdict = iota
	Protected
	Allowed
	Lookalike
	Popular // a lookalike that passes, and is reported, because it is a popular domain
)

// String returns the verdict as it stands in metadata and in reports.
func (v Verdict) String() string {
	return [...]string{"pass", "protected", "allowed", "lookalike", "popular"}[v]
}

// Reason says why a query is answered as it would be without typoguard.
type Reason uint8

// The reasons. Up to NotJudged they are those of the server, and values of the metric passed_total; the others are given by
// commands, of what never gets as far as a policy.
const (
	Hidden          Reason = iota // it is not, or would not be if the policy enforced
	NoMatch                       // the name is near no protected suffix
	ListedProtected               // it equals or lies under a protected suffix
	ListedAllowed                 // it equals or lies under an allowed suffix
	OtherClient                   // a lookalike, but of policies that are not for this client
	OtherType                     // a lookalike, but of a query type that the policy passes
	NoCounterpart                 // a lookalike, but what it resembles does not exist, and the policy requires that
	SameOperator                  // a lookalike under another TLD, but it has the operator of what it resembles
	NotJudged                     // not a standard query of class IN
	OnlyMonitored                 // a lookalike of a policy in mode monitor
	NoPolicy                      // the server block has no policy
	Unserved                      // no server block serves the name
	LiteralAddress                // an address literal, for which there is no lookup
	NoName                        // not a domain name
	IsPopular                     // a lookalike that is, or lies under, a popular domain
	OnlyReported                  // a lookalike with a doubtful difference, which the policy only reports
	reasonCount
)

var reasonNames = [reasonCount]string{
	"", "no_match", "protected", "allowed", "client", "type", "no_counterpart", "same_operator", "not_judged",
	"monitor", "no_policy", "unserved", "literal", "no_name", "popular", "short",
}

// type check
var _ encoding.TextMarshaler = Reason(0)

// String returns the reason as it stands in metrics and reports, and "" for Hidden.
func (r Reason) String() string { return reasonNames[r] }

// MarshalText implements encoding.TextMarshaler.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// ServerReasons are the reasons that the server gives, in the order of their declaration.
func ServerReasons() []Reason {
	var all []Reason
	for r := NoMatch; r <= NotJudged; r++ {
		all = append(all, r)
	}
	return all
}

// Query is a question of class IN, as a client asks it, with what a decision about it may need to know. Each function is
// called at most once for every place in the name that is near a suffix of a policy, and not at all for a name without one.
type Query struct {
	// Name is in presentation format (RFC 1035 section 5.1), with or without the final dot, and with A-labels.
	Name string
	// Type is the query type.
	Type uint16
	// Target says as which types of record the name is a target in a reply: only policies that inspect one of these count.
	// It is 0 for the name that was asked for.
	Target Records
	leads  bool // it is of the type that was asked for, and leads to the name
	// Client returns the client that asks; nil is anybody.
	Client func() *Client
	// Now returns the time; nil is time.Now.
	Now func() time.Time
	// Exists checks whether a domain, given with the final dot, exists, in no more time than is given. If it is nil nothing
	// is checked, and every counterpart is taken to exist.
	Exists func(domain string, within time.Duration) Existence
	// Operator checks who operates a domain: the operator of one of others, or somebody else, in no more time than is given. All are
	// registered domains, with the final dot. If it is nil nothing is checked, and every domain is taken to be somebody else's.
	Operator func(domain string, others []string, within time.Duration) Operator
	// Zone is the list zone in which the name is looked up: only policies of that zone count. It is "" for a lookup of the name itself.
	Zone string
	// Feed is the zone for secondaries that the decision is for: only policies of that zone count. It is "" for all.
	Feed string
	// Only makes one policy decide as if it were the only one, but for what the others list; nil is all of them.
	Only *Policy
	// Without are kinds of lookalike that do not count, but for names that a policy denies.
	Without match.Kinds
	// Candidates asks for all candidates, whatever the policy says.
	Candidates bool
}

// client returns the client that asks.
func (q *Query) client() *Client {
	if q.Client == nil {
		return &Client{Anybody: true}
	}
	return q.Client()
}

// now returns the time.
func (q *Query) now() time.Time {
	if q.Now == nil {
		return time.Now()
	}
	return q.Now()
}

// Decision is what the policies of a server block say about a query. It is a value that nobody changes.
type Decision struct {
	Verdict Verdict
	// Reason is why the query passes, and Hidden if it does not, or would not but for the policy's mode.
	Reason Reason
	// Listed is the longest protected or allowed suffix that the name equals or lies under.
	Listed string
	// Policy is the one that decides about a lookalike, Mode what it does about this one at the moment, and Lookalike what it found.
	// Policy is nil for any other verdict but Popular.
	Policy    *Policy
	Mode      Mode
	Lookalike event.Lookalike
	// Popular is the popular domain because of which the name passes.
	Popular string
	// Doubtful says that the difference is one that the policy only reports, even in mode enforce.
	Doubtful bool
	// NoName says that a covered name is answered with NXDOMAIN: there is no such name, and none below it.
	NoName bool
	// Counterpart is the result of the existence check for a policy that requires a counterpart. It is also Unknown if it is unknown who
	// operates a lookalike under another TLD.
	Counterpart Existence
	// Uncertain says that a list of what is allowed has never been there: the name may be on it.
	Uncertain bool
	// Candidates are the protected suffixes that the name looks like, and what it may have been meant to be, for whichever clients: the
	// nearest first, of equally near ones the longer, then the one configured first. The one that decided is among them. They are
	// given if the query or the policy asks for them.
	Candidates []event.Lookalike
}

// Covered reports whether a policy hides the name, or would if it enforced.
func (d *Decision) Covered() bool { return d.Verdict == Lookalike && d.Reason == Hidden }

// Enforced reports whether a policy hides the name.
func (d *Decision) Enforced() bool { return d.Covered() && d.Mode == Enforce }

// Reported reports whether somebody is to hear of the name: it is covered, or passes only because it is popular.
func (d *Decision) Reported() bool { return d.Covered() || d.Reason == IsPopular }

// Outcome is the reason of a decision as reports give it: that of a lookalike that is only monitored is OnlyMonitored, and
// OnlyReported if it would be hidden but for its difference.
func (d *Decision) Outcome() Reason {
	switch {
	case !d.Covered() || d.Mode == Enforce:
		return d.Reason
	case d.Doubtful:
		return OnlyReported
	}
	return OnlyMonitored
}

// listed returns the decision about a name that is near no protected suffix.
func listed(found match.Result) Decision {
	switch found.Listing {
	case match.Protected:
		return Decision{Verdict: Protected, Reason: ListedProtected, Listed: found.Suffix}
	case match.Allowed:
		return Decision{Verdict: Allowed, Reason: ListedAllowed, Listed: found.Suffix}
	case match.Unlisted:
	}
	return Decision{Reason: NoMatch}
}
