package typoguard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// world is a handler that knows some records, and remembers what it was asked.
type world struct {
	records []dns.RR
	broken  map[string]error // by name; nil errors panic
	delay   time.Duration

	mu   sync.Mutex
	seen []string
}

func (*world) Name() string { return "world" }

func (z *world) ServeDNS(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	q := r.Question[0]
	z.mu.Lock()
	z.seen = append(z.seen, q.Name+" "+dns.TypeToString[q.Qtype])
	z.mu.Unlock()
	if z.delay > 0 {
		<-time.After(z.delay)
	}
	if err, ok := z.broken[q.Name]; ok {
		if err == nil {
			panic("broken")
		}
		return dns.RcodeServerFailure, err
	}
	m := new(dns.Msg).SetReply(r)
	m.Rcode = dns.RcodeNameError
	for _, rr := range z.records {
		if rr.Header().Name != q.Name {
			continue
		}
		m.Rcode = dns.RcodeSuccess
		if t := rr.Header().Rrtype; t == q.Qtype || t == dns.TypeCNAME {
			m.Answer = append(m.Answer, rr)
		}
	}
	if len(m.Answer) == 0 {
		m.Ns = []dns.RR{test.SOA("mil. 300 IN SOA ns.mil. hostmaster.mil. 1 7200 900 1209600 60")}
	}
	return dns.RcodeSuccess, w.WriteMsg(m)
}

// asked returns the questions seen, without those for the lookalikes themselves.
func (z *world) asked() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	var asked []string
	for _, q := range z.seen {
		if strings.Contains(q, ".mil. ") {
			asked = append(asked, q)
		}
	}
	return asked
}

// military is a world with some domains under mil.
func military() *world {
	return &world{
		records: []dns.RR{
			test.MX("mx.mil. 300 IN MX 10 host.mx.mil."),
			test.A("a.mil. 300 IN A 192.0.2.1"),
			test.AAAA("aaaa.mil. 300 IN AAAA 2001:db8::1"),
			test.NS("ns.mil. 300 IN NS ns.example."),
			test.TXT(`txt.mil. 300 IN TXT "nothing"`),
			test.MX("null.mil. 300 IN MX 0 ."),
			test.A("null.mil. 300 IN A 192.0.2.1"),
			test.CNAME("alias.mil. 300 IN CNAME a.mil."),
		},
		broken: map[string]error{"broken.mil.": errors.New("no upstream"), "panic.mil.": nil},
	}
}

// counterpartHandler returns a handler in front of a world.
func counterpartHandler(t *testing.T, z *world, options string) *Typoguard {
	t.Helper()
	h := handler(t, "typoguard {\nprotect mil\n"+options+"\n}")
	h.Next = z
	return h
}

func TestRequireCounterpart(t *testing.T) {
	tests := []struct {
		name    string // under .ml
		options string
		blocked bool
		note    string
		asked   string
	}{
		{"mx", "", true, "exists", "mx.mil. MX"},
		{"deep.below.mx", "", true, "exists", "mx.mil. MX"},
		{"a", "", true, "exists", "a.mil. MX, a.mil. A"},
		{"aaaa", "", true, "exists", "aaaa.mil. MX, aaaa.mil. A, aaaa.mil. AAAA"},
		{"ns", "", true, "exists", "ns.mil. MX, ns.mil. A, ns.mil. AAAA, ns.mil. NS"},
		{"txt", "", false, "", "txt.mil. MX, txt.mil. A, txt.mil. AAAA, txt.mil. NS"},
		{"null", "", false, "", "null.mil. MX"},
		{"below.null", "", true, "exists", "null.mil. MX"},
		{"below.txt", "", true, "exists", "txt.mil. MX, txt.mil. A, txt.mil. AAAA, txt.mil. NS"},
		{"alias", "", false, "", "alias.mil. MX, alias.mil. A, alias.mil. AAAA, alias.mil. NS"},
		{"google", "", false, "", "google.mil. MX"},
		{"broken", "", true, "unknown", "broken.mil. MX"},
		{"broken", "on_error block", true, "unknown", "broken.mil. MX"},
		{"broken", "on_error pass", false, "", "broken.mil. MX"},
		{"panic", "", true, "unknown", "panic.mil. MX"},
		{"panic", "timeout 1s on_error pass", false, "", "panic.mil. MX"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.options, func(t *testing.T) {
			z := military()
			h := counterpartHandler(t, z, "require counterpart "+tt.options)
			reply := ask(t, t.Context(), h, withEDNS(question(tt.name+".ml.", dns.TypeMX), 1232, false))
			assert.Equal(t, tt.asked, strings.Join(z.asked(), ", "))
			if !tt.blocked {
				assert.Empty(t, ede(reply))
				return
			}
			require.Len(t, ede(reply), 1)
			if tt.note == "unknown" && tt.options == "" {
				assert.Equal(t, dns.RcodeServerFailure, reply.Rcode)
				assert.Equal(t, dns.ExtendedErrorCodeNoReachableAuthority, ede(reply)[0].InfoCode)
				assert.Empty(t, slices.Concat(reply.Answer, reply.Ns))
				assert.True(t, reply.RecursionAvailable)
			} else {
				assert.Equal(t, dns.RcodeNameError, reply.Rcode)
				assert.Equal(t, tt.note == "unknown", reply.Ns[0].Header().Ttl == unknownTTL)
				assert.Equal(t, reply.Ns[0].Header().Ttl, reply.Ns[0].(*dns.SOA).Minttl)
			}
			assert.Contains(t, ede(reply)[0].ExtraText, "(omission, policy default, counterpart "+tt.note+", id ")
		})
	}
}

