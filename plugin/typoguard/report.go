package typoguard

import (
	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// maxCandidates is how many suffixes an event names beside the one that decided.
const maxCandidates = 16

// report tells everybody who wants to know of a name that is covered, or passes because it is popular: an event, a counter, metadata,
// and dnstap unless our own answer follows.
func (h *hit) report() {
	e := newEvent(h)
	h.id = e.ID
	h.send(&e)
	h.describe()
	h.counters.Reported(&h.Decision, h.question().Qtype, h.record)
	if h.zone == nil && (h.Mode != policy.Enforce || h.record != nil) {
		h.tap(nil)
	}
}

// newEvent makes an event of such a name. The client's address is masked here, before anybody else gets to see it.
func newEvent(h *hit) event.Event {
	client, via := h.Policy.Clients.Origin(h.client())
	client = h.config.mask.Apply(client)
	name := displayName(h.name)
	e := event.Event{
		ID:           h.block.events.Load().ID(client, name, h.Policy.Name, h.at),
		To:           h.config.sinksFor(h.Mode),
		First:        h.at,
		Last:         h.at,
		Lookalike:    h.Lookalike,
		Action:       h.Policy.Action.String(),
		Mode:         h.Mode.String(),
		Candidates:   h.Others(maxCandidates),
		Counterpart:  h.Counterpart.String(),
		Name:         name,
		Question:     displayName(h.question().Name),
		Type:         dns.Type(h.question().Qtype).String(),
		ResponseCode: h.responseCode(),
		Server:       h.counters.Name,
		View:         h.counters.View,
	}
	if h.record != nil {
		e.Record = dns.TypeToString[h.record.Header().Rrtype]
	}
	if client.IsValid() {
		e.Client = client.String()
	}
	switch {
	case h.zone != nil:
		e.Via = event.ViaList
	case via.IsValid():
		e.Via = via.String()
	}
	return e
}

// responseCode returns the code of the answer as text, or "" if the query passes, or the policy looks at a reply, of which
// something may remain.
func (h *hit) responseCode() string {
	switch {
	case h.zone != nil && h.Covered() && !h.Deferred():
		return dns.RcodeToString[dns.RcodeSuccess]
	case h.Mode != policy.Enforce, h.record != nil:
		return ""
	case h.Deferred():
		return dns.RcodeToString[dns.RcodeServerFailure]
	case h.NoName:
		return dns.RcodeToString[dns.RcodeNameError]
	}
	return dns.RcodeToString[dns.RcodeSuccess]
}
