package typoguard

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"
)

// TestFeedErrors holds every message about the option whole.
func TestFeedErrors(t *testing.T) {
	root := t.TempDir()
	for _, tt := range []struct{ name, option, want string }{
		{"no zone", "feed", `feed: no argument; expected a zone`},
		{"no name", "feed a..b", `feed: "a..b" is not the name of a zone: expected a domain suffix such as army.nl: idna: invalid label "a..b"`},
		{"a top-level domain", "feed com", `feed: "com" is a top-level domain; expected a zone of your own, such as lookalikes.corp.example`},
		{"an unknown setting", "feed rpz.example rows 5", `feed: unknown setting "rows"; expected one of dir, expire, max_rows`},
		{"no rows", "feed rpz.example max_rows 0", `feed: max_rows "0"; expected a number such as 5000000`},
		{"a large number of rows", "feed rpz.example max_rows 5M", `feed: max_rows "5M"; expected a number such as 5000000`},
		{"more rows than can be numbered", "feed rpz.example max_rows 5000000000", `feed: max_rows "5000000000"; expected a number such as 5000000`},
		{"too soon expired", "feed rpz.example expire 1h", `feed: expire "1h"; expected a duration from 1d to 365d such as 28d`},
		{"never expired", "feed rpz.example expire 2y", `feed: expire "2y"; expected a duration from 1d to 365d such as 28d`},
		{"no directory", "feed rpz.example dir nope", `feed: dir ROOT/nope is not a directory; expected one that exists`},
		{"a setting without a value", "feed rpz.example dir", `feed: dir without a value; expected one`},
		{"under a protected suffix", "feed rpz.army.mil", `feed: rpz.army.mil. lies under the protected suffix mil; expected a zone that does not`},
		{"a list zone", "lookalike_zone rpz.example\nfeed rpz.example", `feed: rpz.example. is the list zone at Testfile:3; expected a different one`},
		{"other settings", "feed rpz.example\n}\ntypoguard b {\nprotect army.nl\nfeed rpz.example expire 7d",
			`feed: the settings differ from those at Testfile:3; expected the same for both, which share the zone rpz.example.`},
		{"twice", "feed rpz.example\nfeed rpz.example", `feed: already given at Testfile:3; expected it once`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCorefile(t, root, "typoguard {\nprotect mil\n"+tt.option+"\n}")
			require.Error(t, err)
			_, message, found := strings.Cut(err.Error(), "Error during parsing: ")
			require.True(t, found)
			assert.Equal(t, strings.ReplaceAll(tt.want, "ROOT", root), message)
		})
	}
}

const tsigKey = "feedkey. c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"

// TestFeedPlugins: a zone that cannot be transferred, or by everybody, is an error.
func TestFeedPlugins(t *testing.T) {
	useDirectives(t)
	const toAll = "transfer rpz.example {\nto *\n}"
	for _, tt := range []struct{ name, more, want string }{
		{"cut short", toAll + "\nminimal", `feed: the plugin minimal in the server block cuts transfers short; expected none`},
		{"no transfer", "", `feed: no plugin transfer in the server block; expected one that names the secondaries of rpz.example.`},
		{"another zone", "transfer other.example {\nto 192.0.2.1\n}", `feed: the plugin transfer is for other zones; expected transfer rpz.example.`},
		{"anybody", toAll, "anybody"},
		{"anybody, for all zones", "transfer {\nto *\n}", "anybody"},
		{"tsig for other types", toAll + "\ntsig {\nsecret " + tsigKey + "\nrequire AXFR\n}", "anybody"},
		{"tsig for another zone", toAll + "\ntsig other.example {\nsecret " + tsigKey + "\nrequire all\n}", "anybody"},
		{"addresses", "transfer rpz.example {\nto 127.0.0.1\n}", ""},
		{"tsig", toAll + "\ntsig {\nsecret " + tsigKey + "\nrequire AXFR IXFR\n}", ""},
		{"acl for another zone", toAll + "\nacl other.example {\nblock\n}", "anybody"},
		{"acl that blocks some", toAll + "\nacl {\nblock net 10.0.0.0/8\n}", "anybody"},
		{"acl that blocks IPv4", toAll + "\nacl {\nblock net 0.0.0.0/0\n}", "anybody"},
		{"acl that blocks IPv6", toAll + "\nacl {\nblock net ::/0\n}", "anybody"},
		{"acl for AXFR only", toAll + "\nacl {\nblock type AXFR\n}", "anybody"},
		{"acl and tsig that stop half each", toAll + "\nacl {\nblock net 0.0.0.0/0\n}\ntsig {\nsecret " + tsigKey + "\nrequire AXFR\n}", "anybody"},
		{"acl", toAll + "\nacl {\nallow net 127.0.0.1\nblock\n}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want == "anybody" {
				want = `feed: anybody may transfer rpz.example., with all that the policy protects; expected tsig that requires AXFR and IXFR, acl that blocks others, or other addresses than * in transfer`
			}
			instance, err := caddy.Start(corefile("typoguard {\nprotect mil\nfeed rpz.example\n}", tt.more))
			if want == "" {
				require.NoError(t, err)
				waitServing(t, instance)
				caddytest.Stop(t, instance)
				return
			}
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "Corefile:")
		})
	}
}

