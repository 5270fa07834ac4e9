package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/test/sender"
	"github.com/typoguard/coredns-typoguard/test/typos"
)

// mailers are mail servers that look up where to deliver, and deliver to the sinkhole what is led there: each at an address of its
// own in 127.0.0.0/8.
type mailers struct {
	resolver *resolver
	count    int // of mail servers
	pause    time.Duration
	random   *rand.Rand
}

// typing is how many in a hundred addresses are mistyped: many more than in earnest, where it may be one in a thousand, so
// that there is something to see.
const typing = 5

// newMailers returns mail servers that deliver to the same domains every time.
func newMailers(resolver *resolver, count int, pause time.Duration) *mailers {
	return &mailers{resolver, count, pause, rand.New(rand.NewPCG(1, 1))}
}

// run delivers until the context ends, and returns how many lookups there were, or why one failed.
func (m *mailers) run(ctx context.Context) (int, error) {
	tick := time.NewTicker(m.pause)
	defer tick.Stop()
	for lookups := 0; ; {
		select {
		case <-ctx.Done():
			return lookups, nil
		case <-tick.C:
		}
		client, domain := m.random.IntN(m.count), m.domain()
		address := netip.AddrFrom4([4]byte{127, 0, 1, byte(1 + client)})
		n, host, err := lookup(ctx, address.String(), m.resolver.dns, domain)
		lookups += n
		if err == nil && host.IsLoopback() { // no sinkhole is on port 25 here
			err = m.send(ctx, client, address, domain)
		}
		if err != nil && ctx.Err() == nil {
			return lookups, err
		}
	}
}

// domain returns a domain that mail goes to: a protected one, now and then mistyped in the mix that people make, or another.
func (m *mailers) domain() string {
	guarded := slices.Concat(protectedDomains, trialDomains, sunkDomains)
	domain := guarded[m.random.IntN(len(guarded))]
	if m.random.IntN(100) < typing {
		return typos.CommonDomain(m.random, domain)
	}
	if m.random.IntN(2) == 0 {
		return fmt.Sprintf("department%d.example", m.random.IntN(200))
	}
	return "unit" + fmt.Sprint(m.random.IntN(20)) + "." + domain
}

// send delivers a message to the sinkhole. Of ten mail servers one does not know TLS, and one verifies certificates: it keeps the
// message.
func (m *mailers) send(ctx context.Context, client int, address netip.Addr, domain string) error {
	message := sender.Message{Client: address, Helo: fmt.Sprintf("mx%d.corp.example", client), Domain: domain}
	switch client % 10 {
	case 0:
	case 1:
		message.TLS = &tls.Config{ServerName: message.Domain}
	default:
		message.TLS = &tls.Config{InsecureSkipVerify: true} // what comes back is of nobody's concern
	}
	err := message.Refused(ctx, m.resolver.smtp)
	if _, unverified := errors.AsType[*tls.CertificateVerificationError](err); unverified {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sending mail for %s: %w", domain, err)
	}
	return nil
}

// lookup asks as a mail server does: for MX, and then for the addresses of the host; after an NXDOMAIN for those of the
// domain, as many do. It returns how many queries were answered, and the IPv4 address, if there is one.
func lookup(ctx context.Context, client, resolver, domain string) (queries int, address net.IP, err error) {
	dialer := &net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(client)}}
	exchange := &dns.Client{Timeout: 2 * time.Second, Dialer: dialer}
	host := dns.Fqdn(domain)
	for n, qtype := range []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA} {
		query := new(dns.Msg).SetQuestion(host, qtype).SetEdns0(1232, false)
		reply, _, err := exchange.ExchangeContext(ctx, query, resolver)
		if err != nil {
			return n, nil, fmt.Errorf("asking for %s: %w", host, err)
		}
		if len(reply.Answer) > 0 {
			switch rr := reply.Answer[0].(type) {
			case *dns.MX:
				host = rr.Mx
			case *dns.A:
				address = rr.A
			}
		}
		if host == "." { // a null MX
			return n + 1, nil, nil
		}
	}
	return 3, address, nil
}
