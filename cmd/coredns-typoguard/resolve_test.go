package main

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newUpstream starts a name server until the test ends. It answers each name with records, one a line, and knows of no other.
// It returns its address.
func newUpstream(t *testing.T, replies map[string]string) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		records, ok := replies[r.Question[0].Name]
		if !ok {
			m.Rcode = dns.RcodeNameError
		}
		for line := range strings.Lines(records) {
			rr, err := dns.NewRR(line)
			if assert.NoError(t, err) {
				m.Answer = append(m.Answer, rr)
			}
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
	upstream := newUpstream(t, map[string]string{"army.mil.": "army.mil. 60 IN MX 10 mx.army.mil."})
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
			"orange.ml: deferred verdict=lookalike intended=orange.mil " + rest + " counterpart=unknown\n", ""},
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

// TestResolveOperator: check finds out whose a domain under another TLD is, and takes it for somebody else's if it cannot ask.
func TestResolveOperator(t *testing.T) {
	useExample(t)
	upstream := newUpstream(t, map[string]string{
		"moedef.de.": "moedef.de. 60 IN MX 10 mx.moedef.de.", "moedef.com.": "moedef.com. 60 IN MX 10 mx.moedef.de.", "moedef.org.": "moedef.org. 60 IN MX 10 mx.moedef.org.",
	})
	require.NoError(t, os.WriteFile("Corefile", []byte(". {\ntypoguard {\nprotect moedef.de\nkinds default tld\n}\n}\n"), 0o600))
	const rest = " intended=moedef.de protected=moedef.de distance=2 kind=tld policy=default action=nxdomain mode=enforce\n"
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		out    string
	}{
		{"the same", []string{"-resolve", upstream, "moedef.com"}, 0, "moedef.com: passed verdict=pass reason=same_operator" + rest},
		{"another", []string{"-resolve", upstream, "moedef.org"}, 1, "moedef.org: blocked verdict=lookalike" + rest},
		{"not asked", []string{"moedef.com"}, 1, "moedef.com: blocked verdict=lookalike" + rest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := runCLI(t, "", append([]string{"check"}, tt.args...)...)
			assert.Equal(t, tt.status, status)
			assert.Equal(t, tt.out, out)
			assert.Empty(t, errs)
		})
	}
	_, out, _ := runCLI(t, "moedef.com\nmoedef.org\n", "audit", "-resolve", upstream, "-csv", "-format", "names", "-")
	assert.Contains(t, out, "moedef.org,moedef.de,moedef.de,2,tld,default,nxdomain,enforce,1,")
	assert.NotContains(t, out, "moedef.com")
}

// TestResolveReply: check says of a reply what the server would make of it.
func TestResolveReply(t *testing.T) {
	useExample(t)
	upstream := newUpstream(t, map[string]string{
		"plain.example.": "plain.example. 60 IN MX 10 mx.plain.example.",
		"alias.example.": "alias.example. 60 IN CNAME cdn.example.\ncdn.example. 60 IN CNAME Host.Army.ML.\nhost.army.ml. 60 IN MX 10 mx.army.ml.",
		"gov.ml.":        "gov.ml. 60 IN CNAME host.ml.\nhost.ml. 60 IN MX 10 mx.plain.example.",
		"mail.gov.ml.":   "mail.gov.ml. 60 IN MX 10 mx.army.ml.",
		"one.example.":   "one.example. 60 IN MX 10 mx.army.ml.",
		"two.example.":   "two.example. 60 IN MX 10 mx.army.ml.\ntwo.example. 60 IN MX 20 mx.two.example.",
		"www.gov.ml.":    "www.gov.ml. 60 IN MX 10 mx.hoster.ml.\nwww.gov.ml. 60 IN MX 20 mx.army.ml.",
		"eu.gov.ml.":     "eu.gov.ml. 60 IN MX 10 mx.hoster.ml.\neu.gov.ml. 60 IN MX 20 mx.plain.example.",
		"cn.example.":    "cn.example. 60 IN MX 10 mx.cn.example.",
		"mx.cn.example.": "mx.cn.example. 60 IN CNAME host.army.ml.\nhost.army.ml. 60 IN A 192.0.2.1",
		"none.example.":  "none.example. 60 IN MX 0 .",
	})
	require.NoError(t, os.WriteFile("Corefile", []byte(". {\ntypoguard {\nprotect mil\nallow gov.ml\ninspect mx\n}\n}\n"), 0o600))
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, silent.Close())
	const rest = " protected=mil distance=1 kind=omission policy=default action=nxdomain mode=enforce\n"
	for _, tt := range []struct {
		name, resolver, arg string
		status              int
		out                 string
	}{
		{"nothing leads to a lookalike", upstream, "plain.example", 0, "passed verdict=pass reason=no_match\n"},
		{"no such name", upstream, "other.example", 0, "passed verdict=pass reason=no_match\n"},
		{"an alias that is cut", upstream, "alias.example", 1, `blocked verdict=lookalike record="CNAME host.army.ml" intended=host.army.mil` + rest},
		{"an alias of an allowed name", upstream, "gov.ml", 0, `passed verdict=allowed reason=allowed listed=gov.ml record="CNAME host.ml" alias=flattened` + "\n"},
		{"an allowed name whose only mail server is hidden", upstream, "mail.gov.ml", 1, `blocked verdict=lookalike record="MX mx.army.ml" targets=hidden intended=mx.army.mil` + rest},
		{"all mail servers are hidden", upstream, "www.gov.ml", 1, `blocked verdict=lookalike record="MX mx.hoster.ml" targets=hidden intended=mx.hoster.mil` + rest},
		{"one of an allowed name's can be reached", upstream, "eu.gov.ml", 0, "passed verdict=allowed reason=allowed listed=gov.ml\n"},
		{"a mail server by an alias", upstream, "cn.example", 1, `blocked verdict=lookalike record="MX mx.cn.example" targets=hidden intended=host.army.mil` + rest},
		{"no mail", upstream, "none.example", 0, "passed verdict=pass reason=no_match\n"},
		{"the only mail server", upstream, "one.example", 1, `blocked verdict=lookalike record="MX mx.army.ml" intended=mx.army.mil` + rest},
		{"one of two mail servers", upstream, "two.example", 0, `passed verdict=pass reason=no_match record="MX mx.army.ml" targets=hidden` + "\n"},
		{"a lookalike is not looked up", silent.LocalAddr().String(), "army.ml", 1, "blocked verdict=lookalike intended=army.mil" + rest},
		{"nobody answers", silent.LocalAddr().String(), "plain.example", 0, "passed verdict=pass reason=no_match reply=none\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := runCLI(t, "", "check", "-resolve", tt.resolver, tt.arg)
			assert.Equal(t, tt.status, status)
			assert.Equal(t, tt.arg+": "+tt.out, out)
			assert.Empty(t, errs)
		})
	}
	_, out, _ := runCLI(t, "", "check", "-json", "-resolve", upstream, "alias.example")
	assert.JSONEq(t, `{"name":"alias.example","input":"alias.example","blocked":true,"verdict":"lookalike","record":"CNAME host.army.ml","protected":"mil",
		"intended":"host.army.mil","distance":1,"kind":"omission","policy":"default","action":"nxdomain","mode":"enforce"}`, out)
}
