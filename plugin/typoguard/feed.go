package typoguard

import (
	"context"
	"sync/atomic"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/transfer"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/feed"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/listzone"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// feedZone is a zone for secondaries, which has what the policies that name it hide.
type feedZone struct {
	listzone.Zone // its name and TTL

	config      feedConfig
	at          suffixlist.Position
	feed        atomic.Pointer[feed.Feed] // nil before the instance starts
	secondaries feed.Secondaries          // set before the servers run
}

// type check
var _ transfer.Transferer = (*Typoguard)(nil)

// feedOf returns the zone for secondaries that a message is about, or nil.
func (t *Typoguard) feedOf(r *dns.Msg) *feedZone {
	for _, z := range t.block.feeds {
		if len(r.Question) > 0 && z.Contains(r.Question[0].Name) {
			return z
		}
	}
	return nil
}

// serveFeed answers a message about a zone for secondaries: for the zone itself as its authoritative server. Its rows are to be had by
// transfer only. Nothing but that goes to the plugins behind.
func (t *Typoguard) serveFeed(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, z *feedZone) (int, error) {
	if r.Response {
		return dns.RcodeRefused, nil
	}
	f := z.feed.Load()
	question := &r.Question[0]
	switch {
	case r.Opcode != dns.OpcodeQuery:
		return dns.RcodeSuccess, w.WriteMsg(listzone.Failed(r, dns.RcodeNotImplemented))
	case !isJudged(r) || len(question.Name) != len(z.Name):
		return dns.RcodeSuccess, w.WriteMsg(listzone.Failed(r, dns.RcodeRefused))
	case f == nil:
		return dns.RcodeSuccess, w.WriteMsg(listzone.Failed(r, dns.RcodeServerFailure))
	case question.Qtype == dns.TypeAXFR || question.Qtype == dns.TypeIXFR:
		return t.serveTransfer(ctx, w, r, f)
	}
	reply := f.Reply(r)
	if reply == nil { // there is no version yet
		reply = listzone.Failed(r, dns.RcodeServerFailure)
	}
	return dns.RcodeSuccess, w.WriteMsg(reply)
}

// serveTransfer lets the plugin transfer, which knows who may have the zone, answer. It comes back for the rows by Transfer.
func (t *Typoguard) serveTransfer(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, f *feed.Feed) (int, error) {
	state := request.Request{W: w, Req: r}
	ticket, err := f.Admit(state.IP(), w)
	if err != nil {
		log.Warningf("feed %s: no transfer to %s: %v", r.Question[0].Name, state.IP(), err)
		return dns.RcodeSuccess, w.WriteMsg(listzone.Failed(r, dns.RcodeServerFailure))
	}
	defer ticket.End()
	return plugin.NextOrFailure(t.Name(), t.Next, ctx, ticket, r)
}

// Transfer implements transfer.Transferer. It is called on the way of a message through serveTransfer.
func (t *Typoguard) Transfer(zone string, serial uint32) (<-chan []dns.RR, error) {
	for _, z := range t.block.feeds {
		if f := z.feed.Load(); z.Name == zone && f != nil {
			return f.Transfer(serial)
		}
	}
	return nil, transfer.ErrNotAuthoritative
}
