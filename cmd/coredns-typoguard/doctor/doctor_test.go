package doctor

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"
)

func TestReadResolvers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	text := "# a comment\nnameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch a.example\ndomain b.example\noptions rotate ndots:2\nnameserver\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	r, err := readResolvers(path)
	require.NoError(t, err)
	assert.Equal(t, []string{"192.0.2.1", "2001:db8::1"}, r.servers)
	assert.Equal(t, []string{"b.example"}, r.search, "the last one counts")
	assert.Equal(t, []server{{"192.0.2.1:53", "here"}, {"[2001:db8::1]:53", "here"}}, serversOf(r, "here"))

	r.servers = append(r.servers, "192.0.2.3", "192.0.2.4")
	assert.Len(t, serversOf(r, "here"), 3, "more are not used")
}

// TestManaged: each program behind resolv.conf is told its resolvers in files of its own, and may be told not to write the file.
func TestManaged(t *testing.T) {
	for _, test := range []struct {
		name, manager string
		files         map[string]string
		want          []server
		off           bool
	}{
		{"resolved", "systemd-resolved", map[string]string{
			"/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.1\nnameserver 192.0.2.9\n", "/etc/systemd/resolved.conf": "[Resolve]\n#DNS=192.0.2.8\nFallbackDNS=192.0.2.7\nDNS=192.0.2.2#dns.example 2001:db8::2\n",
		}, []server{{"192.0.2.1:53", "/run/systemd/resolve/resolv.conf"}, {"192.0.2.2:53", "/etc/systemd/resolved.conf"}, {"[2001:db8::2]:53", "/etc/systemd/resolved.conf"}}, false},
		{"NetworkManager", "NetworkManager", map[string]string{"/etc/NetworkManager/system-connections/a.nmconnection": "[ipv4]\ndns=192.0.2.1;192.0.2.2;\ndns-search=a.example;\n"},
			[]server{{"192.0.2.1:53", "/etc/NetworkManager/system-connections/a.nmconnection"}, {"192.0.2.2:53", "/etc/NetworkManager/system-connections/a.nmconnection"}}, false},
		{"NetworkManager off", "NetworkManager", map[string]string{"/etc/NetworkManager/conf.d/90-typoguard.conf": "[main]\ndns=none\n"}, nil, true},
		{"NetworkManager off in its main file", "NetworkManager", map[string]string{"/etc/NetworkManager/NetworkManager.conf": "[main]\nrc-manager=unmanaged\n"}, nil, true},
		{"netplan", "NetworkManager", map[string]string{"/etc/netplan/01.yaml": "network:\n  ethernets:\n    a:\n      nameservers:\n        search: [a.example]\n        addresses: [192.0.2.1, \"2001:db8::1\"]\n    b:\n      addresses: [192.0.2.77/24]\n      nameservers:\n        addresses:\n          - 192.0.2.2\n          - 192.0.2.3\n"},
			[]server{{"192.0.2.1:53", "/etc/netplan/01.yaml"}, {"[2001:db8::1]:53", "/etc/netplan/01.yaml"}, {"192.0.2.2:53", "/etc/netplan/01.yaml"}, {"192.0.2.3:53", "/etc/netplan/01.yaml"}}, false},
		{"dhclient", "dhclient", map[string]string{"/var/lib/dhcp/dhclient.eth0.leases": "lease {\n  option domain-name-servers 192.0.2.1,192.0.2.2;\n}\nlease {\n  option domain-name-servers 192.0.2.2;\n}\n"},
			[]server{{"192.0.2.1:53", "/var/lib/dhcp/dhclient.eth0.leases"}, {"192.0.2.2:53", "/var/lib/dhcp/dhclient.eth0.leases"}}, false},
		{"dhclient off", "dhclient", map[string]string{"/etc/dhcp/dhclient.conf": "supersede domain-name-servers 127.0.0.1;\n"}, nil, true},
		{"resolvconf", "resolvconf", map[string]string{"/etc/network/interfaces": "iface a inet static\n    dns-nameservers 192.0.2.1 192.0.2.2\n"},
			[]server{{"192.0.2.1:53", "/etc/network/interfaces"}, {"192.0.2.2:53", "/etc/network/interfaces"}}, false},
		{"openresolv off", "resolvconf", map[string]string{"/etc/resolvconf.conf": "name_servers=127.0.0.1\n"},
			[]server{{"127.0.0.1:53", "/etc/resolvconf.conf"}}, true},
		{"openresolv", "resolvconf", map[string]string{"/etc/resolvconf.conf": "name_servers=\"127.0.0.1 192.0.2.1\"\n"},
			[]server{{"127.0.0.1:53", "/etc/resolvconf.conf"}, {"192.0.2.1:53", "/etc/resolvconf.conf"}}, false},
		{"dhcpcd off", "dhcpcd", map[string]string{"/etc/dhcpcd.conf": "nohook lookup-hostname, resolv.conf\n"}, nil, true},
		{"nobody", "", nil, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := &examination{root: t.TempDir()}
			for name, text := range test.files {
				require.NoError(t, os.MkdirAll(filepath.Dir(e.path(name)), 0o755))
				require.NoError(t, os.WriteFile(e.path(name), []byte(text), 0o600))
			}
			assert.Equal(t, test.want, e.managed(test.manager, &resolvers{servers: []string{"192.0.2.9"}}))
			assert.Equal(t, test.off, e.isOff(test.manager))
		})
	}
}