// TestFeedSecondaries: those are notified that the plugin transfer would notify of the zone, from the same address.
func TestFeedSecondaries(t *testing.T) {
	useDirectives(t)
	snippet := filepath.Join(t.TempDir(), "transfer")
	kit.WriteFile(t, snippet, "transfer rpz.example {\nto 127.0.1.9\n}\n")
	for _, tt := range []struct {
		name, transfer string
		want           []string
		source         string
	}{
		{"ports", "transfer rpz.example {\nto 127.0.1.1 ::1 [::1]:5300\nto 127.0.1.2:5300\n}", []string{"127.0.1.1:53", "[::1]:53", "[::1]:5300", "127.0.1.2:5300"}, ""},
		{"source", "transfer rpz.example {\nsource 127.0.1.3\nto 127.0.1.1\n}", []string{"127.0.1.1:53"}, "127.0.1.3"},
		{"of the server block", "transfer {\nto 127.0.1.1\n}", []string{"127.0.1.1:53"}, ""},
		{"anybody", "transfer RPZ.example. {\nto * 127.0.1.1\n}\nacl {\nallow net 127.0.0.1\nblock\n}", []string{"127.0.1.1:53"}, ""},
		{"nobody", "transfer {\nto *\n}\nacl {\nallow net 127.0.0.1\nblock\n}", nil, ""},
		{"the longest zone", "transfer other.example rpz.example {\nto 127.0.1.1\n}\ntransfer example {\nto 127.0.1.2\nsource 127.0.1.3\n}\ntransfer a.rpz.example {\nto 127.0.1.4\n}", []string{"127.0.1.1:53"}, ""},
		{"the longest zone first", "transfer example {\nto 127.0.1.2\n}\ntransfer rpz.example {\nto 127.0.1.1\n}", []string{"127.0.1.1:53"}, ""},
		{"imported", "import " + snippet, []string{"127.0.1.9:53"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			input := corefile("typoguard {\nprotect mil\nfeed rpz.example\n}", tt.transfer)
			input.Contents = append([]byte("other.example:0 {\nbind 127.0.0.1\n}\n"), input.Contents...)
			instance, err := caddy.Start(input)
			require.NoError(t, err)
			waitServing(t, instance)
			got := running.blocks[0].feeds[0].secondaries
			caddytest.Stop(t, instance)
			assert.Equal(t, tt.want, got.Addresses)
			assert.Equal(t, net.ParseIP(tt.source), got.Source)
		})
	}
}

// TestFeedOfTwoBlocks: a zone has one server block.
func TestFeedOfTwoBlocks(t *testing.T) {
	useDirectives(t)
	input := corefile("typoguard {\nprotect mil\nfeed rpz.example\n}", "transfer rpz.example {\nto 127.0.0.1\n}")
	input.Contents = append(input.Contents, []byte(strings.ReplaceAll(string(input.Contents), ".:0", "example:0"))...)
	_, err := caddy.Start(input)
	require.ErrorContains(t, err, "feed: another server block has the zone rpz.example., too; expected one for each, or several addresses for one block")
}

// secondary takes the zone as another server does.
type secondary struct {
	address, tcp string
	key          bool
	dialed       func() (net.Conn, error)
}

// secondaryOf returns a secondary of the server of an instance that has no TLS.
func secondaryOf(instance *caddy.Instance) *secondary {
	servers := instance.Servers()
	server := servers[slices.IndexFunc(servers, func(s caddy.ServerListener) bool { return s.LocalAddr() != nil })]
	return &secondary{address: server.LocalAddr().String(), tcp: server.Addr().String()}
}

// ask asks for the zone itself over UDP.
func (s *secondary) ask(t *testing.T, name string, qtype uint16) *dns.Msg {
	t.Helper()
	reply, err := dns.Exchange(new(dns.Msg).SetQuestion(name, qtype), s.address)
	require.NoError(t, err)
	return reply
}

