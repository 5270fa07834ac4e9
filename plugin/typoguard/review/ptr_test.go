package review

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// zone is a fake DNS, which counts the lookups.
type zone struct {
	mu      sync.Mutex
	names   map[string][]string
	err     error
	lookups map[string]int
	wait    chan struct{} // if it is not nil, until it is closed
}

func (z *zone) lookup(ctx context.Context, address string) ([]string, error) {
	if z.wait != nil {
		select {
		case <-z.wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.lookups[address]++
	if z.err == nil && len(z.names[address]) == 0 {
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	}
	return z.names[address], z.err
}

// names are those of a zone, until the test ends.
func (z *zone) ptr(t *testing.T) *ptrNames {
	t.Helper()
	z.lookups = map[string]int{}
	p, err := newPTRNames(ptrSystem)
	require.NoError(t, err)
	p.lookup = z.lookup
	t.Cleanup(p.close)
	return p
}

// TestPTR: names are looked up in the background, once, and again when they are old; what fails changes nothing.
func TestPTR(t *testing.T) {
	z := &zone{names: map[string][]string{
		"192.0.2.7": {"mx1.corp.example.", "a.corp.example."}, "192.0.2.8": {"<b>.example.", "\u202e."}, "2001:db8::25": {"mx6.corp.example."},
	}}
	p := z.ptr(t)
	now := time.Now()
	p.now = func() time.Time { return now }
	ask := func(address string) string {
		name := p.of(netip.MustParseAddr(address))
		p.done.Wait()
		return name
	}
	for address, want := range map[string]string{"192.0.2.7": "a.corp.example", "::ffff:192.0.2.7": "a.corp.example", "192.0.2.8": "", "2001:db8::25": "mx6.corp.example", "192.0.2.9": ""} {
		ask(address)
		assert.Equal(t, want, ask(address), address)
	}
	assert.Equal(t, map[string]int{"192.0.2.7": 1, "192.0.2.8": 1, "192.0.2.9": 1, "2001:db8::25": 1}, z.lookups)
	var found []string
	for _, network := range p.networks("corp") {
		found = append(found, network.String())
	}
	assert.ElementsMatch(t, []string{"192.0.2.7/32", "2001:db8::25/128"}, found)

	now = now.Add(noPTRAge)
	ask("192.0.2.9")
	ask("192.0.2.7")
	assert.Equal(t, map[string]int{"192.0.2.7": 1, "192.0.2.8": 1, "192.0.2.9": 2, "2001:db8::25": 1}, z.lookups)
	now, z.err = now.Add(ptrAge), errors.New("no answer")
	ask("192.0.2.7")
	assert.Equal(t, "a.corp.example", ask("192.0.2.7"), "as before")
	now, z.err, z.names["192.0.2.7"] = now.Add(ptrAge), nil, nil
	ask("192.0.2.7")
	assert.Empty(t, ask("192.0.2.7"), "it has none any more")
}

// TestPTRBounds: however many clients a page shows, few lookups run at the same time, and none after the end; nobody waits for them.
func TestPTRBounds(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	z := &zone{names: map[string][]string{}, wait: make(chan struct{})}
	p := z.ptr(t)
	for n := range 2 * maxLookups {
		for range 2 {
			assert.Empty(t, p.of(netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})))
		}
	}
	assert.Len(t, p.looking, maxLookups)
	p.close()
	p.of(netip.MustParseAddr("192.0.2.200"))
	assert.Empty(t, p.looking)
	assert.LessOrEqual(t, p.known.Len(), maxLookups)
	goleak.VerifyNone(t, ignore)
}

// TestPTRResolver: the names come from the resolver that is configured, and the page shows them where the file has none.
func TestPTRResolver(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		rr, _ := dns.NewRR(r.Question[0].Name + " 60 IN PTR mx7.corp.example.")
		if strings.HasPrefix(rr.Header().Name, "7.2.0.192.") {
			m.Answer = []dns.RR{rr}
		} else {
			m.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(m)
	})}
	var done sync.WaitGroup
	done.Go(func() { _ = server.ActivateAndServe() })
	t.Cleanup(func() {
		_ = server.Shutdown()
		done.Wait()
	})
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	ptr, err := newPTRNames(conn.LocalAddr().String())
	require.NoError(t, err)
	t.Cleanup(ptr.close)
	p.site.names = newClientNames("", ptr, p.site.logger)
	for _, target := range []string{"/events", "/events/aaaaaaaaaa", "/"} {
		require.Eventually(t, func() bool {
			return strings.Contains(text(t, p.get(target).Body.String()), "192.0.2.7 mx7.corp.example")
		}, 5*time.Second, 20*time.Millisecond, target)
	}
	assert.Contains(t, p.get("/api/v1/events").Body.String(), `"typoguard.client_name":"mx7.corp.example"`)
	assert.Contains(t, p.get("/events?text=mx7").Body.String(), "/events/aaaaaaaaaa")
}

// TestCheckPTR holds every message whole.
func TestCheckPTR(t *testing.T) {
	for resolver, ok := range map[string]bool{"": true, "system": true, "192.0.2.53": true, "192.0.2.53:5353": true, "2001:db8::53": true, "[2001:db8::53]:53": true, "ns1": false, "on": false} {
		err := Check(historyconfig.Page{Address: "127.0.0.1:0", ClientsPTR: resolver})
		if ok {
			require.NoError(t, err, resolver)
		} else {
			require.EqualError(t, err, fmt.Sprintf("clients_ptr %q; expected system, or the address of a resolver such as 192.0.2.53 or 192.0.2.53:5353", resolver))
		}
	}
}
