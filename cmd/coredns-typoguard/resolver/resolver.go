// Package resolver makes the lookups for the commands that the server would make through its other plugins.
package resolver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/miekg/dns"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/existence"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// Flag is the option -resolve, of which a command says what it does with the resolver.
func Flag(usage string) cli.Flag { return &cli.StringFlag{Name: "resolve", Usage: usage} }

const (
	timeout = 5 * time.Second
	// cacheSize is the number of domains whose answers are cached while the command runs.
	cacheSize = 100_000
)

// Resolver queries a resolver.
type Resolver struct {
	address  string
	udp, tcp dns.Client
	known    *lru.Cache[string, policy.Existence]
	operated *lru.Cache[string, policy.Operator]
}

// FromFlag returns the resolver of the option -resolve, or nil without the option.
func FromFlag(c *cli.Command) (*Resolver, error) {
	text := c.String("resolve")
	if text == "" {
		return nil, nil //nolint:nilnil // the option is not set
	}
	address, err := ParseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	known, err := lru.New[string, policy.Existence](cacheSize)
	if err != nil {
		return nil, err
	}
	operated, err := lru.New[string, policy.Operator](cacheSize)
	if err != nil {
		return nil, err
	}
	return &Resolver{
		address: address, udp: dns.Client{Timeout: timeout}, tcp: dns.Client{Net: "tcp", Timeout: timeout}, known: known, operated: operated,
	}, nil
}

// ParseAddress returns the address of a resolver with its port, which is 53 if none is given.
func ParseAddress(text string) (string, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return net.JoinHostPort(addr.String(), "53"), nil
	}
	if addr, err := netip.ParseAddrPort(text); err == nil {
		return addr.String(), nil
	}
	return "", fmt.Errorf("%q; expected an address such as 192.0.2.53 or [2001:db8::53]:53", text)
}

// Exists checks whether a domain exists, in the same way as the server. It is for policy.Query, and takes the time it needs. A
// lookup that fails is retried at the next call.
func (r *Resolver) Exists(domain string, _ time.Duration) policy.Existence {
	if found, ok := r.known.Get(domain); ok {
		return found
	}
	found, _ := existence.Find(context.Background(), domain, r.lookUp)
	if found != policy.Unknown {
		r.known.Add(domain, found)
	}
	return found
}

// Operator finds out who operates a domain, in the same way.
func (r *Resolver) Operator(domain string, others []string, _ time.Duration) policy.Operator {
	key := strings.Join(append([]string{domain}, others...), " ")
	if found, ok := r.operated.Get(key); ok {
		return found
	}
	found, _ := existence.FindOperator(context.Background(), domain, others, r.lookUp)
	if found != policy.OperatorUnknown {
		r.operated.Add(key, found)
	}
	return found
}

// Serve makes a question to policies use the resolver, if there is one.
func (r *Resolver) Serve(q *policy.Query) {
	if r != nil {
		q.Exists, q.Operator = r.Exists, r.Operator
	}
}

// Reply returns the reply to a query, and nil if there is none.
func (r *Resolver) Reply(name string, qtype uint16) *dns.Msg {
	return r.lookUp(context.Background(), dns.Fqdn(name), qtype)
}

// lookUp sends one query, again over TCP if the reply is truncated, and returns nil without a reply.
func (r *Resolver) lookUp(ctx context.Context, domain string, qtype uint16) *dns.Msg {
	question := new(dns.Msg).SetQuestion(domain, qtype)
	question.SetEdns0(dns.DefaultMsgSize, false)
	reply, _, err := r.udp.ExchangeContext(ctx, question, r.address)
	if err == nil && reply.Truncated {
		reply, _, err = r.tcp.ExchangeContext(ctx, question, r.address)
	}
	if err != nil {
		return nil
	}
	return reply
}
