package typoguard

import (
	"context"
	"net"
	"net/netip"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/nonwriter"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/existence"
)

// newLookup returns a function that asks the plugins behind this one, which has a name. It has nothing of the query that makes it ask but the
// server, the view and the client: that query may have been answered long before.
func newLookup(ctx context.Context, name string, next plugin.Handler, w dns.ResponseWriter) existence.Lookup {
	own := context.Background()
	for _, key := range []any{dnsserver.Key{}, dnsserver.ViewKey{}, dnsserver.LoopKey{}} {
		own = context.WithValue(own, key, ctx.Value(key))
	}
	client := &endpoints{local: w.LocalAddr(), remote: w.RemoteAddr()}
	return func(ctx context.Context, domain string, qtype uint16) *dns.Msg {
		return lookUp(valuesOf{ctx, own}, name, next, client, domain, qtype)
	}
}

// lookUp asks one question, and returns nil if there is no answer.
func lookUp(ctx context.Context, name string, next plugin.Handler, client *endpoints, domain string, qtype uint16) (reply *dns.Msg) {
	defer func() { // as the server does for the queries of clients
		if rec := recover(); rec != nil {
			log.Errorf("Recovered from panic while looking up %s: %v", domain, rec)
			reply = nil
		}
	}()
	question := new(dns.Msg).SetQuestion(domain, qtype)
	question.SetEdns0(dns.DefaultMsgSize, false)
	w := nonwriter.New(client)
	if _, err := plugin.NextOrFailure(name, next, ctx, w, question); err != nil {
		return nil
	}
	return w.Msg
}

// lookUp asks the plugins behind this one a question of our own. It needs no server that is running, and is an existence.Lookup.
func (t *Typoguard) lookUp(ctx context.Context, domain string, qtype uint16) *dns.Msg {
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	return lookUp(ctx, t.Name(), t.Next, &endpoints{local: loopback, remote: loopback}, domain, qtype)
}

// lookUpHost returns the addresses of a host, by the plugins behind this one.
func (t *Typoguard) lookUpHost(ctx context.Context, host string) ([]netip.Addr, error) {
	var addresses []netip.Addr
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		reply := t.lookUp(ctx, dns.Fqdn(host), qtype)
		if reply == nil {
			continue
		}
		for _, rr := range reply.Answer {
			switch rr := rr.(type) {
			case *dns.A:
				addresses = appendAddress(addresses, rr.A)
			case *dns.AAAA:
				addresses = appendAddress(addresses, rr.AAAA)
			}
		}
	}
	if len(addresses) == 0 {
		return nil, &net.DNSError{Err: "no address by the plugins of the server block", Name: host}
	}
	return addresses, nil
}

func appendAddress(to []netip.Addr, ip net.IP) []netip.Addr {
	if a, ok := netip.AddrFromSlice(ip); ok {
		return append(to, a.Unmap())
	}
	return to
}

// valuesOf is a context with the values of another one.
type valuesOf struct {
	context.Context //nolint:containedctx // which it is
	values          context.Context
}

// Value implements context.Context.
func (c valuesOf) Value(key any) any {
	if v := c.values.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}

// endpoints stands in for the client's dns.ResponseWriter, of which it has the addresses. Nothing is written to it.
type endpoints struct{ local, remote net.Addr }

func (a *endpoints) LocalAddr() net.Addr         { return a.local }
func (a *endpoints) RemoteAddr() net.Addr        { return a.remote }
func (a *endpoints) WriteMsg(*dns.Msg) error     { return nil }
func (a *endpoints) Write(b []byte) (int, error) { return len(b), nil }
func (a *endpoints) Close() error                { return nil }
func (a *endpoints) TsigStatus() error           { return nil }
func (a *endpoints) TsigTimersOnly(bool)         {}
func (a *endpoints) Hijack()                     {}
