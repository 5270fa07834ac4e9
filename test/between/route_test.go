//go:build e2e

package between_test

import (
	"context"
	"time"

	"github.com/miekg/dns"
)

// A question is asked as the C library does it: twice, if there is no answer within five seconds.
const (
	attempts     = 2
	answerWithin = 5 * time.Second
)

// question is what is asked of a resolver.
type question struct {
	name   string
	qtype  uint16
	cd, do bool // flags that validators set
}

// client asks one resolver.
type client struct {
	address string
}

// ask returns the answer, or nil if there is none that could be used.
func (c client) ask(ctx context.Context, q question) *dns.Msg {
	query := new(dns.Msg).SetQuestion(dns.Fqdn(q.name), q.qtype)
	query.CheckingDisabled = q.cd
	if q.do {
		query.SetEdns0(dns.DefaultMsgSize, true)
	}
	reply, err := c.exchange(ctx, query, "udp")
	if err == nil && reply.Truncated {
		reply, err = c.exchange(ctx, query, "tcp")
	}
	if err != nil || reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError {
		return nil
	}
	return reply
}

// exchange sends a query, and returns the reply to it.
func (c client) exchange(ctx context.Context, query *dns.Msg, network string) (reply *dns.Msg, err error) {
	for range attempts {
		reply, _, err = (&dns.Client{Timeout: answerWithin, Net: network}).ExchangeContext(ctx, query, c.address)
		if err == nil {
			return reply, nil
		}
	}
	return nil, err
}

// end is where mail for a name gets to.
type end int

const (
	nowhere  end = iota // it bounces, or the sinkhole refuses it
	delayed             // it waits for an answer
	own                 // the right mail server
	stranger            // that of the stranger
)

// String returns it as it is reported.
func (e end) String() string { return [...]string{"nowhere", "delayed", "own", "stranger"}[e] }

// route returns where mail for a name gets to, in the way of a mail server: to the address of its MX, or to its own if it has
// none. Either answer may have an alias on its way.
func (c client) route(ctx context.Context, name string) end {
	reply := c.ask(ctx, question{name: name, qtype: dns.TypeMX})
	switch {
	case reply == nil:
		return delayed
	case reply.Rcode == dns.RcodeNameError:
		return nowhere
	}
	found := false
	worst := nowhere
	for _, rr := range reply.Answer {
		if mx, ok := rr.(*dns.MX); ok {
			found = true
			if mx.Mx != "." { // RFC 7505: no mail here
				worst = max(worst, c.addressOf(ctx, mx.Mx))
			}
		}
	}
	if found {
		return worst
	}
	return c.addressOf(ctx, name)
}

// addressOf returns whose the address of a name is.
func (c client) addressOf(ctx context.Context, name string) end {
	reply := c.ask(ctx, question{name: name, qtype: dns.TypeA})
	if reply == nil {
		return delayed
	}
	worst := nowhere
	for _, rr := range reply.Answer {
		if a, ok := rr.(*dns.A); ok {
			switch a.A.String() {
			case strangerAddress:
				return stranger
			case ownAddress:
				worst = own
			}
		}
	}
	return worst
}
