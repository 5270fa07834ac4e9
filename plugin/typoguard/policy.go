package typoguard

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// policy is what one stanza says, but for its suffixes.
type policy struct {
	name     string
	distance int
	kinds    match.Kinds
	keyboard match.Keyboard
	clients  clients
	types    []uint16 // empty: those of the action
	action   action
	sinkhole []netip.Addr
	mode     mode
	trial    moment       // when mode monitor ends and the policy enforces; 0: never
	ttl      uint32       // seconds
	require  *requirement // nil: none
	inspect  records      // whose targets are judged, too

	listeners    []netip.AddrPort // for SMTP, with action sinkhole
	hint         string           // for the sender, in the reply of these
	logAddresses bool             // of mail that they refuse

	sinks  []string   // of events, by name
	mask   event.Mask // of clients in events
	dnstap bool       // whether dnstap messages tell of the policy

	history bool // whether one of the sinks is a history, which keeps also what else a name looks like
}

// action is what is answered for a lookalike.
type action uint8

const (
	nxdomain action = iota
	nodata
	nullmx
	sinkhole
)

var actionNames = []string{"nxdomain", "nodata", "nullmx", "sinkhole"}

func (a action) String() string { return actionNames[a] }

// mode says whether a policy acts, or only counts and reports.
type mode uint8

const (
	enforce mode = iota
	monitor
)

var modeNames = []string{"enforce", "monitor"}

func (m mode) String() string { return modeNames[m] }

// modeAt returns the mode at a time.
func (p *policy) modeAt(now moment) mode {
	if p.mode == monitor && p.trial.passed(now) {
		return enforce
	}
	return p.mode
}

// modes returns the modes that the policy is ever in.
func (p *policy) modes() []mode {
	if p.trial == 0 {
		return []mode{p.mode}
	}
	return []mode{monitor, enforce}
}

// mailTypes are the types a mail server finds a host by: without MX records it goes on to A and AAAA (RFC 5321
// section 5.1), and many do so even after an NXDOMAIN. Hiding fewer than all three lets the mail through.
var mailTypes = []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}

// alwaysPasses reports whether queries of a type are never answered by a policy: a validator below needs them to prove
// an insecure delegation (RFC 4035 section 5.2).
func alwaysPasses(qtype uint16) bool {
	switch qtype {
	case dns.TypeDS, dns.TypeDNSKEY, dns.TypeNS, dns.TypeSOA, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3:
		return true
	}
	return false
}

// answers reports whether the policy's action changes the answer to a query type. ANY is treated as MX is.
func (p *policy) answers(qtype uint16) bool {
	if qtype == dns.TypeANY {
		qtype = dns.TypeMX
	}
	switch {
	case alwaysPasses(qtype):
		return false
	case len(p.types) > 0:
		return slices.Contains(p.types, qtype)
	case p.action == nullmx:
		return qtype == dns.TypeMX
	}
	return true
}

// checkTypes returns an error for a list of types that would let mail through although the policy covers it.
func (p *policy) checkTypes() error {
	if len(p.types) == 0 {
		return nil
	}
	needed := mailTypes
	if p.action == nullmx {
		needed = mailTypes[:1] // no mail server looks further than a null MX (RFC 7505 section 4.1)
	}
	for _, t := range needed {
		if !slices.Contains(p.types, t) {
			return fmt.Errorf("%s with action %s would let mail through by %s; expected %s among them",
				typeNames(p.types), p.action, dns.TypeToString[t], typeNames(needed))
		}
	}
	return nil
}

// checkSinkhole returns an error if the sinkhole cannot be reached by the policy's clients: a loopback address is each
// client's own.
func (p *policy) checkSinkhole() error {
	for _, addr := range p.sinkhole {
		if addr.IsLoopback() && !p.localOnly() {
			return fmt.Errorf("sinkhole %s is the mail server itself; expected an address that all clients reach, or clients 127.0.0.0/8 ::1", addr)
		}
	}
	return nil
}

