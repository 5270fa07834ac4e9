package typoguard

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnsutil"
	"github.com/coredns/coredns/plugin/pkg/nonwriter"
	"github.com/coredns/coredns/plugin/pkg/response"

	"github.com/miekg/dns"
)

// asker asks the plugins behind this one. It has nothing of the query that made it ask but its server, view and client:
// that query may have been answered long before.
type asker struct {
	ctx  context.Context //nolint:containedctx // an asker is one question's
	next plugin.Handler
	w    writer
}

func newAsker(ctx context.Context, next plugin.Handler, w dns.ResponseWriter) *asker {
	own := context.Background()
	for _, key := range []any{dnsserver.Key{}, dnsserver.ViewKey{}, dnsserver.LoopKey{}} {
		own = context.WithValue(own, key, ctx.Value(key))
	}
	return &asker{own, next, writer{local: w.LocalAddr(), remote: w.RemoteAddr()}}
}

// counterpartTypes are what a domain is asked for, in this order, until there is something: a mail server looks for MX
// and then addresses, and a domain without them may still be one with hosts below it.
var counterpartTypes = []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeNS}

// find returns whether a domain exists, and for how long that holds.
func (a *asker) find(domain string) (presence, time.Duration) {
	ctx, cancel := context.WithTimeout(a.ctx, askingLimit)
	defer cancel()
	return look(func(qtype uint16) *dns.Msg { return a.query(ctx, domain, qtype) })
}

// look asks for one type after the other, until there is something or nobody answers: then ask returns nil.
func look(ask func(qtype uint16) *dns.Msg) (presence, time.Duration) {
	ttl := dnsutil.MaximumDefaultTTL
	for _, qtype := range counterpartTypes {
		reply := ask(qtype)
		if reply == nil {
			return unknown, unknownFor
		}
		p := presenceIn(reply, qtype)
		ttl = min(ttl, lifetime(reply))
		switch p {
		case unknown:
			return unknown, unknownFor
		case exists:
			return exists, lifetime(reply)
		case absent:
			return absent, ttl
		}
	}
	return absent, ttl
}

// Exists says whether a domain exists in the sense of the option require counterpart. It asks for one type after the other;
// ask returns nil if there is no answer, which is an error.
func Exists(domain string, ask func(domain string, qtype uint16) *dns.Msg) (bool, error) {
	p, _ := look(func(qtype uint16) *dns.Msg { return ask(domain, qtype) })
	if p == unknown {
		return false, fmt.Errorf("%s: it cannot be found out whether the domain exists", domain)
	}
	return p == exists, nil
}

// query asks one question, and returns nil if there is no answer.
func (a *asker) query(ctx context.Context, domain string, qtype uint16) (reply *dns.Msg) {
	defer func() { // as the server does for the queries of clients
		if rec := recover(); rec != nil {
			log.Errorf("Recovered from panic while asking for %s: %v", domain, rec)
			reply = nil
		}
	}()
	question := new(dns.Msg).SetQuestion(domain, qtype)
	question.SetEdns0(dns.DefaultMsgSize, false)
	w := nonwriter.New(&a.w)
	if _, err := plugin.NextOrFailure(pluginName, a.next, ctx, w, question); err != nil {
		return nil
	}
	return w.Msg
}

// presenceIn returns what a reply says of the domain it is about: notAsked if another type may say more.
func presenceIn(reply *dns.Msg, qtype uint16) presence {
	switch reply.Rcode {
	case dns.RcodeNameError:
		return absent
	case dns.RcodeSuccess:
	default:
		return unknown
	}
	found := notAsked
	for _, rr := range reply.Answer {
		mx, isMX := rr.(*dns.MX)
		switch {
		case isMX && mx.Mx == ".":
			found = absent // a null MX (RFC 7505): no mail is meant for this domain, whatever addresses it has
		case rr.Header().Rrtype == qtype:
			return exists
		}
	}
	if found == notAsked && reply.Truncated {
		return exists // there is more than fits
	}
	return found
}

// lifetime returns for how long a reply holds.
func lifetime(reply *dns.Msg) time.Duration {
	kind, _ := response.Typify(reply, time.Now())
	ttl := dnsutil.MinimalTTL(reply, kind)
	for _, rr := range reply.Ns {
		if soa, ok := rr.(*dns.SOA); ok { // RFC 2308 section 5
			ttl = min(ttl, time.Duration(soa.Minttl)*time.Second)
		}
	}
	return ttl
}

// writer stands in for the client's dns.ResponseWriter, of which it has the addresses. Nothing is written to it.
type writer struct{ local, remote net.Addr }

func (w *writer) LocalAddr() net.Addr         { return w.local }
func (w *writer) RemoteAddr() net.Addr        { return w.remote }
func (w *writer) WriteMsg(*dns.Msg) error     { return nil }
func (w *writer) Write(b []byte) (int, error) { return len(b), nil }
func (w *writer) Close() error                { return nil }
func (w *writer) TsigStatus() error           { return nil }
func (w *writer) TsigTimersOnly(bool)         {}
func (w *writer) Hijack()                     {}
