package typoguard

import (
	"context"
	"net/netip"
	"time"

	"github.com/coredns/coredns/plugin/metrics"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// sight makes an event of a query, or a record in its reply, that a policy hides, or would hide but for its mode, and gives
// the decision its id.
// The client's address is masked here, before anybody else gets to see it.
func sight(ctx context.Context, r *dns.Msg, w dns.ResponseWriter, d *decision) event.Event {
	now, q := time.Now(), &r.Question[0]
	client, via := d.policy.clients.origin(clientOf(ctx, w, r))
	client = d.policy.mask.Apply(client)
	raw, record := q.Name, ""
	if d.target != nil {
		raw, _ = target(d.target)
		record = dns.TypeToString[d.target.Header().Rrtype]
	}
	name := shown(raw)
	d.id = event.ID(client, name, d.policy.name, now)
	e := event.Event{
		ID:           d.id,
		To:           d.policy.sinks,
		First:        now,
		Last:         now,
		Policy:       d.policy.name,
		Action:       d.policy.action.String(),
		Mode:         d.mode.String(),
		Protected:    d.match.Suffix,
		Intended:     d.intended(raw),
		Kind:         d.match.Kind.String(),
		Distance:     d.match.Distance,
		Candidates:   d.others,
		Counterpart:  d.counterpart.String(),
		Name:         name,
		Question:     shown(q.Name),
		Record:       record,
		Type:         dns.Type(q.Qtype).String(),
		ResponseCode: d.responseCode(),
		Server:       metrics.WithServer(ctx),
		View:         metrics.WithView(ctx),
	}
	if client.IsValid() {
		e.Client = client.String()
	}
	if via.IsValid() {
		e.Via = via.String()
	}
	return e
}

// origin returns the address of who asked for something: the first one of the client subnet, if a forwarder that is trusted
// with it tells one, and then also the forwarder's.
func (c *clients) origin(who client) (addr, via netip.Addr) {
	if who.subnet.IsValid() && contains(c.forwarders, who.addr) {
		return who.subnet.Addr(), who.addr
	}
	return who.addr, netip.Addr{}
}

// responseCode returns the code of the answer as text, or "" if the policy only monitors, or looks at a reply, of which
// something may remain.
func (d *decision) responseCode() string {
	switch {
	case d.mode == monitor, d.target != nil:
		return ""
	case d.policy.action == nxdomain:
		return dns.RcodeToString[dns.RcodeNameError]
	}
	return dns.RcodeToString[dns.RcodeSuccess]
}
