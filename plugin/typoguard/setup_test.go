package typoguard

import (
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
)

// parseCorefile parses the stanzas of a server block, with list files below root.
func parseCorefile(tb testing.TB, root, corefile string) (*block, error) {
	tb.Helper()
	return parse(caddy.NewTestController("dns", corefile), root)
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
	require.Len(t, b.stanzas, 1)
	s := b.stanzas[0]
	assert.Equal(t, policy{
		name:     "default",
		distance: 1,
		kinds:    match.AllKinds.Without(match.Multiple),
		keyboard: match.QWERTY,
		action:   nxdomain,
		mode:     enforce,
		ttl:      60,
		sinks:    []string{"log"},
		mask:     event.NoMask,
	}, s.policy)
	assert.Equal(t, 30*time.Second, s.reload)
}

func TestParseEverything(t *testing.T) {
	root := writeLists(t, map[string]string{
		"a.txt": "\ufeff# comment\n\nnavy.mil # the navy\r\nbücher.example\n",
		"b.txt": "af.mil",
		"c.txt": "# nothing yet\n",
	})
	b, err := parseCorefile(t, root, `typoguard mail {
			protect army.mil
			protect mindef.nl Army.MIL.
			protect_file a.txt `+filepath.Join(root, "b.txt")+`
			allow gov.ml
			allow_file c.txt
			distance 2
			kinds omission substitution multiple
			keyboard azerty
			clients 192.0.2.0/24 2001:db8::/32 198.51.100.7
			types mx A AAAA
			action sinkhole 192.0.2.66 2001:db8::66
			mode monitor
			ttl 5
			reload 1m
			events events.json size 1MB keep 3 age 30d
			events `+filepath.Join(root, "more.json")+`
			syslog udp://192.0.2.1
			syslog tls://siem.example.org:6515 facility mail server_name siem
			log_events off
			client_mask 24 56
			dnstap on
		}`)
	require.NoError(t, err)
	require.Len(t, b.stanzas, 1)
	s := b.stanzas[0]
	assert.Equal(t, policy{
		name:     "mail",
		distance: 2,
		kinds:    match.Kinds(0).With(match.Omission).With(match.Substitution).With(match.Adjacent).With(match.Multiple),
		keyboard: match.AZERTY,
		clients:  clients{networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("198.51.100.7/32")}},
		types:    []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA},
		action:   sinkhole,
		sinkhole: []netip.Addr{netip.MustParseAddr("192.0.2.66"), netip.MustParseAddr("2001:db8::66")},
		mode:     monitor,
		ttl:      5,
		sinks: []string{filepath.Join(root, "events.json"), filepath.Join(root, "more.json"),
			"udp://192.0.2.1:514", "tls://siem.example.org:6515"},
		mask: event.Mask{V4: 24, V6: 56}, dnstap: true,
	}, s.policy)
	assert.Equal(t, time.Minute, s.reload)
	listed, err := s.suffixes()
	require.NoError(t, err)
	assert.Equal(t, []string{"army.mil", "mindef.nl", "navy.mil", "xn--bcher-kva.example", "af.mil"}, names(listed.protected))
	assert.Equal(t, []string{"gov.ml"}, names(listed.allowed))
	assert.Equal(t, []sizes{{protected: 5, allowed: 1}}, b.rules.Load().sizes)
}

// TestBuiltin: a list that comes with the plugin is like a list file that never changes.
func TestBuiltin(t *testing.T) {
	b, err := parseCorefile(t, "", "typoguard {\nprotect builtin:us-military partner.example\nallow darpa.ml\n}")
	require.NoError(t, err)
	assert.Greater(t, b.rules.Load().sizes[0].protected, 100)
	for name, want := range map[string]verdict{"mail.ml": lookalike, "us.army.ml": lookalike, "army.mil": protected, "partner.exampl": lookalike, "darpa.ml": allowed, "google.co.il": pass} {
		assert.Equal(t, want, verdictOn(b, name), name)
	}
}