// serial returns the zone's serial, or 0 if there is no version yet.
func (s *secondary) serial(t *testing.T) uint32 {
	t.Helper()
	reply := s.ask(t, "rpz.example.", dns.TypeSOA)
	if reply.Rcode == dns.RcodeServerFailure {
		return 0
	}
	require.True(t, reply.Authoritative)
	return reply.Answer[0].(*dns.SOA).Serial
}

// await waits for another serial.
func (s *secondary) await(t *testing.T, old uint32) (serial uint32) {
	t.Helper()
	require.Eventually(t, func() bool { serial = s.serial(t); return serial != old }, 30*time.Second, 20*time.Millisecond)
	return serial
}

// take transfers the zone, from a serial unless that is 0.
func (s *secondary) take(t *testing.T, serial uint32) (records []dns.RR, err error) {
	t.Helper()
	m := new(dns.Msg).SetAxfr("rpz.example.")
	if serial != 0 {
		m.SetIxfr("rpz.example.", serial, "localhost.", "nobody.invalid.")
	}
	x := new(dns.Transfer)
	if s.key {
		name, secret, _ := strings.Cut(tsigKey, " ")
		x.TsigSecret = map[string]string{name: secret}
		m.SetTsig(name, dns.HmacSHA256, 300, time.Now().Unix())
	}
	if s.dialed != nil {
		conn, err := s.dialed()
		require.NoError(t, err)
		defer conn.Close()
		x.Conn = &dns.Conn{Conn: conn}
	}
	channel, err := x.In(m, s.tcp)
	require.NoError(t, err)
	for envelope := range channel {
		if envelope.Error != nil {
			return nil, envelope.Error
		}
		records = append(records, envelope.RR...)
	}
	return records, nil
}

// owners returns the names of the rows among records, without wildcards and the zone.
func owners(records []dns.RR) []string {
	var all []string
	for _, rr := range records {
		name, ok := strings.CutSuffix(rr.Header().Name, ".rpz.example.")
		if ok && !strings.HasPrefix(name, "*.") {
			all = append(all, name)
		}
	}
	return all
}

// TestFeed: a secondary gets the zone, is told of each change of a list, and gets it, over a reload of the Corefile too.
func TestFeed(t *testing.T) {
	useDirectives(t)
	ignore := goleak.IgnoreCurrent()
	notified := make(chan string, 100)
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	notifiee := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		if r.Opcode == dns.OpcodeNotify {
			notified <- r.Question[0].Name
		}
		_ = w.WriteMsg(new(dns.Msg).SetReply(r))
	})}
	served := make(chan struct{})
	notifiee.NotifyStartedFunc = func() { close(served) }
	ended := make(chan error, 1)
	go func() { ended <- notifiee.ActivateAndServe() }()
	<-served

	dir := t.TempDir()
	list := filepath.Join(dir, "list.txt")
	write := func(content string, at int64) {
		kit.WriteFile(t, list, content)
		require.NoError(t, os.Chtimes(list, time.Unix(at, 0), time.Unix(at, 0)))
	}
	const future = 2_500_000_000 // later than the program's own time
	write("army.nl\n", future)
	text := func(more string) caddy.CaddyfileInput {
		return corefile(fmt.Sprintf("typoguard a {\nprotect_file %s\nreload 1s\nfeed rpz.example dir %s\n%s\n}\ntypoguard other {\nprotect navy.de\n}", list, dir, more),
			fmt.Sprintf("transfer rpz.example {\nto 127.0.0.1 %s\n}", packets.LocalAddr()))
	}
	instance, stop := start(t, text(""))
	s := secondaryOf(instance)
	assert.EqualValues(t, future, s.await(t, 0))
	assert.Equal(t, "rpz.example.", <-notified)
	whole, err := s.take(t, 0)
	require.NoError(t, err)
	assert.Contains(t, owners(whole), "arny.nl")
	assert.NotContains(t, owners(whole), "nay.de", "of a policy without the zone")

	for _, rr := range []string{"TXT", "NS", "ANY", "A"} {
		reply := s.ask(t, "RPZ.example.", dns.StringToType[rr])
		assert.True(t, reply.Authoritative, rr)
		assert.Equal(t, rr != "A", len(reply.Answer) > 0, rr)
		assert.Equal(t, rr == "A", len(reply.Ns) > 0, rr)
	}
	assert.Equal(t, dns.RcodeRefused, s.ask(t, "arny.nl.rpz.example.", dns.TypeA).Rcode)
	assert.Equal(t, dns.RcodeRefused, s.ask(t, "rpz.example.", dns.TypeAXFR).Rcode, "not over UDP")
	notice := new(dns.Msg).SetNotify("rpz.example.")
	reply, err := dns.Exchange(notice, s.address)
	require.NoError(t, err)
	assert.Equal(t, dns.RcodeNotImplemented, reply.Rcode)

	write("army.nl\nair.nl\n", future+1)
	assert.EqualValues(t, future+1, s.await(t, future))
	assert.Equal(t, "rpz.example.", <-notified)
	changes, err := s.take(t, future)
	require.NoError(t, err)
	assert.Contains(t, owners(changes), "airr.nl")
	assert.NotContains(t, owners(changes), "arny.nl")
	assert.Equal(t, dns.TypeSOA, changes[1].Header().Rrtype)
	upToDate, err := s.take(t, future+1)
	require.NoError(t, err)
	assert.Len(t, upToDate, 1)

	instance = caddytest.Restart(t, instance, text("allow arny.nl"))
	s = secondaryOf(instance)
	assert.EqualValues(t, future+2, s.await(t, future+1), "the list is no newer, but the rows are others")
	changes, err = s.take(t, future+1)
	require.NoError(t, err)
	assert.Equal(t, []string{"arny.nl"}, owners(changes))
	stop(instance)

	write("army.nl\n", future-1000)
	instance, stop = start(t, text(""))
	s = secondaryOf(instance)
	assert.EqualValues(t, future+3, s.await(t, 0), "the serial does not go back with the time of the list")
	whole, err = s.take(t, future+2)
	require.NoError(t, err)
	assert.NotEqual(t, dns.TypeSOA, whole[1].Header().Rrtype, "the whole zone, since nothing is known of the version before")
	stop(instance)
	require.NoError(t, notifiee.Shutdown())
	<-ended
	goleak.VerifyNone(t, ignore)
}

