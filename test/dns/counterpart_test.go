package dns_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

const counterpartCorefile = `.:{$DNS} {
    bind {$HOST}
    typoguard mail {
        protect mil
        require counterpart timeout 300ms
        ttl 77
    }
    cache
    forward . {$UPSTREAM}
}
`

// TestCounterpart: mail to google.co.il passes, since there is no co.mil; mail to army.ml does not.
func TestCounterpart(t *testing.T) {
	t.Parallel()
	up := newUpstream(t)
	s := start(t, up.addr, counterpartCorefile)
	steps := []struct {
		asked    string
		want     outcome
		text     string
		upstream []string // names that it is asked for
	}{
		{"us.army.ml.", nxdomain, beside("us.army.ml", "us.army.mil", "exists"), []string{"army.mil."}},
		{"google.co.il.", passes, "", []string{nowhere, "google.co.il."}},
		{"walla.co.il.", passes, "", []string{"walla.co.il."}},
		{"navy.army.ml.", nxdomain, beside("navy.army.ml", "navy.army.mil", "exists"), nil},
		{"example.org.", passes, "", []string{"example.org."}},
	}
	for _, step := range steps {
		t.Run(step.asked, func(t *testing.T) {
			checkOutcome(t, s, localhost, step.asked, step.want, step.text)
			assert.Equal(t, step.upstream, names(up.take()))
		})
	}
}

// checkDeferred asks for the MX of army.ml, and fails the test unless the answer is that nothing is known now.
func checkDeferred(t *testing.T, s *server) {
	t.Helper()
	q := query("army.ml.", dns.TypeMX).SetEdns0(dns.DefaultMsgSize, false)
	reply := askFrom(t, s, net.ParseIP(localhost), q)
	assert.Equal(t, dns.RcodeServerFailure, reply.Rcode)
	assert.Empty(t, reply.Answer)
	assert.Empty(t, reply.Ns)
	require.Len(t, reply.IsEdns0().Option, 1)
	ede := reply.IsEdns0().Option[0].(*dns.EDNS0_EDE)
	assert.Equal(t, dns.ExtendedErrorCodeNoReachableAuthority, ede.InfoCode)
	assert.Contains(t, ede.ExtraText, "army.ml looks like army.mil (omission, policy mail, counterpart unknown, id ")
}

// TestCounterpartBlocks: with on_error block, the mail bounces while the upstream is silent, and soon no longer.
func TestCounterpartBlocks(t *testing.T) {
	t.Parallel()
	silent, err := net.ListenPacket("udp", localhost+":0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, silent.Close()) })
	s := start(t, silent.LocalAddr().String(), strings.Replace(counterpartCorefile, "counterpart", "counterpart on_error block", 1))
	reply := ask(t, s, "army.ml.", dns.TypeMX)
	assert.Equal(t, dns.RcodeNameError, reply.Rcode)
	require.Len(t, reply.Ns, 1)
	assert.EqualValues(t, 5, reply.Ns[0].Header().Ttl)
}

// TestCounterpartDead: while the upstream is silent, mail to a lookalike waits, once the timeout has passed.
func TestCounterpartDead(t *testing.T) {
	t.Parallel()
	silent, err := net.ListenPacket("udp", localhost+":0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, silent.Close()) })
	s := start(t, silent.LocalAddr().String(), counterpartCorefile)
	begin := time.Now()
	checkDeferred(t, s)
	assert.GreaterOrEqual(t, time.Since(begin), 300*time.Millisecond)
}

// TestCounterpartUpstreams: what an upstream does wrong about a counterpart defers mail to a lookalike, and delays nothing else.
func TestCounterpartUpstreams(t *testing.T) {
	t.Parallel()
	rcode := func(code int) dns.HandlerFunc {
		return func(w dns.ResponseWriter, r *dns.Msg) { _ = w.WriteMsg(new(dns.Msg).SetRcode(r, code)) }
	}
	for name, tt := range map[string]struct {
		handler dns.HandlerFunc
		blocked bool
		found   string
	}{
		"SERVFAIL":                      {rcode(dns.RcodeServerFailure), true, "unknown"},
		"REFUSED":                       {rcode(dns.RcodeRefused), true, "unknown"},
		"an empty answer to everything": {rcode(dns.RcodeSuccess), false, ""},
		"an address for everything, as of those who hijack NXDOMAIN": {func(w dns.ResponseWriter, r *dns.Msg) {
			m := new(dns.Msg).SetReply(r)
			if r.Question[0].Qtype == dns.TypeA {
				rr := dns.Copy(zone[dns.TypeA])
				rr.Header().Name = r.Question[0].Name
				m.Answer = []dns.RR{rr}
			}
			_ = w.WriteMsg(m)
		}, true, "exists"},
		"too slow": {func(w dns.ResponseWriter, r *dns.Msg) {
			<-time.After(600 * time.Millisecond)
			rcode(dns.RcodeNameError)(w, r)
		}, true, "unknown"},
		"another question's answer": {func(w dns.ResponseWriter, r *dns.Msg) {
			m := new(dns.Msg).SetReply(r)
			m.Question[0].Name = "other.example."
			_ = w.WriteMsg(m)
		}, true, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			udp, tcp, err := kit.Listen(localhost)
			require.NoError(t, err)
			u := &upstream{addr: tcp.Addr().String()}
			u.serve(t, &dns.Server{PacketConn: udp, Handler: tt.handler})
			u.serve(t, &dns.Server{Listener: tcp, Handler: tt.handler})
			s := start(t, u.addr, counterpartCorefile)
			if tt.found == "unknown" {
				checkDeferred(t, s)
				return
			}
			if tt.blocked {
				checkOutcome(t, s, localhost, "army.ml.", nxdomain, beside("army.ml", "army.mil", tt.found))
				return
			}
			assert.Nil(t, ask(t, s, "army.ml.", dns.TypeMX).IsEdns0(), "no explanation")
			assert.Equal(t, dns.RcodeSuccess, ask(t, s, "army.ml.", dns.TypeMX).Rcode)
		})
	}
}

// beside returns the explanation of an answer with what is known of the counterpart.
func beside(name, intended, counterpart string) string {
	return strings.TrimSuffix(explanation(name, intended, "omission", "mail"), hidden) + ", counterpart " + counterpart + hidden
}

// names returns the names of questions, each once if they stand side by side.
func names(questions []dns.Question) []string {
	var names []string
	for _, q := range questions {
		if len(names) == 0 || names[len(names)-1] != q.Name {
			names = append(names, q.Name)
		}
	}
	return names
}