func TestEdits(t *testing.T) {
	assert.Equal(t, []string{"mill", "miil", "mli", "mi", "ml"}, edits("mil"))
	assert.Contains(t, edits("army.mil"), "armyy.mil")
	assert.Empty(t, edits("x"))
}

// TestJudge: what a resolver's reply to a query for a canary means.
func TestJudge(t *testing.T) {
	const ours, theirs = "armyy.mil. 60 IN SOA typoguard.invalid. nobody.invalid. 1 1 1 1 1", "mil. 60 IN SOA ns.mil. a.mil. 1 1 1 1 1"
	explained := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}, Option: []dns.EDNS0{&dns.EDNS0_EDE{ExtraText: "typoguard: armyy.mil looks like army.mil"}}}
	for _, test := range []struct {
		name   string
		action policy.Action
		rcode  int
		answer string
		ns     string
		extra  dns.RR
		want   outcome
	}{
		{"NXDOMAIN of ours", policy.NXDOMAIN, dns.RcodeNameError, "", ours, nil, hidden},
		{"NODATA of ours", policy.NODATA, dns.RcodeSuccess, "", ours, nil, hidden},
		{"explained", policy.NXDOMAIN, dns.RcodeNameError, "", "", explained, hidden},
		{"NXDOMAIN of others", policy.NXDOMAIN, dns.RcodeNameError, "", theirs, nil, shown},
		{"nothing", policy.NXDOMAIN, dns.RcodeSuccess, "", "", nil, shown},
		{"Null MX", policy.NullMX, dns.RcodeSuccess, "armyy.mil. 60 IN MX 0 .", "", nil, hidden},
		{"another MX", policy.NullMX, dns.RcodeSuccess, "armyy.mil. 60 IN MX 10 mx.example.", "", nil, shown},
		{"the sinkhole", policy.Sinkhole, dns.RcodeSuccess, "armyy.mil. 60 IN A 192.0.2.25", "", nil, hidden},
		{"the sinkhole's MX", policy.Sinkhole, dns.RcodeSuccess, "armyy.mil. 60 IN MX 10 armyy.mil.", "", nil, hidden},
		{"its own MX without a sinkhole", policy.NXDOMAIN, dns.RcodeSuccess, "armyy.mil. 60 IN MX 10 armyy.mil.", "", nil, shown},
		{"a stranger", policy.Sinkhole, dns.RcodeSuccess, "armyy.mil. 60 IN A 192.0.2.26", "", nil, shown},
		{"an alias", policy.NXDOMAIN, dns.RcodeSuccess, "armyy.mil. 60 IN CNAME a.example.", ours, nil, shown},
		{"SERVFAIL", policy.NXDOMAIN, dns.RcodeServerFailure, "", "", nil, failed},
		{"REFUSED", policy.NXDOMAIN, dns.RcodeRefused, "", "", nil, failed},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &canary{name: "armyy.mil.", policy: &policy.Policy{Action: test.action}}
			if test.action == policy.Sinkhole {
				c.policy.Sinkhole = []netip.Addr{netip.MustParseAddr("192.0.2.25")}
			}
			m := new(dns.Msg)
			m.Rcode = test.rcode
			m.Answer, m.Ns = records(t, test.answer), records(t, test.ns)
			if test.extra != nil {
				m.Extra = []dns.RR{test.extra}
			}
			got, how := c.judge(m, nil)
			assert.Equal(t, test.want, got, how)
		})
	}
	c := &canary{name: "armyy.mil.", policy: &policy.Policy{}}
	got, how := c.judge(nil, errors.New("connection refused"))
	assert.Equal(t, silent, got)
	assert.Equal(t, "connection refused", how)
}

// records parses a record, if there is any.
func records(t *testing.T, text string) []dns.RR {
	t.Helper()
	if text == "" {
		return nil
	}
	rr, err := dns.NewRR(text)
	require.NoError(t, err)
	return []dns.RR{rr}
}

func TestPrint(t *testing.T) {
	findings := []finding{{fine, "clock", "synchronized", ""}, {fault, "port", "nothing listens on port 53", "start it"}}
	var text, lines strings.Builder
	require.NoError(t, printText(&text, findings))
	assert.Equal(t, "ok       clock        synchronized\nfault    port         nothing listens on port 53\n                      -> start it\n", text.String())
	require.NoError(t, printJSON(&lines, findings))
	first, second, found := strings.Cut(lines.String(), "\n")
	require.True(t, found)
	assert.JSONEq(t, `{"level":"ok","check":"clock","what":"synchronized"}`, first)
	assert.JSONEq(t, `{"level":"fault","check":"port","what":"nothing listens on port 53","do":"start it"}`, second)
}

