package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// patience is how long a resolver has to answer.
const patience = 5 * time.Second

// server is a resolver, and where it is named.
type server struct{ address, from string }

// String returns how a finding names the resolver.
func (s server) String() string {
	host, port, _ := net.SplitHostPort(s.address)
	if port != "53" {
		host = s.address
	}
	return host + " (" + s.from + ")"
}

// outcome is what a resolver did about a canary.
type outcome uint8

const (
	hidden outcome = iota
	shown
	failed
	silent
)

// examineResolvers asks each resolver for each canary, and then for allowed domains below hidden names.
func (e *examination) examineResolvers(ctx context.Context, servers []server, canaries []canary) {
	if len(servers) == 0 {
		e.add(note, "resolver", "no resolver is named in /etc/resolv.conf or with -through", "")
	}
	var allowed []string
	for _, b := range e.blocks.Selected() {
		if b.Set != nil {
			allowed = append(allowed, endangered(b)...)
		}
	}
	for _, s := range servers {
		for _, c := range canaries {
			e.examineCanary(ctx, s, c)
		}
		for _, name := range allowed {
			e.examineAllowed(ctx, s, name)
		}
	}
}

// examineCanary asks a resolver for a canary, by all types that mail servers ask for, in two orders.
func (e *examination) examineCanary(ctx context.Context, s server, c canary) {
	for _, qtype := range []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeA, dns.TypeMX} {
		if !c.policy.Answers(qtype) {
			continue
		}
		reply, err := ask(ctx, s.address, c.name, qtype)
		what, how := c.judge(reply, err)
		if what == shown && !c.policy.Clients.Cover(clientTo(s.address)) {
			e.add(note, "resolver", fmt.Sprintf("%s does not hide %s here, which is no client of policy %q", s, strings.TrimSuffix(c.name, "."), c.policy.Name),
				"run this command on one of its clients")
			return
		}
		question := strings.TrimSuffix(c.name, ".") + " " + dns.TypeToString[qtype]
		switch what {
		case hidden:
			continue
		case shown:
			e.add(fault, "resolver", fmt.Sprintf("%s does not hide %s, of policy %q: %s", s, question, c.policy.Name, how),
				"let it forward everything to typoguard, or remove it from where it is named")
		case failed:
			e.add(fault, "resolver", fmt.Sprintf("%s fails for %s: %s; mail to lookalikes waits for days", s, question, how),
				"if it validates, give it a negative trust anchor for the zones of lookalikes: docs/resolvers.md has the line for each product")
		case silent:
			e.add(fault, "resolver", fmt.Sprintf("%s does not answer for %s: %s", s, question, how), "start it, or remove it from where it is named")
		}
		return
	}
	e.add(fine, "resolver", fmt.Sprintf("%s hides %s, of policy %q", s, strings.TrimSuffix(c.name, "."), c.policy.Name), "")
}

// clientTo returns this host as the client that a resolver sees.
func clientTo(address string) *policy.Client {
	conn, err := net.Dial("udp", address) // which sends nothing
	if err != nil {
		return policy.ClientAt(netip.Addr{}) // any client, so that nothing is excused
	}
	defer conn.Close()
	return policy.ClientAt(conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr())
}

// judge tells from a reply what a resolver does about the canary, and how it can be told.
func (c *canary) judge(reply *dns.Msg, err error) (what outcome, how string) {
	switch {
	case err != nil && isTimeout(err):
		return silent, "timeout"
	case err != nil:
		return silent, err.Error()
	case reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError:
		return failed, dns.RcodeToString[reply.Rcode]
	}
	for _, rr := range reply.Answer {
		if !c.isOurs(rr) {
			return shown, strings.Join(strings.Fields(rr.String()), " ")
		}
	}
	if len(reply.Answer) > 0 || isExplained(reply) {
		return hidden, ""
	}
	for _, rr := range reply.Ns {
		soa, ok := rr.(*dns.SOA)
		if ok && soa.Ns == typoguard.NameServer {
			return hidden, ""
		}
		if ok {
			return shown, fmt.Sprintf("%s with the SOA of %s, not of typoguard", dns.RcodeToString[reply.Rcode], soa.Hdr.Name)
		}
	}
	return shown, dns.RcodeToString[reply.Rcode] + " without the SOA of typoguard"
}

// isOurs reports whether a record is part of what the policy answers.
func (c *canary) isOurs(rr dns.RR) bool {
	switch rr := rr.(type) {
	case *dns.MX:
		return rr.Mx == "." || (c.policy.Action == policy.Sinkhole && strings.EqualFold(rr.Mx, c.name))
	case *dns.A:
		return c.isSinkhole(rr.A)
	case *dns.AAAA:
		return c.isSinkhole(rr.AAAA)
	}
	return false
}

func (c *canary) isSinkhole(ip net.IP) bool {
	return slices.ContainsFunc(c.policy.Sinkhole, func(addr netip.Addr) bool { return ip.Equal(addr.AsSlice()) })
}

// isExplained reports whether a reply has an Extended DNS Error of typoguard.
func isExplained(reply *dns.Msg) bool {
	opt := reply.IsEdns0()
	return opt != nil && slices.ContainsFunc(opt.Option, func(option dns.EDNS0) bool {
		ede, ok := option.(*dns.EDNS0_EDE)
		return ok && strings.HasPrefix(ede.ExtraText, typoguard.ExplanationPrefix)
	})
}

// examineAllowed asks a resolver for an allowed domain after the names above it.
func (e *examination) examineAllowed(ctx context.Context, s server, name string) {
	_, parent, _ := strings.Cut(name, ".")
	for _, qtype := range []uint16{dns.TypeA, dns.TypeMX, dns.TypeNS} {
		if _, err := ask(ctx, s.address, dns.Fqdn(parent), qtype); err != nil {
			return // that it does not answer is said already
		}
	}
	for _, qtype := range []uint16{dns.TypeSOA, dns.TypeMX, dns.TypeA} {
		reply, err := ask(ctx, s.address, dns.Fqdn(name), qtype)
		switch {
		case err != nil:
			return
		case reply.Rcode == dns.RcodeNameError || reply.Rcode == dns.RcodeServerFailure:
			e.add(fault, "resolver", fmt.Sprintf("%s answers %s for %s %s, which is allowed: mail to it is lost",
				s, dns.RcodeToString[reply.Rcode], name, dns.TypeToString[qtype]),
				"if the domain exists, empty the resolver's cache, and see docs/resolvers.md for what it needs")
			return
		}
	}
	e.add(fine, "resolver", fmt.Sprintf("%s finds %s, allowed below a hidden name", s, name), "")
}

// ask sends one query, again over TCP if the reply is truncated.
func ask(ctx context.Context, address, name string, qtype uint16) (*dns.Msg, error) {
	query := new(dns.Msg).SetQuestion(name, qtype).SetEdns0(dns.DefaultMsgSize, false)
	client := &dns.Client{Timeout: patience}
	reply, _, err := client.ExchangeContext(ctx, query, address)
	if err == nil && reply.Truncated {
		client.Net = "tcp"
		reply, _, err = client.ExchangeContext(ctx, query, address)
	}
	return reply, err
}
