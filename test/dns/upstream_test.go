package dns_test

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// v4Only is the label under which the upstream has no AAAA records.
const v4Only = "v4only."

// zone is what the upstream says about every name, whatever it is.
var zone = parseZone(`
@ MX     10 upstream.test.
@ A      192.0.2.1
@ AAAA   2001:db8::1
@ TXT    "upstream"
@ TLSA   3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
@ HTTPS  1 . alpn=h2
@ SRV    10 20 25 upstream.test.
@ DS     12345 13 2 3490a6806d47f17a34c29e2ce80e8a999ffbe4be6ede0a5c1f3b4e9bd2f5b8e1
@ DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
@ NS     ns.upstream.test.
@ SOA    ns.upstream.test. hostmaster.upstream.test. 1 3600 600 86400 30
`)

// parseZone reads records with one line each, and returns them by type.
func parseZone(lines string) map[uint16]dns.RR {
	records := map[uint16]dns.RR{}
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		rr, err := dns.NewRR("$ORIGIN test.\n$TTL 300\n" + line)
		if err != nil {
			panic(err)
		}
		records[rr.Header().Rrtype] = rr
	}
	return records
}

// nowhere is the one name that does not exist.
const nowhere = "co.mil."

// mistypedMX has a second mail server, by mistake.
const mistypedMX = "mistyped.test."

// upstreamAnswer returns the records with which the upstream answers a question. There is one, unless the upstream has
// none of that type; ANY is answered with one that no mail server asks for by itself.
func upstreamAnswer(q dns.Question) []dns.RR {
	qtype := q.Qtype
	if qtype == dns.TypeANY {
		qtype = dns.TypeTXT
	}
	rr, ok := zone[qtype]
	if !ok || (qtype == dns.TypeAAAA && strings.HasPrefix(strings.ToLower(q.Name), v4Only)) {
		return nil
	}
	rr = dns.Copy(rr)
	rr.Header().Name = q.Name
	if mx, ok := rr.(*dns.MX); ok && strings.EqualFold(q.Name, mistypedMX) {
		wrong := *mx
		wrong.Mx = "mail.army.ml."
		return []dns.RR{&wrong, rr}
	}
	return []dns.RR{rr}
}

// upstream is a name server that answers every question, and remembers it.
type upstream struct {
	addr string

	mu   sync.Mutex
	seen []dns.Question
}

// newUpstream starts a name server on a free port, over UDP and TCP. It is stopped when the test ends.
func newUpstream(t *testing.T) *upstream {
	t.Helper()
	udp, tcp, err := kit.Listen(localhost)
	require.NoError(t, err)
	u := &upstream{addr: tcp.Addr().String()}
	u.serve(t, &dns.Server{PacketConn: udp, Handler: u})
	u.serve(t, &dns.Server{Listener: tcp, Handler: u})
	return u
}

// serve runs a server until the test ends.
func (u *upstream) serve(t *testing.T, s *dns.Server) {
	t.Helper()
	started, done := make(chan struct{}), make(chan error, 1)
	s.NotifyStartedFunc = func() { close(started) }
	go func() { done <- s.ActivateAndServe() }()
	t.Cleanup(func() {
		err := errors.Join(s.Shutdown(), <-done)
		if !errors.Is(err, net.ErrClosed) {
			assert.NoError(t, err, "upstream")
		}
	})
	select {
	case <-started:
	case err := <-done:
		require.NoError(t, err, "upstream")
	}
}

// ServeDNS implements dns.Handler.
func (u *upstream) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	q := r.Question[0]
	u.mu.Lock()
	u.seen = append(u.seen, q)
	u.mu.Unlock()

	m := new(dns.Msg).SetReply(r)
	m.RecursionAvailable = true
	if strings.EqualFold(q.Name, nowhere) {
		m.Rcode = dns.RcodeNameError
	} else {
		m.Answer = upstreamAnswer(q)
	}
	if len(m.Answer) == 0 {
		soa := dns.Copy(zone[dns.TypeSOA])
		m.Ns = []dns.RR{soa}
	}
	if opt := r.IsEdns0(); opt != nil {
		m.SetEdns0(dns.DefaultMsgSize, opt.Do())
	}
	_ = w.WriteMsg(m) // a client that is gone gets no answer
}

// take returns the questions seen since the last call.
func (u *upstream) take() []dns.Question {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := u.seen
	u.seen = nil
	return seen
}
