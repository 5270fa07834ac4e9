//go:build e2e

// Package ipv6_test runs the resolver, the sinkhole, the page and the command doctor on a host that has no IPv4, in a namespace of its own with
// no addresses but ::1 and one of its network.
package ipv6_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/smtp"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// inside is set in the environment in the namespaces, to the path of the binary.
const inside = "TYPOGUARD_IPV6"

// The addresses of the host: its own, and one where its upstream resolver is.
const (
	own      = "fd53::1"
	upstream = "fd53::53"
)

func TestMain(m *testing.M) {
	kit.Main("ipv6", inside, outside, func() (int, error) { return runTests(m) })
}

// outside builds the binary, under the name that it is installed as, and runs this program again in namespaces of its own.
func outside() (code int, err error) {
	if err := resolvers.CheckPrograms(nil, map[string]string{"ip": "iproute2"}); err != nil {
		return 0, err
	}
	built, err := kit.Build(context.Background())
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "typoguard-ipv6-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary := filepath.Join(dir, "coredns-typoguard")
	if err := os.Symlink(built, binary); err != nil {
		return 0, err
	}
	return kit.InNamespaces(nil, []string{inside + "=" + binary})
}

// runTests takes IPv4 away, and runs the tests.
func runTests(m *testing.M) (int, error) {
	for _, command := range []string{
		"ip address delete 127.0.0.1/8 dev lo",
		"ip address add " + own + "/64 dev lo nodad",
		"ip address add " + upstream + "/64 dev lo nodad",
	} {
		words := strings.Fields(command)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%s: %w: %s", command, err, out)
		}
	}
	return m.Run(), nil
}

// corefile is that of the host.
const corefile = `. {
    bind ::1 ` + own + `
    acl {
        allow net ::1/128 fd53::/64
        block
    }
    errors
    prometheus [::1]:9153
    typoguard {
        protect army.mil
        clients ::1 fd53::/64
        action sinkhole ` + own + `
        smtp [` + own + `]:25
        history sqlite://%s/events.db
        review [::1]:8053
    }
    forward . ` + upstream + ` {
        prefer_udp
    }
}
`

// TestWithoutIPv4: all of it works with IPv6 alone, and doctor finds nothing wrong with that.
func TestWithoutIPv4(t *testing.T) {
	_, err := net.Listen("tcp", "127.0.0.1:0")
	require.Error(t, err, "the host has IPv4")
	startUpstream(t)
	dir := t.TempDir()
	server, err := kit.Serve(t.Context(), dir, fmt.Sprintf(corefile, dir), "[::1]:53", os.Getenv(inside))
	require.NoError(t, err)
	t.Cleanup(func() { server.End(syscall.SIGTERM) })

	for _, address := range []string{"::1", own} {
		for _, transport := range []string{"udp", "tcp"} {
			hidden := ask(t, transport, address, "army.ml.", dns.TypeMX)
			require.Len(t, hidden.Answer, 1)
			assert.Equal(t, "army.ml.", hidden.Answer[0].(*dns.MX).Mx)
			require.Len(t, hidden.Extra, 1)
			assert.Equal(t, own, hidden.Extra[0].(*dns.AAAA).AAAA.String())
			assert.Empty(t, ask(t, transport, address, "army.ml.", dns.TypeA).Answer)
			passed := ask(t, transport, address, "army.mil.", dns.TypeAAAA)
			require.Len(t, passed.Answer, 1)
			assert.Equal(t, "2001:db8::1", passed.Answer[0].(*dns.AAAA).AAAA.String())
		}
	}
	assert.Contains(t, refusal(t), "5.1.2 <bob@army.ml>: army.ml looks like a mistyped army.mil.")
	kit.Eventually(t, "the page to have the lookalike", func() bool {
		status, page, err := kit.Get(t.Context(), "http://[::1]:8053/")
		return err == nil && status == http.StatusOK && strings.Contains(page, "army.ml")
	})
	metrics, err := kit.Scrape(t.Context(), "[::1]:9153")
	require.NoError(t, err)
	assert.Positive(t, metrics.Sum(t, "coredns_typoguard_lookalikes_total", `type="MX"`))
	examine(t, dir)
}

// examine runs the command doctor on the host.
func examine(t *testing.T, dir string) {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "etc"), 0o755))
	kit.WriteFile(t, filepath.Join(root, "etc", "resolv.conf"), "nameserver ::1\n")
	out, err := exec.Command(os.Getenv(inside), "doctor", "-json", "-root", root, "-conf", filepath.Join(dir, "Corefile"), "-through", own).Output()
	require.NoError(t, err, string(out))
	hidden := 0
	for lines := json.NewDecoder(strings.NewReader(string(out))); lines.More(); {
		var f struct{ Level, Check, What string }
		require.NoError(t, lines.Decode(&f))
		assert.NotContains(t, []string{"fault", "warning"}, f.Level, "%+v", f)
		if f.Level == "ok" && f.Check == "resolver" && strings.Contains(f.What, " hides ") {
			hidden++
		}
	}
	assert.Equal(t, 2, hidden, "::1 and %s", own)
}

// ask asks the resolver at an address.
func ask(t *testing.T, transport, address, name string, qtype uint16) *dns.Msg {
	t.Helper()
	client := &dns.Client{Net: transport, Timeout: 10 * time.Second}
	reply, _, err := client.Exchange(new(dns.Msg).SetQuestion(name, qtype), net.JoinHostPort(address, "53"))
	require.NoError(t, err)
	return reply
}

// refusal returns what the sinkhole says to a recipient.
func refusal(t *testing.T) string {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort(own, "25"))
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(kit.Patience)))
	client, err := smtp.NewClient(conn, own)
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.Hello("relay.example"))
	require.NoError(t, client.Mail("alice@corp.example"))
	var refused *textproto.Error
	require.ErrorAs(t, client.Rcpt("bob@army.ml"), &refused)
	assert.Equal(t, 550, refused.Code)
	return refused.Msg
}

// startUpstream starts a resolver that finds every name.
func startUpstream(t *testing.T) {
	t.Helper()
	conn, err := net.ListenPacket("udp", net.JoinHostPort(upstream, "53"))
	require.NoError(t, err)
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		reply := new(dns.Msg).SetReply(query)
		header := dns.RR_Header{Name: query.Question[0].Name, Rrtype: query.Question[0].Qtype, Class: dns.ClassINET, Ttl: 60}
		if header.Rrtype == dns.TypeAAAA {
			reply.Answer = []dns.RR{&dns.AAAA{Hdr: header, AAAA: net.ParseIP("2001:db8::1")}}
		}
		_ = w.WriteMsg(reply) // the client asks again
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { assert.NoError(t, server.Shutdown()) })
}