// TestDeferredAlias: a name that leads to a lookalike of which nothing is known fails like that, without the alias.
func TestDeferredAlias(t *testing.T) {
	z := military()
	z.records = append(z.records, test.CNAME("alias.example. 300 IN CNAME broken.ml."))
	h := counterpartHandler(t, z, "require counterpart")
	reply := ask(t, t.Context(), h, withEDNS(question("alias.example.", dns.TypeMX), 1232, false))
	assert.Equal(t, dns.RcodeServerFailure, reply.Rcode)
	assert.Empty(t, slices.Concat(reply.Answer, reply.Ns))
	require.Len(t, ede(reply), 1)
}

// TestRequireOfDomains: there must be a suffix of which anything can be looked up.
func TestRequireOfDomains(t *testing.T) {
	_, err := parseCorefile(t, "", "typoguard {\nprotect army.mil nato.int\nrequire counterpart\n}")
	require.EqualError(t, err, "Testfile:3 - Error during parsing: require: all protected suffixes are domains themselves, "+
		"so there is nothing to look up; expected one under which others register, such as mil")
}

// TestCounterpartNotAsked: only a lookalike that the policy would answer makes anybody ask.
func TestCounterpartNotAsked(t *testing.T) {
	z := military()
	h := counterpartHandler(t, z, "require counterpart\nallow gov.ml\ntypes MX A AAAA")
	for _, q := range []*dns.Msg{
		question("example.org.", dns.TypeMX), question("x.gov.ml.", dns.TypeMX), question("army.ml.", dns.TypeTXT), question("army.ml.", dns.TypeNS), question("ml.", dns.TypeMX),
	} {
		ask(t, t.Context(), h, q)
		assert.Empty(t, z.asked(), q.Question[0].String())
	}
}

// TestCounterpartNextPolicy: where the nearest policy requires what does not exist, another one may still hold.
func TestCounterpartNextPolicy(t *testing.T) {
	h := handler(t, "typoguard mil {\nprotect mil\nrequire counterpart\n}\ntypoguard full {\nprotect army.nl\n}")
	h.Next = military()
	reply := ask(t, t.Context(), h, withEDNS(question("army.ml.", dns.TypeMX), 1232, false))
	require.Len(t, ede(reply), 1)
	assert.Contains(t, ede(reply)[0].ExtraText, "army.nl (adjacent, policy full, id ")
}

// TestCounterpartKept: what is known holds for the TTL, and no longer.
func TestCounterpartKept(t *testing.T) {
	for name, ttl := range map[string]time.Duration{"mx": 300 * time.Second, "google": 60 * time.Second, "broken": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				z := military()
				h := counterpartHandler(t, z, "require counterpart")
				asks := func() int {
					ask(t, t.Context(), h, question(name+".ml.", dns.TypeMX))
					return len(z.asked())
				}
				once := asks()
				<-time.After(ttl - time.Millisecond)
				assert.Equal(t, once, asks())
				<-time.After(time.Millisecond)
				assert.Equal(t, 2*once, asks())
			})
		})
	}
}

// TestCounterpartSlow: a query waits for the timeout and no longer, and what comes later serves the next one.
func TestCounterpartSlow(t *testing.T) {
	for option, blocked := range map[string]bool{"block": true, "pass": false, "defer": true} {
		t.Run(option, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				z := military()
				z.delay = 700 * time.Millisecond
				h := counterpartHandler(t, z, "require counterpart timeout 500ms on_error "+option)
				start := time.Now()
				q := h.judge(t.Context(), &test.ResponseWriter{}, question("mx.ml.", dns.TypeMX))
				assert.Equal(t, 500*time.Millisecond, time.Since(start))
				assert.Equal(t, blocked, q.hit != nil)
				<-time.After(200 * time.Millisecond)
				synctest.Wait()
				z.delay = 0
				reply := ask(t, t.Context(), h, question("mx.ml.", dns.TypeMX))
				assert.Equal(t, dns.RcodeNameError, reply.Rcode)
				assert.Equal(t, []string{"mx.mil. MX"}, z.asked())
			})
		})
	}
}

// TestCounterpartOfSlowName: how long the client's own query takes leaves no less time for the names in the reply.
func TestCounterpartOfSlowName(t *testing.T) {
	for _, option := range []string{"block", "defer", "pass"} {
		t.Run(option, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for target, want := range map[string]int{"host.ml.": dns.RcodeSuccess, "mx.ml.": dns.RcodeNameError} {
					z := military()
					z.records = append(z.records, test.CNAME("shop.ml. 300 IN CNAME "+target))
					h := counterpartHandler(t, z, "require counterpart timeout 1s on_error "+option)
					h.Next = plugin.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
						if r.Question[0].Name == "shop.ml." {
							<-time.After(1200 * time.Millisecond)
						}
						<-time.After(20 * time.Millisecond)
						return z.ServeDNS(ctx, w, r)
					})
					assert.Equal(t, want, ask(t, t.Context(), h, question("shop.ml.", dns.TypeMX)).Rcode, target)
				}
			})
		})
	}
}

// TestCounterpartTogether: queries that come while a domain is asked for share the answer.
func TestCounterpartTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := military()
		z.delay = 100 * time.Millisecond
		h := counterpartHandler(t, z, "require counterpart")
		var queries sync.WaitGroup
		for n := range 50 {
			queries.Go(func() { ask(t, t.Context(), h, question(fmt.Sprintf("host%d.mx.ml.", n), dns.TypeMX)) })
		}
		queries.Wait()
		assert.Equal(t, []string{"mx.mil. MX"}, z.asked())
	})
}
