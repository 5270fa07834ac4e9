package main

import (
	"net"
	"os"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newUpstream starts a name server that knows of army.mil only, until the test ends. It returns its address.
func newUpstream(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		if r.Question[0].Name == "army.mil." {
			m.Answer = []dns.RR{&dns.MX{Hdr: dns.RR_Header{Name: "army.mil.", Rrtype: dns.TypeMX, Class: dns.ClassINET, Ttl: 60}, Mx: "mx.army.mil."}}
		} else {
			m.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { assert.NoError(t, server.Shutdown()) })
	return conn.LocalAddr().String()
}

// TestResolve: check and audit can look up what the server would.
func TestResolve(t *testing.T) {
	useExample(t)
	upstream := newUpstream(t)
	require.NoError(t, os.WriteFile("Corefile", []byte(". {\ntypoguard {\nprotect mil\nallow_file list\nrequire counterpart\n}\n}\n"), 0o600))
	require.NoError(t, os.WriteFile("list", []byte("gov.ml until=2999-12-31T00:00:00Z # ticket 4711\nold.ml until=2000-01-01\n"), 0o600))
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, silent.Close())
	const rest = "protected=mil distance=1 kind=omission policy=default action=nxdomain mode=enforce"
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		out    string
		errs   string
	}{
		{"exists", []string{"check", "-resolve", upstream, "us.army.ml"}, 1, "us.army.ml: blocked verdict=lookalike intended=us.army.mil " + rest + " counterpart=exists\n", ""},
		{"absent", []string{"check", "-resolve", upstream, "orange.ml"}, 0,
			"orange.ml: passed verdict=pass reason=no_counterpart intended=orange.mil " + rest + "\n", ""},
		{"nobody answers", []string{"check", "-resolve", silent.LocalAddr().String(), "orange.ml"}, 1,
			"orange.ml: blocked verdict=lookalike intended=orange.mil " + rest + " counterpart=unknown\n", ""},
		{"not asked", []string{"check", "orange.ml"}, 1, "orange.ml: blocked verdict=lookalike intended=orange.mil " + rest + "\n", ""},
		{"a note", []string{"check", "x.gov.ml"}, 0,
			"x.gov.ml: passed verdict=allowed reason=allowed listed=gov.ml until=2999-12-31T00:00:00Z note=\"ticket 4711\"\n", ""},
		{"a line that has ended", []string{"check", "old.ml"}, 1, "old.ml: blocked verdict=lookalike intended=old.mil " + rest + "\n", ""},
		{"a bad address", []string{"check", "-resolve", "localhost", "orange.ml"}, 2, "",
			"coredns-typoguard check: resolve: \"localhost\"; expected an address such as 192.0.2.53 or [2001:db8::53]:53\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := runCLI(t, "", tt.args...)
			assert.Equal(t, tt.status, status)
			assert.Equal(t, tt.out, out)
			assert.Equal(t, tt.errs, errs)
		})
	}
	status, out, _ := runCLI(t, "orange.ml\nus.army.ml\n", "audit", "-resolve", upstream, "-csv", "-format", "names", "-")
	assert.Zero(t, status)
	assert.Contains(t, out, "us.army.ml,us.army.mil,mil,1,omission,default,nxdomain,enforce,1,")
	assert.NotContains(t, out, "orange.ml")
}
