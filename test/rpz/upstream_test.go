//go:build e2e

package rpz_test

import (
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// records are what the upstream says of every name, but for alias.
var records = map[uint16]string{
	dns.TypeMX:   "MX 10 upstream.example.",
	dns.TypeA:    "A 192.0.2.1",
	dns.TypeAAAA: "AAAA 2001:db8::1",
	dns.TypeTXT:  `TXT "upstream"`,
}

// alias is an ordinary name that is an alias of a lookalike.
const alias, aliased = "alias.example.", "army.ml."

// upstream is a name server that answers every question, and remembers it.
type upstream struct {
	port string

	mu   sync.Mutex
	seen map[question]bool // with names in lower case
}

// startUpstream starts an upstream on a free port of the loopback address, over UDP and TCP. It is stopped when the test
// ends.
func startUpstream(t *testing.T) *upstream {
	t.Helper()
	udp, tcp := listen(t)
	u := &upstream{seen: map[question]bool{}}
	serve(t, &dns.Server{PacketConn: udp, Handler: u})
	serve(t, &dns.Server{Listener: tcp, Handler: u})
	var err error
	_, u.port, err = net.SplitHostPort(udp.LocalAddr().String())
	require.NoError(t, err)
	return u
}

// take returns the questions seen since the last call.
func (u *upstream) take() map[question]bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := u.seen
	u.seen = map[question]bool{}
	return seen
}

// listen listens on one free port over UDP and TCP. A port that is free for the one may be taken for the other.
func listen(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		udp, err := net.ListenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		tcp, err := net.Listen("tcp", udp.LocalAddr().String())
		if err == nil {
			return udp, tcp
		}
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		require.NoError(t, udp.Close())
	}
}

// serve runs a server until the test ends.
func serve(t *testing.T, s *dns.Server) {
	t.Helper()
	started, done := make(chan struct{}), make(chan error, 1)
	s.NotifyStartedFunc = func() { close(started) }
	go func() { done <- s.ActivateAndServe() }()
	t.Cleanup(func() {
		if err := errors.Join(s.Shutdown(), <-done); !errors.Is(err, net.ErrClosed) {
			assert.NoError(t, err, "upstream")
		}
	})
	select {
	case <-started:
	case err := <-done:
		require.NoError(t, err, "upstream")
	}
}

// ServeDNS implements dns.Handler. It answers with what there is of every name.
func (u *upstream) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	m := new(dns.Msg).SetReply(r)
	m.RecursionAvailable = true
	q := r.Question[0]
	u.mu.Lock()
	u.seen[question{strings.ToLower(strings.TrimSuffix(q.Name, ".")), q.Qtype}] = true
	u.mu.Unlock()
	name := q.Name
	if dns.CanonicalName(name) == alias {
		m.Answer = append(m.Answer, record(name, "CNAME "+aliased))
		name = aliased
	}
	if text, ok := records[q.Qtype]; ok {
		m.Answer = append(m.Answer, record(name, text))
	} else {
		m.Ns = []dns.RR{record(".", "SOA ns.example. nobody.example. 1 3600 600 86400 60")}
	}
	if opt := r.IsEdns0(); opt != nil {
		if m.SetEdns0(dns.DefaultMsgSize, opt.Do()); opt.Do() && len(m.Answer) > 0 {
			m.Answer = append(m.Answer, signature(m.Answer[len(m.Answer)-1]))
		}
	}
	_ = w.WriteMsg(m) // a client that is gone gets no answer
}

// signature returns a signature of a record, as if its zone were signed. It is not valid, and nobody here validates.
func signature(rr dns.RR) dns.RR {
	now := time.Now()
	return &dns.RRSIG{
		Hdr:         dns.RR_Header{Name: rr.Header().Name, Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: rr.Header().Ttl},
		TypeCovered: rr.Header().Rrtype,
		Algorithm:   dns.ECDSAP256SHA256,
		Labels:      uint8(dns.CountLabel(rr.Header().Name)),
		OrigTtl:     rr.Header().Ttl,
		Inception:   uint32(now.Add(-time.Hour).Unix()),
		Expiration:  uint32(now.Add(time.Hour).Unix()),
		KeyTag:      1,
		SignerName:  ".",
		Signature:   strings.Repeat("A", 86) + "==",
	}
}

// record returns a record of a name.
func record(name, text string) dns.RR {
	rr, err := dns.NewRR(". 60 IN " + text)
	if err != nil {
		panic(err)
	}
	rr.Header().Name = name
	return rr
}
