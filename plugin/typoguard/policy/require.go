package policy

import (
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// Requirement is the option "require counterpart": a lookalike counts only if what it resembles exists. army.ml is a typo
// because army.mil exists; google.co.il is none, for there is no google.co.mil.
type Requirement struct {
	// OnError is what becomes of a lookalike if the existence check has no result in time.
	OnError OnError
	// Timeout bounds how long a query waits for existence checks.
	Timeout time.Duration
}

// OnError is what becomes of a lookalike of which nothing can be known.
type OnError uint8

// The outcomes. A deferred query fails, so that mail waits: it neither leaks nor bounces.
const (
	DeferOnError OnError = iota
	BlockOnError
	PassOnError
)

// OnErrorNames are the outcomes as they are written in a Corefile, in the order of their declaration.
var OnErrorNames = [...]string{"defer", "block", "pass"}

// Existence is the result of an existence check: does a domain exist?
type Existence uint8

// The results.
const (
	NotChecked Existence = iota // no policy requires it, or there is nothing to look up
	Exists
	Absent
	Unknown // there was no usable answer in time
	NoMail  // it does, but takes no mail: domains below it may
)

// String returns the result as it stands in events and metrics, and "" for NotChecked.
func (e Existence) String() string {
	return [...]string{"", "exists", "absent", "unknown", "no_mail"}[e]
}

// DefaultTimeout is how long a query waits for checks unless a policy says otherwise.
const DefaultTimeout = time.Second

// requirement returns what the policy says about checks without a result, whether or not it requires a counterpart.
func (p *Policy) requirement() *Requirement {
	if p.Require == nil {
		return &Requirement{Timeout: DefaultTimeout}
	}
	return p.Require
}

// satisfied reports whether a lookalike counts, given what is known of its counterpart.
func (r *Requirement) satisfied(e Existence) bool {
	return e != Absent && (e != Unknown || r.OnError != PassOnError)
}

// Deferred reports whether a policy hides the name only until it is known whether its counterpart exists, who operates it, or what is allowed.
func (d *Decision) Deferred() bool {
	return d.Enforced() && (d.Uncertain || (d.Counterpart == Unknown && d.Policy.requirement().OnError == DeferOnError))
}

// counterpart returns the domain that a lookalike is a typo of, if it exists: the child of the protected suffix that the
// intended name falls under, such as army.mil. for us.army.ml. It returns "" if there is nothing to look up, because the
// intended name is the protected suffix, or that suffix is itself a domain and not one under which others register: an
// admin who protects army.mil says that it exists. below reports whether the intended name lies below it.
func counterpart(name string, m *match.Match) (domain string, below bool) {
	if m.Start == 0 || !IsRegistry(m.Suffix) {
		return "", false
	}
	above := name[:m.Start]
	label, _ := dns.PrevLabel(above, 1)
	return strings.ToLower(above[label:]) + m.Suffix + ".", label > 0
}

// exists checks whether the counterpart of a lookalike exists. One that takes no mail itself is none of the lookalike at its place, but one of
// those below.
func (q *Query) exists(domain string, below bool, within time.Duration) Existence {
	found := q.Exists(domain, within)
	switch {
	case found != NoMail:
		return found
	case below:
		return Exists
	}
	return Absent
}

// checksBelow reports whether the policy that hides a name requires a counterpart of each domain below it. Some of them then pass, so the
// name must not be denied.
func (d *Decision) checksBelow() bool {
	return d.Policy.Require != nil && d.Lookalike.Intended == d.Lookalike.Protected && IsRegistry(d.Lookalike.Protected)
}

// IsRegistry reports whether others register domains under a suffix, as the Public Suffix List has it.
func IsRegistry(suffix string) bool {
	registry, _ := publicsuffix.PublicSuffix(suffix)
	return registry == suffix
}
