package existence

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/test/kit/wrongclock"
)

// counts is an Observer that counts.
type counts struct{ hits, looked, busy atomic.Int64 }

func (c *counts) CacheHit()                      { c.hits.Add(1) }
func (c *counts) LookedUp(string, time.Duration) { c.looked.Add(1) }
func (c *counts) Busy()                          { c.busy.Add(1) }

// exists is a Lookup that finds an MX record for every domain, after a delay.
func exists(delay time.Duration) Lookup {
	return func(_ context.Context, domain string, qtype uint16) *dns.Msg {
		if delay > 0 {
			<-time.After(delay)
		}
		m := new(dns.Msg).SetQuestion(domain, qtype)
		m.Answer = []dns.RR{&dns.MX{Hdr: dns.RR_Header{Name: domain, Rrtype: dns.TypeMX, Class: dns.ClassINET, Ttl: 300}, Mx: "mx.example."}}
		return m
	}
}

// TestFlood: with an upstream that does not answer, only so many domains are looked up at a time, and callers beyond do not
// wait.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observer := new(counts)
		c := NewChecker(observer)
		check := func(n int) policy.Existence {
			return c.Check(t.Context(), fmt.Sprintf("host%d.mil.", n), time.Second, exists(lookupTimeout))
		}
		var waiting sync.WaitGroup
		for n := range maxLookups {
			waiting.Go(func() { assert.Equal(t, policy.Unknown, check(n)) })
		}
		synctest.Wait()
		start := time.Now()
		for n := range 1000 {
			require.Equal(t, policy.Unknown, check(maxLookups+n))
		}
		assert.Zero(t, time.Since(start))
		assert.EqualValues(t, 1000, observer.busy.Load())
		waiting.Wait()
		<-time.After(2 * lookupTimeout)
		synctest.Wait()
		assert.EqualValues(t, maxLookups, observer.looked.Load())
	})
}

// TestSlotsAreGivenBack: however many domains were looked up, the next one is, too.
func TestSlotsAreGivenBack(t *testing.T) {
	observer := new(counts)
	c := NewChecker(observer)
	for n := range 10 * maxLookups {
		require.Equal(t, policy.Exists, c.Check(t.Context(), fmt.Sprintf("host%d.mil.", n), time.Minute, exists(0)))
	}
	require.Equal(t, policy.Exists, c.Check(t.Context(), "army.mil.", time.Minute, exists(0)))
	assert.Zero(t, observer.busy.Load())
}

// TestCanceled: a caller whose context ends does not wait, and the lookup goes on.
func TestCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observer := new(counts)
		c := NewChecker(observer)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.Equal(t, policy.Unknown, c.Check(ctx, "army.mil.", time.Minute, exists(time.Second)))
		<-time.After(time.Second)
		synctest.Wait()
		assert.Equal(t, policy.Exists, c.Check(t.Context(), "army.mil.", 0, exists(time.Hour)))
		assert.EqualValues(t, 1, observer.hits.Load())
	})
}

func TestFind(t *testing.T) {
	rr := func(s string) dns.RR {
		rr, err := dns.NewRR(s)
		require.NoError(t, err)
		return rr
	}
	soa := rr("mil. 300 IN SOA ns.mil. hostmaster.mil. 1 7200 900 1209600 60")
	tests := []struct {
		name    string
		replies map[uint16]*dns.Msg // NODATA with a SOA for the types that are left out; nil is no answer
		want    policy.Existence
		ttl     time.Duration
	}{
		{"mx", map[uint16]*dns.Msg{dns.TypeMX: {Answer: []dns.RR{rr("army.mil. 120 IN MX 10 mx.army.mil.")}}}, policy.Exists, 2 * time.Minute},
		{"the least TTL of all sections", map[uint16]*dns.Msg{dns.TypeMX: {
			Answer: []dns.RR{rr("army.mil. 120 IN MX 10 mx.army.mil.")}, Ns: []dns.RR{rr("army.mil. 90 IN NS ns.army.mil.")}, Extra: []dns.RR{rr("mx.army.mil. 30 IN A 192.0.2.1")},
		}}, policy.Exists, 30 * time.Second},
		{"an hour at most", map[uint16]*dns.Msg{dns.TypeMX: {Answer: []dns.RR{rr("army.mil. 86400 IN MX 10 mx.army.mil.")}}}, policy.Exists, time.Hour},
		{"not the TTL of an OPT", map[uint16]*dns.Msg{dns.TypeMX: {
			Answer: []dns.RR{rr("army.mil. 120 IN MX 10 mx.army.mil.")}, Extra: []dns.RR{&dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}},
		}}, policy.Exists, 2 * time.Minute},
		{"a name server only", map[uint16]*dns.Msg{dns.TypeNS: {Answer: []dns.RR{rr("army.mil. 120 IN NS ns.example.")}}}, policy.Exists, 2 * time.Minute},
		{"null MX", map[uint16]*dns.Msg{dns.TypeMX: {Answer: []dns.RR{rr("army.mil. 120 IN MX 0 .")}}}, policy.NoMail, 2 * time.Minute},
		{"NXDOMAIN", map[uint16]*dns.Msg{dns.TypeMX: {MsgHdr: dns.MsgHdr{Rcode: dns.RcodeNameError}, Ns: []dns.RR{soa}}}, policy.Absent, time.Minute},
		{"nothing of any type", nil, policy.NoMail, time.Minute},
		{"an empty reply", map[uint16]*dns.Msg{dns.TypeMX: {MsgHdr: dns.MsgHdr{Rcode: dns.RcodeNameError}}}, policy.Absent, minTTL},
		{"truncated", map[uint16]*dns.Msg{dns.TypeMX: {MsgHdr: dns.MsgHdr{Truncated: true}}}, policy.Exists, minTTL},
		{"SERVFAIL", map[uint16]*dns.Msg{dns.TypeMX: {MsgHdr: dns.MsgHdr{Rcode: dns.RcodeServerFailure}}}, policy.Unknown, unknownTTL},
		{"no answer", map[uint16]*dns.Msg{dns.TypeA: nil}, policy.Unknown, unknownTTL},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, ttl := Find(t.Context(), "army.mil.", func(_ context.Context, domain string, qtype uint16) *dns.Msg {
				assert.Equal(t, "army.mil.", domain)
				if reply, ok := tt.replies[qtype]; ok {
					return reply
				}
				return &dns.Msg{Ns: []dns.RR{soa}}
			})
			assert.Equal(t, tt.want, found)
			assert.Equal(t, tt.ttl, ttl)
		})
	}
}

// TestClockJumps: a result is cached for its TTL, however the clock is set meanwhile.
func TestClockJumps(t *testing.T) {
	defer wrongclock.Set(0)
	const year = 365 * 24 * time.Hour
	observer := new(counts)
	c := NewChecker(observer)
	check := func(domain string, lookup Lookup) policy.Existence {
		return c.Check(t.Context(), domain, time.Minute, lookup)
	}
	none := func(context.Context, string, uint16) *dns.Msg { return nil }
	require.Equal(t, policy.Exists, check("army.mil.", exists(0)))
	require.Equal(t, policy.Unknown, check("navy.mil.", none))
	for hits, offset := range []time.Duration{year, -year} {
		wrongclock.Set(offset)
		assert.Equal(t, policy.Exists, check("army.mil.", none), "still known")
		assert.EqualValues(t, hits+1, observer.hits.Load())
	}
	assert.Eventually(t, func() bool { return check("navy.mil.", exists(0)) == policy.Exists }, 30*time.Second, 100*time.Millisecond,
		"a year back, but what was unknown is asked for again soon")
}
