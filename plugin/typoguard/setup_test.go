package typoguard

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/coredns/caddy"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// parseCorefile parses the stanzas of a server block, with list files below root.
func parseCorefile(tb testing.TB, root, corefile string) (*block, error) {
	tb.Helper()
	policies, err := parse(caddy.NewTestController("dns", corefile), root)
	if err != nil {
		return nil, err
	}
	b, err := newBlock(0, policies, nil)
	if err != nil {
		return nil, err
	}
	return b, b.missing()
}

// writeLists writes list files into a new directory.
func writeLists(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return dir
}

func TestParseDefaults(t *testing.T) {
	b, err := parseCorefile(t, "", "typoguard {\n protect mil\n}")
	require.NoError(t, err)
	require.Len(t, b.policies, 1)
	c := b.policies[0]
	assert.Equal(t, policy.Policy{
		Name:     "default",
		Distance: 1,
		Kinds:    match.DefaultKinds.Without(match.Multiple),
		Keyboard: match.QWERTY,
		Action:   policy.NXDOMAIN,
		Mode:     policy.Enforce,
		TTL:      60,
		Popular:  []*popular.List{popular.Builtin()},
	}, c.Policy)
	assert.Equal(t, []string{"log"}, c.sinkNames)
	assert.Equal(t, event.NoMask, c.mask)
	assert.Equal(t, 30*time.Second, c.lists.reload)
	assert.Equal(t, 50, c.lists.shrink)
}

func TestParseEverything(t *testing.T) {
	root := writeLists(t, map[string]string{
		"a.txt": "\ufeff# comment\n\nnavy.mil # the navy\r\nbücher.example\n",
		"b.txt": "af.mil",
		"c.txt": "# nothing yet\n",

		"popular.csv":  "7,example.org\n",
		"prefixes.txt": "\ufeff# those of our partners\n\nmail-3 # before army.mil\r\npost\n",
	})
	b, err := parseCorefile(t, root, `typoguard mail {
			protect army.mil
			protect mindef.nl Army.MIL.
			protect_file a.txt `+filepath.Join(root, "b.txt")+`
			allow gov.ml
			allow_file c.txt
			deny example.com
			deny Example.NET.
			popular popular.csv
			short report
			distance 2
			kinds omission substitution multiple boundary
			boundary_prefixes Post prefixes.txt
			boundary_prefixes box
			keyboard azerty
			clients 192.0.2.0/24 2001:db8::/32 198.51.100.7
			types mx A AAAA
			action sinkhole 192.0.2.66 2001:db8::66
			mode monitor
			ttl 5
			reload 1m
			shrink 20
			events events.json size 1MB keep 3 age 30d
			events `+filepath.Join(root, "more.json")+`
			syslog udp://192.0.2.1
			syslog tls://siem.example.org:6515 facility mail server_name siem
			log_events off
			client_mask 24 56
			dnstap on
		}`)
	require.NoError(t, err)
	require.Len(t, b.policies, 1)
	c := b.policies[0]
	assert.Equal(t, policy.Policy{
		Name:     "mail",
		Distance: 2,
		Kinds:    match.Kinds(0).With(match.Omission).With(match.Substitution).With(match.Adjacent).With(match.Multiple).With(match.Boundary),
		Keyboard: match.AZERTY,
		Prefixes: match.NewPrefixes("box", "mail-3", "post"),
		Clients: policy.Clients{Networks: []netip.Prefix{
			netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("198.51.100.7/32"),
		}},
		Types:    []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA},
		Action:   policy.Sinkhole,
		Sinkhole: []netip.Addr{netip.MustParseAddr("192.0.2.66"), netip.MustParseAddr("2001:db8::66")},
		Mode:     policy.Monitor,
		TTL:      5,
		Popular:  c.Popular,

		ReportShort: true,
	}, c.Policy)
	require.Len(t, c.Popular, 2)
	assert.Same(t, popular.Builtin(), c.Popular[0])
	assert.Equal(t, map[string]int{"example.org": 7}, maps.Collect(c.Popular[1].All()))
	assert.Equal(t, []string{"example.com", "example.net"}, suffixlist.ListOf(c.lists.denied...).Names())
	assert.Equal(t, []string{
		filepath.Join(root, "events.json"), filepath.Join(root, "more.json"), "udp://192.0.2.1:514", "tls://siem.example.org:6515",
	}, c.sinkNames)
	assert.Equal(t, event.Mask{V4: 24, V6: 56}, c.mask)
	assert.True(t, c.dnstap)
	assert.Equal(t, time.Minute, c.lists.reload)
	assert.Equal(t, 20, c.lists.sources[0].Shrink)
	protected, allowed := b.lists[0].Suffixes()
	assert.Equal(t, []string{"army.mil", "mindef.nl", "navy.mil", "xn--bcher-kva.example", "af.mil"}, protected.Names())
	assert.Equal(t, []string{"gov.ml"}, allowed.Names())
	assert.Equal(t, []policy.Sizes{{Protected: 5, Allowed: 1}}, b.set.Load().Sizes)
}

// TestBuiltin: a list that comes with the plugin is like a list file that never changes.
func TestBuiltin(t *testing.T) {
	b, err := parseCorefile(t, "", "typoguard {\nprotect builtin:us-military partner.example\nallow darpa.ml\n}")
	require.NoError(t, err)
	assert.Greater(t, b.set.Load().Sizes[0].Protected, 100)
	for name, want := range map[string]policy.Verdict{
		"mail.ml": policy.Lookalike, "us.army.ml": policy.Lookalike, "army.mil": policy.Protected, "partner.exampl": policy.Lookalike,
		"darpa.ml": policy.Allowed, "google.co.il": policy.Pass,
	} {
		assert.Equal(t, want, verdictOn(b, name), name)
	}
}
