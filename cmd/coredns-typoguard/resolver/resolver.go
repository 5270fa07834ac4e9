// Package resolver looks up for the commands what the server would with the plugins behind it.
package resolver

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/miekg/dns"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
)

// Flag is the option -resolve.
func Flag() cli.Flag {
	return &cli.StringFlag{Name: "resolve", Usage: "for policies that require a counterpart, query the resolver at this `ADDRESS` for the intended names"}
}

const (
	timeout = 5 * time.Second
	// remembered is how many domains an answer is kept of, for as long as the command runs.
	remembered = 100_000
)

// Resolver asks a resolver.
type Resolver struct {
	address  string
	udp, tcp dns.Client
	known    *lru.Cache[string, bool]
}

// FromFlag returns the resolver that the option names, and nil without the option.
func FromFlag(c *cli.Command) (*Resolver, error) {
	text := c.String("resolve")
	if text == "" {
		return nil, nil //nolint:nilnil // there is none, and that is right
	}
	address, err := parseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	known, err := lru.New[string, bool](remembered)
	if err != nil {
		return nil, err
	}
	return &Resolver{address: address, udp: dns.Client{Timeout: timeout}, tcp: dns.Client{Net: "tcp", Timeout: timeout}, known: known}, nil
}

// parseAddress reads an address with or without a port.
func parseAddress(text string) (string, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return net.JoinHostPort(addr.String(), "53"), nil
	}
	if addr, err := netip.ParseAddrPort(text); err == nil {
		return addr.String(), nil
	}
	return "", fmt.Errorf("%q; expected an address such as 192.0.2.53 or [2001:db8::53]:53", text)
}

// Exists says whether a domain exists, as the server would find out. What could not be found out is an error, and asked for
// again the next time.
func (r *Resolver) Exists(domain string) (bool, error) {
	if there, ok := r.known.Get(domain); ok {
		return there, nil
	}
	there, err := typoguard.Exists(domain, r.ask)
	if err == nil {
		r.known.Add(domain, there)
	}
	return there, err
}

// ask asks one question, again over TCP if the answer is cut, and returns nil without an answer.
func (r *Resolver) ask(domain string, qtype uint16) *dns.Msg {
	question := new(dns.Msg).SetQuestion(domain, qtype)
	question.SetEdns0(dns.DefaultMsgSize, false)
	reply, _, err := r.udp.Exchange(question, r.address)
	if err == nil && reply.Truncated {
		reply, _, err = r.tcp.Exchange(question, r.address)
	}
	if err != nil {
		return nil
	}
	return reply
}
