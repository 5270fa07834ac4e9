package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/test/typos"
)

// mailers are mail servers that look up where to deliver: each at an address of its own in 127.0.0.0/8.
type mailers struct {
	resolver string // its address
	count    int    // of mail servers
	pause    time.Duration
	random   *rand.Rand
}

// typing is how many in a hundred addresses are mistyped: many more than in earnest, where it may be one in a thousand, so
// that there is something to see.
const typing = 5

// newMailers returns mail servers that deliver to the same domains every time.
func newMailers(resolver string, count int, pause time.Duration) *mailers {
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
		client := fmt.Sprintf("127.0.1.%d", 1+m.random.IntN(m.count))
		n, err := lookup(ctx, client, m.resolver, m.domain())
		lookups += n
		if err != nil && ctx.Err() == nil {
			return lookups, err
		}
	}
}

// domain returns a domain that mail goes to: a protected one, now and then mistyped in the mix that people make, or another.
func (m *mailers) domain() string {
	guarded := append(append([]string{}, protectedDomains...), trialDomains...)
	domain := guarded[m.random.IntN(len(guarded))]
	if m.random.IntN(100) < typing {
		return typos.Common(m.random, domain)
	}
	if m.random.IntN(2) == 0 {
		return fmt.Sprintf("department%d.example", m.random.IntN(200))
	}
	return "unit" + fmt.Sprint(m.random.IntN(20)) + "." + domain
}

// lookup asks as a mail server does: for MX, and then for the addresses of the host; after an NXDOMAIN for those of the
// domain, as many do. It returns how many queries were answered.
func lookup(ctx context.Context, client, resolver, domain string) (int, error) {
	dialer := &net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(client)}}
	exchange := &dns.Client{Timeout: 2 * time.Second, Dialer: dialer}
	host := dns.Fqdn(strings.Trim(domain, "."))
	for n, qtype := range []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA} {
		query := new(dns.Msg).SetQuestion(host, qtype).SetEdns0(1232, false)
		reply, _, err := exchange.ExchangeContext(ctx, query, resolver)
		if err != nil {
			return n, fmt.Errorf("asking for %s: %w", host, err)
		}
		if len(reply.Answer) > 0 && qtype == dns.TypeMX {
			host = reply.Answer[0].(*dns.MX).Mx
		}
		if host == "." { // a null MX
			return n + 1, nil
		}
	}
	return 3, nil
}
