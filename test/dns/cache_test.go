package dns_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// Addresses in and out of the clients of cachingCorefile's policy.
const (
	insider  = "127.0.0.2"
	outsider = "127.0.0.3"
)

// cachingCorefile has a policy for some clients, and a cache for all.
const cachingCorefile = `.:{$DNS} {
    bind {$HOST}
    cache
    typoguard mail {
        protect army.mil navy.mil
        allow arm.mil
        clients 127.0.0.2
        ttl 77
    }
    forward . {$UPSTREAM}
}
`

// TestCacheBehind has typoguard and a cache in one server block: names that pass come from the cache, and no answer of
// one client is ever given to another that should have a different one.
func TestCacheBehind(t *testing.T) {
	t.Parallel()
	up := newUpstream(t)
	s := start(t, up.addr, cachingCorefile)
	army := explanation("army.ml", "army.mil", "omission", "mail")
	navy := explanation("navy.ml", "navy.mil", "omission", "mail")
	steps := []struct {
		name, source, asked string
		want                outcome
		text                string
		upstream            int // questions that reach it
	}{
		{"ordinary", insider, "example.org.", passes, "", 1},
		{"ordinary again", insider, "example.org.", passes, "", 0},
		{"allowed", insider, "arm.mil.", passes, "", 1},
		{"allowed again", insider, "arm.mil.", passes, "", 0},
		{"outsider first", outsider, "army.ml.", passes, "", 1},
		{"then insider", insider, "army.ml.", nxdomain, army, 0},
		{"then outsider from the cache", outsider, "army.ml.", passes, "", 0},
		{"insider first", insider, "navy.ml.", nxdomain, navy, 0},
		{"then outsider", outsider, "navy.ml.", passes, "", 1},
		{"then insider again", insider, "navy.ml.", nxdomain, navy, 0},
		{"then outsider again from the cache", outsider, "navy.ml.", passes, "", 0},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			checkOutcome(t, s, step.source, step.asked, step.want, step.text)
			assert.Len(t, up.take(), step.upstream, "questions at the upstream")
		})
	}
}

// frontCorefile is a cache in front of another server. It has no floor under the time to live that it is given.
const frontCorefile = `.:{$DNS} {
    bind {$HOST}
    cache {
        success 1000 3600 0
        denial 1000 3600 0
    }
    forward . {$UPSTREAM}
}
`

// TestCacheInFront has a cache between the client and typoguard: it keeps the answers for their time to live, so that
// typoguard sees the first query only.
func TestCacheInFront(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, action string
		qtype        uint16
	}{
		{"NXDOMAIN", "nxdomain", dns.TypeMX},
		{"NODATA", "nodata", dns.TypeMX},
		{"null MX", "nullmx", dns.TypeMX},
		{"sinkhole MX", "sinkhole 192.0.2.66", dns.TypeMX},
		{"sinkhole A", "sinkhole 192.0.2.66", dns.TypeA},
		{"sinkhole AAAA", "sinkhole 192.0.2.66", dns.TypeAAAA},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			guard := start(t, newUpstream(t).addr, guardCorefile(test.action, "77"))
			front := start(t, guard.addr("DNS"), frontCorefile)
			direct := ask(t, guard, "army.ml.", test.qtype)
			for _, name := range []string{"army.ml.", "army.ml.", "ArMy.Ml."} {
				m := ask(t, front, name, test.qtype)
				assert.Equal(t, dns.RcodeToString[direct.Rcode], dns.RcodeToString[m.Rcode], "rcode")
				assert.Len(t, m.Answer, len(direct.Answer), "ANSWER")
				checkTTLs(t, m, 77)
			}
			assert.Equal(t, 2, guard.metrics(t).Sum(t, lookalikesTotal), "queries that typoguard saw: the direct one and the first")
		})
	}
}

// guardCorefile protects army.mil with an action and a time to live.
func guardCorefile(action, ttl string) string {
	return `.:{$DNS} {
    bind {$HOST}
    prometheus {$HOST}:{$METRICS}
    typoguard {
        protect army.mil
        action ` + action + `
        ttl ` + ttl + `
    }
    forward . {$UPSTREAM}
}
`
}

// checkTTLs fails the test unless a message has records and none lives longer than a policy's answer, nor has been
// cached for longer than this test can take.
func checkTTLs(t *testing.T, m *dns.Msg, ttl uint32) {
	t.Helper()
	rrs := append(m.Answer, m.Ns...)
	require.NotEmpty(t, rrs, "ANSWER and AUTHORITY")
	for _, rr := range rrs {
		assert.LessOrEqual(t, rr.Header().Ttl, ttl, record(rr))
		assert.Greater(t, rr.Header().Ttl, ttl-uint32(patience.Seconds()), record(rr))
	}
}

// TestCacheExpires has an answer that lives for a second in a cache in front: then typoguard is asked again.
func TestCacheExpires(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"nxdomain", "nullmx"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			guard := start(t, newUpstream(t).addr, guardCorefile(action, "1"))
			front := start(t, guard.addr("DNS"), frontCorefile)
			asked := time.Now()
			seen := func() int {
				ask(t, front, "army.ml.", dns.TypeMX)
				return guard.metrics(t).Sum(t, lookalikesTotal)
			}
			require.Equal(t, 1, seen(), "queries that typoguard saw")
			kit.Eventually(t, "typoguard to be asked again", func() bool { return seen() == 2 })
			assert.GreaterOrEqual(t, time.Since(asked), time.Second, "time until typoguard was asked again")
		})
	}
}

// TestHTTPLifetime asks over DoH, where caches look at the HTTP header (RFC 8484 section 5.1).
func TestHTTPLifetime(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"nxdomain", "nodata", "nullmx"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := start(t, newUpstream(t).addr, fmt.Sprintf(matrixCorefile, "action "+action))
			packed, err := query("army.ml.", dns.TypeMX).Pack()
			require.NoError(t, err)
			resp, err := post(newHTTPClient(t), s, packed)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, "max-age=77", resp.Header.Get("Cache-Control"))
		})
	}
}

// TestDefaultTTL asks a policy that does not say how long its answers live.
func TestDefaultTTL(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    typoguard {
        protect mil
    }
}
`)
	for _, name := range []string{"ml.", "army.ml.", "mail.us.army.ml."} {
		t.Run(name, func(t *testing.T) {
			checkSOA(t, name, ask(t, s, name, dns.TypeMX), 60)
		})
	}
}