// localOnly reports whether all the policy's clients are on this host.
func (p *policy) localOnly() bool {
	remote := func(network netip.Prefix) bool {
		return !network.Addr().IsLoopback() || (network.Addr().Is4() && network.Bits() < 8)
	}
	c := &p.clients
	return len(c.networks) > 0 && len(c.labels) == 0 && len(c.forwarders) == 0 && !slices.ContainsFunc(c.networks, remote)
}

// typeNames writes types as they stand in a Corefile.
func typeNames(types []uint16) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = dns.TypeToString[t]
	}
	return strings.Join(names, " ")
}

// verdict is what the policies say about a name.
type verdict uint8

const (
	pass verdict = iota
	protected
	allowed
	lookalike
)

func (v verdict) String() string { return [...]string{"pass", "protected", "allowed", "lookalike"}[v] }

// passReason says why a query is answered as it would be without typoguard.
type passReason uint8

const (
	passNothing     passReason = iota // it is not
	passUnlike                        // the name is near no protected suffix
	passProtected                     // it is a protected suffix or lies under one
	passAllowed                       // it is an allowed suffix or lies under one
	passClient                        // a lookalike, but of policies that are not for this client
	passType                          // a lookalike, but a query type that the policy passes
	passCounterpart                   // a lookalike, but what it resembles does not exist, and the policy requires that
	passNotJudged                     // not a standard query of class IN
)

var passReasonNames = map[passReason]string{
	passUnlike: "unlike", passProtected: "protected", passAllowed: "allowed",
	passClient: "client", passType: "type", passCounterpart: "no_counterpart", passNotJudged: "not_judged",
}

// decision is the verdict on a name together with what it means for one query.
type decision struct {
	verdict verdict
	pass    passReason
	policy  *policy     // of a lookalike
	mode    mode        // of the policy at the moment
	match   match.Match // of a lookalike
	id      string      // of the event, if there is one
	meant   string      // see intended
	listed  string      // the suffix that the name equals or lies under, if protected or allowed
	// others are what else a lookalike looks like, if the policy keeps a history.
	others []event.Candidate
	// target is the record in a reply that leads to the lookalike; nil if it is the name that was asked for.
	target dns.RR
	// unsigned is whether the reply has lost its DNSSEC signatures, or what was known of them, together with that record.
	unsigned bool
	// counterpart says of a lookalike whether what it resembles exists, as far as the policy wants to know.
	counterpart presence
}

// passed sets the decision on a name that is like no protected suffix.
func (d *decision) passed(found match.Result) {
	d.listed = found.Suffix
	switch found.Listing {
	case match.Protected:
		d.verdict, d.pass = protected, passProtected
	case match.Allowed:
		d.verdict, d.pass = allowed, passAllowed
	default:
		d.verdict, d.pass = pass, passUnlike
	}
}

// asking is what a decision may need to know beside the name and its type. Each is asked for only if it matters.
type asking struct {
	client func() client
	now    func() moment
	// target is of which record in a reply the name is the target: only policies count that inspect such. 0 is the name
	// that was asked for.
	target records
	// counterpart says whether what the name resembles exists; nil stands for notAsked.
	counterpart func(*requirement, *match.Match) presence
}

// decide picks among the matches of a name, best first, the one whose policy is for the client. A policy that only
// monitors never takes a name from one that enforces: it would let mail through that another policy stops.
func (r *rules) decide(matches []match.Match, qtype uint16, ask asking) decision {
	d := decision{verdict: pass, pass: passClient}
	c, now := ask.client(), ask.now()
	for i := range matches {
		m := &matches[i]
		p := r.policies[m.Tag]
		mode := p.modeAt(now)
		if !p.clients.cover(c) || (d.policy != nil && mode == monitor) || (ask.target != 0 && p.inspect&ask.target == 0) {
			continue
		}
		there := notAsked
		if p.require != nil && ask.counterpart != nil && p.answers(qtype) {
			if there = ask.counterpart(p.require, m); !p.require.met(there) {
				if d.policy == nil {
					d.pass = passCounterpart
				}
				continue
			}
		}
		d = decision{verdict: lookalike, policy: p, mode: mode, match: *m, counterpart: there}
		if mode == enforce {
			break
		}
	}
	if d.policy != nil && !d.policy.answers(qtype) {
		d.pass = passType
	}
	return d
}
