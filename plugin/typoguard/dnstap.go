package typoguard

import (
	"context"
	"time"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin/dnstap"
	"github.com/coredns/coredns/plugin/dnstap/msg"
	"github.com/coredns/coredns/request"

	tap "github.com/dnstap/golang-dnstap"
	"github.com/miekg/dns"
	"google.golang.org/protobuf/encoding/protowire"
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

// checkTappers returns an error if a policy wants to tell dnstap and there is none.
func (b *block) checkTappers(all []*dnstap.Dnstap) error {
	for _, s := range b.stanzas {
		if s.policy.dnstap && len(all) == 0 {
			return s.given["dnstap"].errorf("dnstap: no plugin dnstap in the server block; expected one that sends the messages")
		}
	}
	return nil
}

// tap sends a dnstap message with the policy that made a decision, beside those that the dnstap plugin sends of every query
// and response: of type CLIENT_RESPONSE with the reply, or CLIENT_QUERY if there is none because the policy only monitors. If
// it is a record in a reply that the decision is about, the message is a CLIENT_RESPONSE without the reply.
// It does not wait: the plugin has a queue. Nothing is sent unless the policy wants it.
func (t *Typoguard) tap(ctx context.Context, state request.Request, reply *dns.Msg, d *decision, asked time.Time) {
	if !d.policy.dnstap {
		return
	}
	for _, tapper := range t.tappers {
		m := new(tap.Message)
		msg.SetQueryTime(m, asked)
		if reply == nil && d.target == nil {
			msg.SetType(m, tap.Message_CLIENT_QUERY)
		} else {
			msg.SetType(m, tap.Message_CLIENT_RESPONSE)
			msg.SetResponseTime(m, time.Now())
		}
		if reply != nil && tapper.IncludeRawMessage {
			m.ResponseMessage, _ = reply.Pack() // as the dnstap plugin has it: nothing, if it cannot be packed
		}
		if msg.SetQueryAddress(m, state.W.RemoteAddr()) == nil {
			m.QueryAddress = d.policy.mask.Apply(addressOf(state.W)).AsSlice()
		}
		m.ProtoReflect().SetUnknown(appendPolicy(nil, d, state.QName()))
		tapper.TapMessageWithMetadata(ctx, m, state)
	}
}

// appendPolicy appends the field of a Message that holds the policy: which one and what it protects, what it did, and the
// name for which it did so.
func appendPolicy(b []byte, d *decision, name string) []byte {
	action := uint64(actionLOCALDATA)
	switch {
	case d.mode == monitor:
		action = actionPASS
	case d.policy.action == nxdomain:
		action = actionNXDOMAIN
	case d.policy.action == nodata:
		action = actionNODATA
	}
	var p []byte
	p = appendText(p, policyType, pluginName)
	p = appendText(p, policyRule, d.policy.name+" "+d.match.Suffix)
	p = protowire.AppendTag(p, policyAction, protowire.VarintType)
	p = protowire.AppendVarint(p, action)
	matched := uint64(matchQNAME)
	if d.target != nil {
		name, _ = target(d.target)
		matched = 0
		if d.target.Header().Rrtype == dns.TypeNS {
			matched = matchNSName
		}
	}
	if matched != 0 { // dnstap has no name for the targets of MX, CNAME and SRV records
		p = protowire.AppendTag(p, policyMatch, protowire.VarintType)
		p = protowire.AppendVarint(p, matched)
	}
	p = appendText(p, policyValue, shown(name))
	b = protowire.AppendTag(b, policyField, protowire.BytesType)
	return protowire.AppendBytes(b, p)
}

func appendText(b []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), text)
}