// findings runs an examination of a Corefile.
func findings(t *testing.T, corefileText string, files map[string]string, examine func(*examination)) []string {
	t.Helper()
	blocks, err := typoguard.Load(caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(corefileText), ServerTypeName: "dns"})
	require.NoError(t, err)
	e := &examination{blocks: corefile.Blocks{All: blocks}, root: t.TempDir()}
	for name, text := range files {
		path := e.path(name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	examine(e)
	var all []string
	for _, f := range e.findings {
		all = append(all, f.What)
	}
	return all
}

func TestMain(m *testing.M) { caddytest.Main(m) }

// TestNoCanary: a policy that hides nothing says why, and one whose trial has ended is none that monitors.
func TestNoCanary(t *testing.T) {
	for options, want := range map[string]string{
		"protect army.mil\nmode monitor":                                             `policy "p" only monitors: it hides nothing yet`,
		"protect army.mil\nrequire counterpart\nprotect mil":                         `policy "p" requires a counterpart, so none of its lookalikes is known to be hidden`,
		"protect army.mil\nkinds homoglyph":                                          `policy "p" hides none of the simplest lookalikes of its first suffixes`,
		"protect army.mil\nkinds homoglyph\nmode monitor until=2025-01-01T00:00:00Z": `policy "p" hides none of the simplest lookalikes of its first suffixes`,
	} {
		assert.Equal(t, []string{want}, findings(t, ". {\ntypoguard p {\n"+options+"\n}\n}", nil, func(e *examination) {
			_, err := e.canaries(nil)
			require.NoError(t, err)
		}), options)
	}
}

// TestRelays: a transport without a host is no smart host.
func TestRelays(t *testing.T) {
	const none = "no mail server known here has a smart host"
	for text, want := range map[string]string{
		"relayhost =\n":                                    none,
		"relayhost = [mx.example]:587\n":                   "Postfix hands mail to [mx.example]:587, which looks up domains itself",
		"default_transport = smtp\n":                       none,
		"default_transport = smtp:[mx.example]\n":          "Postfix hands mail to [mx.example], which looks up domains itself",
		"default_transport = error\n":                      none,
		"default_transport = error: local delivery only\n": none,
		"# relayhost = mx.example\n":                       none,
	} {
		assert.Equal(t, []string{want}, findings(t, ". {\ntypoguard {\nprotect army.mil\n}\n}", map[string]string{"/etc/postfix/main.cf": text}, (*examination).examineRelays), text)
	}
}

// TestFallbacks: a fallback relay gets what is hidden, unless a sinkhole refuses it.
func TestFallbacks(t *testing.T) {
	const none = "no mail server known here has a smart host"
	const leaks = "Postfix hands mail for hidden domains to the fallback relay [fall.example], which looks them up itself"
	const main, master, sendmail = "/etc/postfix/main.cf", "/etc/postfix/master.cf", "/etc/mail/sendmail.cf"
	for _, test := range []struct{ name, file, text, options, want string }{
		{"Postfix", main, "smtp_fallback_relay = [fall.example], other.example\n", "", leaks},
		{"on the next line", main, "smtp_fallback_relay =\n  [fall.example]\n  other.example\n", "", leaks},
		{"its former name", main, "fallback_relay=[fall.example]\n", "", leaks},
		{"the default", main, "smtp_fallback_relay = $fallback_relay\n", "", none},
		{"none", main, "smtp_fallback_relay =\nmyhostname = fall.example\n", "", none},
		{"a comment", main, "#smtp_fallback_relay = fall.example\n", "", none},
		{"of one service", master, "smtp unix - - y - - smtp\n  -o smtp_fallback_relay=[fall.example]\n", "", leaks},
		{"of no service", master, "relay unix - - y - - smtp\n  -o smtp_fallback_relay=\n#  -o smtp_fallback_relay=[fall.example]\n", "", none},
		{"Sendmail", sendmail, "O FallbackMXhost=fall.example\n", "", "Sendmail hands mail for hidden domains to the fallback relay fall.example, which looks them up itself"},
		{"Sendmail's last resort", sendmail, "O FallbackSmartHost=fall.example\n", "", "Sendmail hands mail for hidden domains to the fallback relay fall.example, which looks them up itself"},
		{"Sendmail without", sendmail, "#O FallbackMXhost=fall.back.host.net\n", "", none},
		{"a sinkhole", main, "smtp_fallback_relay = [fall.example]\n", "action sinkhole 192.0.2.25\n",
			"Postfix hands mail to the fallback relay [fall.example], which looks up domains itself, when the sinkhole does not answer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			corefile := ". {\ntypoguard {\nprotect army.mil\n" + test.options + "}\n}"
			assert.Equal(t, []string{test.want}, findings(t, corefile, map[string]string{test.file: test.text}, (*examination).examineRelays))
		})
	}
}
