package feed

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// told is a secondary that answers with a response code, and says from where it was told.
type told struct {
	address string
	from    chan string
}

func startTold(t *testing.T, rcode int) *told {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &told{conn.LocalAddr().String(), make(chan string, 100)}
	started, ended := make(chan struct{}), make(chan error, 1)
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		assert.Equal(t, dns.OpcodeNotify, r.Opcode)
		assert.Equal(t, dns.Question{Name: zone, Qtype: dns.TypeSOA, Qclass: dns.ClassINET}, r.Question[0])
		host, _, _ := net.SplitHostPort(w.RemoteAddr().String())
		s.from <- host
		assert.NoError(t, w.WriteMsg(new(dns.Msg).SetRcode(r, rcode)))
	})}
	go func() { ended <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		require.NoError(t, server.Shutdown())
		<-ended
	})
	return s
}

// TestSecondaries: all are told at once, from the address that is set, though some do not answer. The end of the feed does not wait for these.
func TestSecondaries(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	good, other, bad := startTold(t, dns.RcodeSuccess), startTold(t, dns.RcodeSuccess), startTold(t, dns.RcodeNotAuth)
	s := &Secondaries{Addresses: []string{silent.LocalAddr().String(), good.address, other.address}, Source: net.IPv4(127, 0, 0, 2)}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	began := time.Now()
	go func() { result <- s.Notify(ctx, zone) }()
	assert.Equal(t, "127.0.0.2", <-good.from)
	assert.Equal(t, "127.0.0.2", <-other.from)
	assert.Empty(t, result, "it waits for the silent one")
	cancel()
	err = <-result
	assert.Less(t, time.Since(began), 2*time.Second, "how long one that is silent would be waited for")
	require.ErrorContains(t, err, silent.LocalAddr().String()+": ")
	assert.Empty(t, good.from, "told once")
	require.NoError(t, (&Secondaries{Addresses: []string{good.address}}).Notify(t.Context(), zone))
	assert.Equal(t, "127.0.0.1", <-good.from)
	require.EqualError(t, (&Secondaries{Addresses: []string{bad.address}}).Notify(t.Context(), zone), bad.address+": answered NOTAUTH; expected NOERROR")
	assert.Len(t, bad.from, notices)
}
