package typoguard

import (
	"context"
	"errors"
	"net"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/acl"
	"github.com/coredns/coredns/plugin/pkg/nonwriter"
	"github.com/coredns/coredns/plugin/transfer"
	"github.com/coredns/coredns/plugin/tsig"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/feed"
)

// checkFeeds returns an error if the zones for secondaries cannot be transferred by the other plugins of the server block, or by anybody. It
// finds out who the secondaries are.
func (b *block) checkFeeds(c *caddy.Controller, handler func(name string) plugin.Handler) (err error) {
	for _, z := range b.feeds {
		if handler("minimal") != nil { // it cuts records off every message: github.com/coredns/coredns/issues/8391
			return z.at.Errorf("%s: the plugin minimal in the server block cuts transfers short; expected none", feedOption)
		}
		t, ok := handler("transfer").(*transfer.Transfer)
		if !ok {
			return z.at.Errorf("%s: no plugin transfer in the server block; expected one that names the secondaries of %s", feedOption, z.Name)
		}
		served, open := transferable(t, z.Name)
		switch {
		case !served:
			return z.at.Errorf("%s: the plugin transfer is for other zones; expected transfer %s", feedOption, z.Name)
		case open && !stops(handler("acl"), z.Name) && !stops(handler("tsig"), z.Name):
			return z.at.Errorf("%s: anybody may transfer %s, with all that the policy protects; expected tsig that requires AXFR and IXFR, acl that blocks others, or other addresses than * in transfer",
				feedOption, z.Name)
		}
		if z.secondaries, err = secondariesOf(c, z.Name); err != nil {
			return z.at.Errorf("%s: %w", feedOption, err)
		}
	}
	return nil
}

// strangers are addresses that nobody has (RFC 6666, RFC 7600).
func strangers() []net.IP { return []net.IP{net.ParseIP("100::1"), net.IPv4(192, 0, 0, 8)} }

// stranger asks from an address. It keeps the answer.
type stranger struct {
	nonwriter.Writer
	ip net.IP
}

// RemoteAddr implements dns.ResponseWriter.
func (s *stranger) RemoteAddr() net.Addr { return &net.TCPAddr{IP: s.ip, Port: 53} }

// LocalAddr implements dns.ResponseWriter.
func (*stranger) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv6loopback, Port: 53} }

// TsigStatus implements dns.ResponseWriter.
func (*stranger) TsigStatus() error { return nil }

// probed remembers that it was asked for a transfer, or that a message got as far as here.
type probed bool

// Transfer implements transfer.Transferer.
func (a *probed) Transfer(string, uint32) (<-chan []dns.RR, error) {
	*a = true
	return nil, errors.New("only a question")
}

// Name implements plugin.Handler.
func (*probed) Name() string { return pluginName }

// ServeDNS implements plugin.Handler.
func (a *probed) ServeDNS(context.Context, dns.ResponseWriter, *dns.Msg) (int, error) {
	*a = true
	return dns.RcodeRefused, nil
}

// transferable reports whether the plugin transfer serves a zone, and whether to anybody. It says so only when it is asked.
func transferable(t *transfer.Transfer, zone string) (served, open bool) {
	served = true
	for _, ip := range strangers() {
		var behind, transferred probed
		probe := *t
		probe.Transferers, probe.Next = []transfer.Transferer{&transferred}, &behind
		_, _ = probe.ServeDNS(context.Background(), &stranger{ip: ip}, feed.Request(zone, dns.TypeAXFR)) // what matters is who was asked
		served, open = served && !bool(behind), open || bool(transferred)
	}
	return served, open
}

// stops reports whether a plugin lets no stranger's request for a transfer of a zone pass.
func stops(h plugin.Handler, zone string) bool {
	for _, ip := range strangers() {
		for _, qtype := range []uint16{dns.TypeAXFR, dns.TypeIXFR} {
			var passed probed
			probe := before(h, &passed)
			if probe == nil {
				return false
			}
			if _, _ = probe.ServeDNS(context.Background(), &stranger{ip: ip}, feed.Request(zone, qtype)); passed {
				return false
			}
		}
	}
	return true
}

// before returns a plugin that may stop requests, with another plugin behind it, or nil if it is none.
func before(h, next plugin.Handler) plugin.Handler {
	switch h := h.(type) {
	case acl.ACL:
		h.Next = next
		return h
	case *tsig.TSIGServer:
		probe := *h
		probe.Next = next
		return &probe
	}
	return nil
}
