package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// Policy is what one typoguard stanza says about names, without its suffixes. It must not be changed once it is part of a Set.
type Policy struct {
	Name string
	// Distance is 1 or 2. For each suffix it is lowered to match.MaxDistance.
	Distance int
	Kinds    match.Kinds
	Keyboard match.Keyboard
	// Prefixes are those of the kind Boundary; nil are the usual ones.
	Prefixes *match.Prefixes
	Clients  Clients
	// Types are the query types that are answered; empty are those of the action.
	Types []uint16
	// Action is what is answered for a lookalike, and Sinkhole the addresses of the action sinkhole.
	Action   Action
	Sinkhole []netip.Addr
	// Mode is the configured one; Monitor ends at MonitorUntil, unless that is zero.
	Mode         Mode
	MonitorUntil time.Time
	// TTL is that of answers, in seconds.
	TTL uint32
	// Require is nil for a policy that requires no counterpart.
	Require *Requirement
	// Inspect are the records in replies whose targets are judged, too.
	Inspect Records
	// Popular are the lists of popular domains, which pass although they look like a protected domain; none if they are hidden.
	Popular []*popular.List
	// ReportShort makes the policy only report a lookalike with a doubtful substitution in a short label: see isDoubtful.
	ReportShort bool
	// Zone is the list zone that has the policy's lookalikes, in lower case and with the final dot; "" if there is none.
	Zone string
	// Feed is the zone for secondaries that has the policy's lookalikes, in the same form; "" if there is none.
	Feed string
	// Candidates says that decisions of this policy list what else the name looks like.
	Candidates bool
}

// Action is what is answered for a lookalike.
type Action uint8

// The actions.
const (
	NXDOMAIN Action = iota
	NODATA
	NullMX // RFC 7505
	Sinkhole
)

// ActionNames are the actions as they are written in a Corefile, in the order of their declaration.
var ActionNames = [...]string{"nxdomain", "nodata", "nullmx", "sinkhole"}

// String returns the action as it is written in a Corefile.
func (a Action) String() string { return ActionNames[a] }

// Mode says whether a policy acts, or only counts and reports.
type Mode uint8

// The modes. A policy is in one of the first two. Exempt is that of a decision about a popular domain.
const (
	Enforce Mode = iota
	Monitor
	Exempt
)

var modeNames = [...]string{"enforce", "monitor", "popular"}

// ModeNames returns the modes as they are written in a Corefile, in the order of their declaration.
func ModeNames() []string { return modeNames[:Exempt] }

// String returns the mode as it is written in a Corefile and in reports.
func (m Mode) String() string { return modeNames[m] }

// ModeAt returns the mode at a time.
func (p *Policy) ModeAt(now time.Time) Mode {
	if p.Mode == Monitor && !p.MonitorUntil.IsZero() && !now.Before(p.MonitorUntil) {
		return Enforce
	}
	return p.Mode
}

// Modes returns the modes that the policy's decisions about lookalikes of a kind ever have.
func (p *Policy) Modes(kind match.Kind) []Mode {
	modes := []Mode{p.Mode}
	if !p.MonitorUntil.IsZero() {
		modes = []Mode{Monitor, Enforce}
	}
	if p.ReportShort && kind == match.Substitution && !slices.Contains(modes, Monitor) {
		modes = append(modes, Monitor)
	}
	if len(p.Popular) > 0 && kind != match.Homoglyph {
		modes = append(modes, Exempt)
	}
	return modes
}

// mailTypes are the types by which a mail server finds a host: without MX records it goes on to A and AAAA (RFC 5321
// section 5.1), and many do so even after an NXDOMAIN. Hiding fewer than all three lets the mail through.
var mailTypes = []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}

// AlwaysPasses reports whether queries of a type are never answered by a policy: a validator below needs them to prove
// an insecure delegation (RFC 4035 section 5.2).
func AlwaysPasses(qtype uint16) bool { return qtype == dns.TypeDS || qtype == dns.TypeDNSKEY }

// Answers reports whether the policy's action changes the answer to a query type. ANY is treated like MX.
//
// CNAME and DNAME are answered whatever the action and the option types say, since a resolver in between would follow them.
// For the same reason null MX answers the types that prove which others there are, or lead to the name servers.
func (p *Policy) Answers(qtype uint16) bool {
	if qtype == dns.TypeANY {
		qtype = dns.TypeMX
	}
	switch qtype {
	case dns.TypeDS, dns.TypeDNSKEY:
		return false
	case dns.TypeCNAME, dns.TypeDNAME:
		return true
	}
	switch {
	case slices.Contains(p.Types, qtype):
		return true
	case p.Action == NullMX:
		return (qtype == dns.TypeMX && len(p.Types) == 0) || leadsElsewhere(qtype)
	}
	return len(p.Types) == 0
}

// leadsElsewhere reports whether records of a type tell a resolver which others there are, or who else to ask.
func leadsElsewhere(qtype uint16) bool {
	switch qtype {
	case dns.TypeNS, dns.TypeSOA, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3:
		return true
	}
	return false
}

// denies reports whether the policy answers a query type with NXDOMAIN. Where the option types narrows it, a type that is not
// among them must not say that the name has no records of any type.
func (p *Policy) denies(qtype uint16) bool {
	if qtype == dns.TypeANY {
		qtype = dns.TypeMX
	}
	return p.Action == NXDOMAIN && (len(p.Types) == 0 || slices.Contains(p.Types, qtype))
}

// CheckTypes returns an error for a list of types that would let mail through although the policy covers it.
func (p *Policy) CheckTypes() error {
	if len(p.Types) == 0 {
		return nil
	}
	needed := mailTypes
	if p.Action == NullMX {
		needed = mailTypes[:1] // no mail server looks further than a null MX (RFC 7505 section 4.1)
	}
	for _, t := range needed {
		if !slices.Contains(p.Types, t) {
			return fmt.Errorf("%s with action %s would let mail through by %s; expected %s among them",
				TypeNames(p.Types), p.Action, dns.TypeToString[t], TypeNames(needed))
		}
	}
	return nil
}

// CheckSinkhole returns an error if the policy's clients cannot reach the sinkhole: a loopback address is each client's own.
func (p *Policy) CheckSinkhole() error {
	for _, addr := range p.Sinkhole {
		if addr.IsLoopback() && !p.Clients.localOnly() {
			return fmt.Errorf("sinkhole %s is the mail server itself; expected an address that all clients reach, or clients 127.0.0.0/8 ::1", addr)
		}
	}
	return nil
}

// CheckKinds returns an error for kinds and a distance that make each other pointless.
func (p *Policy) CheckKinds() error {
	switch {
	case p.Distance == 1 && p.Kinds.Has(match.Multiple):
		return errors.New("multiple is two edits; expected distance 2 with it")
	case p.Distance > 1 && !p.Kinds.Has(match.Multiple):
		return errors.New("without multiple, distance 2 finds nothing more; expected distance 1, or multiple among the kinds")
	case p.Distance > 1 && p.Kinds.Has(match.Suffix):
		return errors.New("suffix finds nothing that multiple does not; expected distance 1 with it")
	}
	return nil
}

// TypeNames writes query types as they stand in a Corefile.
func TypeNames(types []uint16) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = dns.TypeToString[t]
	}
	return strings.Join(names, " ")
}

// Names returns the names of policies.
func Names(policies []*Policy) []string {
	var names []string
	for _, p := range policies {
		names = append(names, p.Name)
	}
	return names
}