// TestFeedTransport: transfers are signed and encrypted, in as many messages as there are.
func TestFeedTransport(t *testing.T) {
	useDirectives(t)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, kit.Certificate(cert, key, "feed.example"))
	input := corefile("typoguard {\nprotect army.nl navy.nl marines.nl bundeswehr.de\nfeed rpz.example\n}",
		"tls "+cert+" "+key+"\ntsig {\nsecret "+tsigKey+"\nrequire AXFR IXFR\n}\ntransfer {\nto *\n}")
	input.Contents = []byte(strings.Replace(string(input.Contents), ".:0 {", ".:0 tls://.:0 {", 1))
	instance, err := caddy.Start(input)
	require.NoError(t, err)
	defer caddytest.Stop(t, instance)
	plain := secondaryOf(instance)
	plain.key = true
	plain.await(t, 0)
	records, err := plain.take(t, 0)
	require.NoError(t, err)
	assert.Greater(t, len(records), 5000)
	_, err = secondaryOf(instance).take(t, 0)
	require.Error(t, err)
	servers := instance.Servers()
	encryptedAt := servers[slices.IndexFunc(servers, func(s caddy.ServerListener) bool { return s.LocalAddr() == nil })]
	encrypted := &secondary{key: true, dialed: func() (net.Conn, error) {
		conn, err := tls.Dial("tcp", encryptedAt.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"dot"}}) // made by the test
		if err == nil {
			assert.Equal(t, "dot", conn.ConnectionState().NegotiatedProtocol)
		}
		return conn, err
	}}
	overTLS, err := encrypted.take(t, 0)
	require.NoError(t, err)
	assert.Len(t, overTLS, len(records))
}

// TestFeedAborted: clients that go away in the middle leave nothing behind, and do not keep others from a transfer.
func TestFeedAborted(t *testing.T) {
	useDirectives(t)
	instance, stop := start(t, corefile("typoguard {\nprotect bundeswehr.de bundesministerium.de\nfeed rpz.example\n}", "transfer {\nto 127.0.0.1\n}"))
	s := secondaryOf(instance)
	s.await(t, 0)
	ignore := goleak.IgnoreCurrent()
	for range 20 {
		conn, err := dns.Dial("tcp", s.tcp)
		require.NoError(t, err)
		require.NoError(t, conn.WriteMsg(new(dns.Msg).SetAxfr("rpz.example.")))
		require.NoError(t, conn.Close())
	}
	require.Eventually(t, func() bool { return goleak.Find(ignore) == nil }, 10*time.Second, 20*time.Millisecond)
	records, err := s.take(t, 0)
	require.NoError(t, err)
	assert.Greater(t, len(records), 5000)
	stop(instance)
}
