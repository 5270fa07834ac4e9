//go:build e2e

package dist_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// upstreamAddress is the address of the resolver that docs/install.md stands in its commands for those of the reader.
const upstreamAddress = "192.0.2.1"

// upstream stands in for the Internet: every name has a mail server and an address.
type upstream struct {
	mu    sync.Mutex
	asked []string
}

// startUpstream starts the server. It lives as long as the process.
func startUpstream() (*upstream, error) {
	u := &upstream{}
	conn, err := net.ListenPacket("udp", net.JoinHostPort(upstreamAddress, "53"))
	if err != nil {
		return nil, fmt.Errorf("listening as upstream resolver: %w", err)
	}
	go func() { _ = (&dns.Server{PacketConn: conn, Handler: u}).ActivateAndServe() }()
	return u, nil
}

// ServeDNS implements dns.Handler.
func (u *upstream) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	q := query.Question[0]
	u.mu.Lock()
	u.asked = append(u.asked, strings.ToLower(q.Name))
	u.mu.Unlock()
	reply := new(dns.Msg).SetReply(query)
	header := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: 60}
	switch q.Qtype {
	case dns.TypeMX:
		reply.Answer = []dns.RR{&dns.MX{Hdr: header, Preference: 10, Mx: "mx." + q.Name}}
	case dns.TypeA:
		reply.Answer = []dns.RR{&dns.A{Hdr: header, A: net.IPv4(192, 0, 2, 99)}}
	}
	_ = w.WriteMsg(reply) // the client asks again
}

// names returns the names that have been asked for so far.
func (u *upstream) names() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]string{}, u.asked...)
}

// ask returns the status with which the resolver at an address answers a query for MX, and the number of records.
func ask(t *testing.T, address, name string) string {
	t.Helper()
	client := &dns.Client{Timeout: 5 * time.Second}
	reply, _, err := client.ExchangeContext(t.Context(), new(dns.Msg).SetQuestion(name, dns.TypeMX), net.JoinHostPort(address, "53"))
	require.NoError(t, err)
	return fmt.Sprintf("%s %d", dns.RcodeToString[reply.Rcode], len(reply.Answer))
}
