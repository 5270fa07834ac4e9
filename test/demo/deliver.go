package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/sender"
)

const (
	mailings = 45 * time.Second // between two mailings
	reports  = 10 * time.Second // between two lines
	resends  = 20 * time.Second // until a sender tries again
)

// counts are what has happened.
type counts struct{ visits, lookups, typos, refused int }

// deliver has all clients do what they do until the context ends, or the resolver does.
func deliver(ctx context.Context, out io.Writer, s *site, w *world, pause time.Duration, resolver *kit.Process) error {
	tick, mailing, report := time.NewTicker(pause), time.NewTicker(mailings), time.NewTicker(reports)
	defer tick.Stop()
	defer mailing.Stop()
	defer report.Stop()
	type later struct {
		visit
		at time.Time
	}
	var resend []later
	var c counts
	waiting := append(w.opening(), w.mailing()...)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-resolver.Exited():
			return fmt.Errorf("the resolver exited: %s", resolver.Output())
		case <-mailing.C:
			waiting = append(waiting, w.mailing()...)
			continue
		case now := <-report.C:
			fmt.Fprintf(out, "%s  %d deliveries and pages, %d lookups; %d domains mistyped; %d recipients refused by SMTP\n",
				now.Format(time.TimeOnly), c.visits, c.lookups, c.typos, c.refused)
			continue
		case <-tick.C:
		}
		var v visit
		switch {
		case len(resend) > 0 && time.Now().After(resend[0].at):
			v, resend = resend[0].visit, resend[1:]
		case len(waiting) > 0:
			v, waiting = waiting[0], waiting[1:]
		default:
			v = w.next()
		}
		if v.typo && w.chance(resent) {
			resend = append(resend, later{v, time.Now().Add(resends)})
		}
		if err := v.make(ctx, s, &c); err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s, %s: %w", v.name, v.domain, err)
		}
	}
}

// make looks a domain up as mail servers and browsers do, and delivers mail to the sinkhole if it is led there.
func (v visit) make(ctx context.Context, s *site, c *counts) error {
	c.visits++
	if v.typo {
		c.typos++
	}
	host, types := v.domain, []uint16{dns.TypeHTTPS, dns.TypeA, dns.TypeAAAA}
	if v.mail {
		types = []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}
	}
	for _, qtype := range types {
		reply, err := v.ask(ctx, s.dns, host, qtype)
		if err != nil {
			return err
		}
		c.lookups++
		for _, rr := range reply.Answer {
			switch rr := rr.(type) {
			case *dns.MX:
				host = strings.TrimSuffix(rr.Mx, ".")
			case *dns.A:
				if v.mail && rr.A.IsLoopback() { // no sinkhole is on port 25 here
					c.refused++
					return sender.Message{Client: v.address, Helo: v.name, Domain: v.domain}.Refused(ctx, s.smtp)
				}
			}
		}
	}
	return nil
}

// ask sends a query.
func (v visit) ask(ctx context.Context, resolver, name string, qtype uint16) (*dns.Msg, error) {
	exchange := &dns.Client{Timeout: 5 * time.Second, Dialer: &net.Dialer{LocalAddr: &net.UDPAddr{IP: v.address.AsSlice()}}}
	reply, _, err := exchange.ExchangeContext(ctx, new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype).SetEdns0(1232, false), resolver)
	return reply, err
}
