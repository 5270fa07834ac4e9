package typoguard

import (
	"net/netip"
	"testing"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/plugin/root"
	_ "github.com/coredns/coredns/plugin/view"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// load loads a Corefile with the plugins that these tests use.
func load(t *testing.T, content string) ([]*Block, error) {
	t.Helper()
	useDirectives(t)
	require.NoError(t, dnsserver.SetDirectives([]string{"root", "bind", "view", pluginName, failing}))
	return Load(caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(content), ServerTypeName: "dns"})
}

// TestLoad: all server blocks with what they protect, from the Corefile, its imports, the environment and lists.
func TestLoad(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := writeLists(t, map[string]string{"partners": "army.mil until=2999-12-31T00:00:00Z # a note\nARMY.mil until=2000-01-01\nbücher.example\nnavy.mil until=2000-01-01\n", "more": "typoguard more {\nprotect {$TYPOGUARD_TEST}\nmode monitor\n}\n"})
	t.Setenv("TYPOGUARD_TEST", "mindef.nl")
	t.Chdir(dir)
	blocks, err := load(t, `
example.org example.net:5353 {
	bind 127.0.0.1
}
tls://. {
	root `+dir+`
	view internal {
		expr incidr(client_ip(), '192.0.2.0/24')
	}
	typoguard {
		protect_file partners
		allow gov.ml
		distance 2
		keyboard qwertz
		clients 192.0.2.0/24 2001:db8::1
		action sinkhole 192.0.2.25
		types MX A AAAA
		ttl 5
	}
	import more
}
`)
	require.NoError(t, err)
	require.Len(t, blocks, 2)
	assert.Equal(t, []string{"dns://example.org.:53", "dns://example.net.:5353"}, blocks[0].Keys)
	assert.Nil(t, blocks[0].Set)
	assert.Equal(t, []string{"tls://.:853"}, blocks[1].Keys)
	assert.Equal(t, "internal", blocks[1].View)
	assert.Equal(t, []*policy.Policy{
		{
			Name: "default", Distance: 2, Kinds: match.DefaultKinds, Keyboard: match.QWERTZ,
			Clients: policy.Clients{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128")}},
			Types:   []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA},
			Action:  policy.Sinkhole, Sinkhole: []netip.Addr{netip.MustParseAddr("192.0.2.25")}, TTL: 5,
			Popular: []*popular.List{popular.Builtin()},
		},
		{
			Name: "more", Distance: 1, Kinds: match.DefaultKinds.Without(match.Multiple),
			Keyboard: match.QWERTY, Mode: policy.Monitor, TTL: 60,
			Popular: []*popular.List{popular.Builtin()},
		},
	}, blocks[1].Set.Policies)
	require.Len(t, blocks[1].Suffixes, 2)
	assert.Equal(t, []string{"army.mil", "xn--bcher-kva.example"}, blocks[1].Suffixes[0].Protected.Names())
	assert.Equal(t, []string{"gov.ml"}, blocks[1].Suffixes[0].Allowed.Names())
	assert.Equal(t, []string{"mindef.nl"}, blocks[1].Suffixes[1].Protected.Names())
	noted, ok := blocks[1].Noted("army.mil")
	assert.True(t, ok)
	assert.Equal(t, "a note", noted.Note)
	assert.WithinDuration(t, time.Date(2999, 12, 31, 0, 0, 0, 0, time.UTC), noted.Until, 0)
	_, ok = blocks[1].Noted("gov.ml")
	assert.False(t, ok)
	assert.Nil(t, running.instance, "nothing runs")
}

func TestLoadErrors(t *testing.T) {
	tests := []struct{ name, corefile, want string }{
		{"nothing", "", "Corefile: no server block has a typoguard stanza; expected at least one"},
		{"no stanza", ". {\nbind 127.0.0.1\n}", "Corefile: no server block has a typoguard stanza; expected at least one"},
		{"bad stanza", ". {\ntypoguard {\nprotect nl\n}\n}", `plugin/typoguard: Corefile:3 - Error during parsing: protect: "nl": ` +
			`a single label of one or two characters is within one edit of dozens of top-level domains; expected full domains, such as army.nl`},
		{"bad other plugin", ". {\ntypoguard {\nprotect mil\n}\n" + failing + " setup\n}", "setup failed on purpose"},
		{"unknown plugin", ". {\nnonsense\n}", "Corefile:2 - Error during parsing: Unknown directive 'nonsense'"},
		{"bad zone", "a..b {\ntypoguard {\nprotect mil\n}\n}", "Corefile: zone is not a valid domain name: a..b"},
		{"overlap", ". {\ntypoguard {\nprotect mil\n}\n}\n.:53 {\n}",
			"Corefile: cannot serve dns://.:53 - it is already defined"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.corefile)
			require.EqualError(t, err, tt.want)
		})
	}
}

// TestLoadStarts: what fails only at start is not run.
func TestLoadStarts(t *testing.T) {
	_, err := load(t, ". {\ntypoguard {\nprotect mil\n}\n"+failing+" startup\n}")
	require.NoError(t, err)
}

func TestServing(t *testing.T) {
	blocks, err := load(t, `
.:1053 {
	typoguard {
		protect mil
	}
}
.:2053 example.org {
	bind 127.0.0.1
}
Sub.Example.ORG 10.0.0.0/24 {
	bind 127.0.0.1
}
`)
	require.NoError(t, err)
	tests := []struct {
		name string
		want int
	}{
		{"army.ml", 0}, {".", 0}, {"example.net.", 0}, {"notexample.org", 0}, {"org", 0},
		{"example.org", 1}, {"WWW.example.ORG.", 1}, {"xsub.example.org", 1},
		{"sub.example.org", 2}, {"a.b.sub.example.org.", 2}, {"7.0.0.10.in-addr.arpa.", 2}, {"7.1.0.10.in-addr.arpa.", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Same(t, blocks[tt.want], Serving(blocks, tt.name)) })
	}
	assert.Nil(t, Serving(blocks[2:], "example.org"), "nobody serves it")
}
