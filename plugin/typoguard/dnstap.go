package typoguard

import (
	"time"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin/dnstap"
	"github.com/coredns/coredns/plugin/dnstap/msg"

	tap "github.com/dnstap/golang-dnstap"
	"github.com/miekg/dns"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// The dnstap message Policy, and its place in the message Message. The Go package of dnstap is older than these, so that
// they are encoded here by their field numbers; decoders that do not know them skip them.
const (
	policyField = 15 // of Message

	policyType   = 1
	policyRule   = 2
	policyAction = 3
	policyMatch  = 4
	policyValue  = 5

	matchQNAME      = 1
	matchNSName     = 4
	actionNXDOMAIN  = 1
	actionNODATA    = 2
	actionPASS      = 3
	actionLOCALDATA = 6
)

// tappers returns the dnstap plugins of a server block.
func tappers(config *dnsserver.Config) []*dnstap.Dnstap {
	var all []*dnstap.Dnstap
	first, _ := config.Handler("dnstap").(*dnstap.Dnstap)
	for t := first; t != nil; t, _ = t.Next.(*dnstap.Dnstap) {
		all = append(all, t)
	}
	return all
}

// tap sends a dnstap message with the policy that decided, beside those that the dnstap plugin sends of every query and
// response: of type CLIENT_RESPONSE with the reply, or CLIENT_QUERY if there is none because the policy only monitors. If
// the decision is about a record in a reply, the message is a CLIENT_RESPONSE without the reply.
// It does not wait: the plugin has a queue. Nothing is sent unless the policy wants it.
func (h *hit) tap(reply *dns.Msg) {
	if !h.config.dnstap {
		return
	}
	state := h.state()
	for _, tapper := range h.tappers {
		m := new(tap.Message)
		msg.SetQueryTime(m, h.at)
		if reply == nil && h.record == nil {
			msg.SetType(m, tap.Message_CLIENT_QUERY)
		} else {
			msg.SetType(m, tap.Message_CLIENT_RESPONSE)
			msg.SetResponseTime(m, time.Now())
		}
		if reply != nil && tapper.IncludeRawMessage {
			m.ResponseMessage, _ = reply.Pack() // as the dnstap plugin has it: nothing, if it cannot be packed
		}
		if msg.SetQueryAddress(m, h.RemoteAddr()) == nil {
			m.QueryAddress = h.config.mask.Apply(addressOf(h.ResponseWriter)).AsSlice()
		}
		m.ProtoReflect().SetUnknown(appendPolicy(nil, h))
		tapper.TapMessageWithMetadata(h.ctx, m, state)
	}
}

// appendPolicy appends the field of a Message that holds the policy: which one and what it protects, what it did, and the
// name for which it did so.
func appendPolicy(b []byte, h *hit) []byte {
	action := uint64(actionLOCALDATA)
	switch {
	case h.zone != nil:
	case h.Mode != policy.Enforce:
		action = actionPASS
	case h.Policy.Action == policy.NXDOMAIN:
		action = actionNXDOMAIN
	case h.Policy.Action == policy.NODATA:
		action = actionNODATA
	}
	var p []byte
	p = appendText(p, policyType, h.Name())
	p = appendText(p, policyRule, h.Policy.Name+" "+h.Lookalike.Protected)
	p = protowire.AppendTag(p, policyAction, protowire.VarintType)
	p = protowire.AppendVarint(p, action)
	matched := uint64(matchQNAME)
	if h.record != nil {
		matched = 0
		if h.record.Header().Rrtype == dns.TypeNS {
			matched = matchNSName
		}
	}
	if matched != 0 { // dnstap has no name for the targets of MX, CNAME and SRV records
		p = protowire.AppendTag(p, policyMatch, protowire.VarintType)
		p = protowire.AppendVarint(p, matched)
	}
	p = appendText(p, policyValue, displayName(h.name))
	b = protowire.AppendTag(b, policyField, protowire.BytesType)
	return protowire.AppendBytes(b, p)
}

func appendText(b []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), text)
}
