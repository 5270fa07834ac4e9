package typoguard

import (
	"context"
	"errors"
	"net"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/nonwriter"
	"github.com/coredns/coredns/plugin/transfer"
	"github.com/coredns/coredns/plugin/tsig"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/feed"
)

// checkFeeds returns an error if the zones for secondaries cannot be transferred by the other plugins of the server block, or by anybody.
func (b *block) checkFeeds(handler func(name string) plugin.Handler) error {
	for _, z := range b.feeds {
		if handler("minimal") != nil { // it cuts records off every message: github.com/coredns/coredns/issues/8391
			return z.at.Errorf("%s: the plugin minimal in the server block cuts transfers short; expected none", feedOption)
		}
		t, ok := handler("transfer").(*transfer.Transfer)
		if !ok {
			return z.at.Errorf("%s: no plugin transfer in the server block; expected one that names the secondaries of %s", feedOption, z.Name)
		}
		z.transfer = t
		served, open := transferable(t, z.Name)
		switch {
		case !served:
			return z.at.Errorf("%s: the plugin transfer is for other zones; expected transfer %s", feedOption, z.Name)
		case open && handler("acl") == nil && !signed(handler("tsig"), z.Name):
			return z.at.Errorf("%s: anybody may transfer %s, with all that the policy protects; expected tsig that requires AXFR and IXFR, acl, or other addresses than * in transfer",
				feedOption, z.Name)
		}
	}
	return nil
}

// stranger asks from an address that nobody has (RFC 6666). It keeps the answer.
type stranger struct{ nonwriter.Writer }

// RemoteAddr implements dns.ResponseWriter.
func (*stranger) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP("100::1"), Port: 53} }

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
	var behind, transferred probed
	probe := *t
	probe.Transferers, probe.Next = []transfer.Transferer{&transferred}, &behind
	_, _ = probe.ServeDNS(context.Background(), &stranger{}, feed.Request(zone, dns.TypeAXFR)) // what matters is who was asked
	return !bool(behind), bool(transferred)
}

// signed reports whether the plugin tsig lets only signed transfers of a zone pass.
func signed(h plugin.Handler, zone string) bool {
	t, ok := h.(*tsig.TSIGServer)
	if !ok {
		return false
	}
	for _, qtype := range []uint16{dns.TypeAXFR, dns.TypeIXFR} {
		var passed probed
		probe := *t
		probe.Next = &passed
		if _, _ = probe.ServeDNS(context.Background(), &stranger{}, feed.Request(zone, qtype)); passed {
			return false
		}
	}
	return true
}
