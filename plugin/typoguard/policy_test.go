package typoguard

import (
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

func TestPolicyAnswers(t *testing.T) {
	mail := []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}
	tests := []struct {
		name   string
		policy policy
		yes    []uint16
		no     []uint16
	}{
		{"nxdomain", policy{action: nxdomain},
			[]uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeTLSA, dns.TypeHTTPS, dns.TypeSRV, dns.TypeANY, 65280},
			[]uint16{dns.TypeDS, dns.TypeDNSKEY, dns.TypeNS, dns.TypeSOA, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3}},
		{"nodata narrowed", policy{action: nodata, types: mail},
			[]uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeANY}, []uint16{dns.TypeTXT, dns.TypeHTTPS, dns.TypeNS}},
		{"nullmx", policy{action: nullmx},
			[]uint16{dns.TypeMX, dns.TypeANY}, []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeNS}},
		{"nullmx widened", policy{action: nullmx, types: mail},
			[]uint16{dns.TypeMX, dns.TypeANY, dns.TypeA, dns.TypeAAAA}, []uint16{dns.TypeTXT, dns.TypeNS}},
		{"sinkhole", policy{action: sinkhole},
			[]uint16{dns.TypeMX, dns.TypeANY, dns.TypeA, dns.TypeAAAA, dns.TypeTXT}, []uint16{dns.TypeNS}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, qtype := range tt.yes {
				assert.True(t, tt.policy.answers(qtype), dns.TypeToString[qtype])
			}
			for _, qtype := range tt.no {
				assert.False(t, tt.policy.answers(qtype), dns.TypeToString[qtype])
			}
		})
	}
}

// TestDecide covers who gets which of several policies.
func TestDecide(t *testing.T) {
	b, err := parseCorefile(t, "", `
		typoguard everyone {
			protect mil
		}
		typoguard relay {
			protect army.mil
			clients 192.0.2.0/24
			action nullmx
		}
		typoguard trial {
			protect us.army.mil army.nl
			mode monitor
		}
		typoguard tiny {
			protect navy.nl
			clients 2001:db8::/32
		}
	`[1:])
	require.NoError(t, err)
	rules := b.rules.Load()
	tests := []struct {
		name   string
		query  string
		client string
		qtype  uint16
		want   string // policy and protected suffix of a lookalike
		pass   passReason
	}{
		{"longest of equally near", "x.army.ml.", "192.0.2.1", dns.TypeMX, "relay army.mil", passNothing},
		{"candidates of others are skipped", "x.army.ml.", "198.51.100.1", dns.TypeMX, "everyone mil", passNothing},
		{"type of the policy that counts", "x.army.ml.", "192.0.2.1", dns.TypeA, "relay army.mil", passType},
		{"a type that always passes", "x.army.ml.", "198.51.100.1", dns.TypeNS, "everyone mil", passType},
		{"monitor does not shadow enforce", "us.army.ml.", "198.51.100.1", dns.TypeMX, "everyone mil", passNothing},
		{"nor does its longer suffix for the relay", "us.army.ml.", "192.0.2.1", dns.TypeMX, "relay army.mil", passNothing},
		{"monitor alone", "army.nll.", "198.51.100.1", dns.TypeMX, "trial army.nl", passNothing},
		{"client of no policy", "navy.nll.", "198.51.100.1", dns.TypeMX, "", passClient},
		{"client of the policy", "navy.nll.", "2001:db8::1", dns.TypeMX, "tiny navy.nl", passNothing},
		{"mapped addresses do not get here, but are no network's", "navy.nll.", "::ffff:192.0.2.1", dns.TypeMX, "", passClient},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var buffer match.Buffer
			found := rules.index.Lookup(tt.query, &buffer)
			require.NotEmpty(t, found.Matches)
			d := rules.decide(found.Matches, tt.qtype, asking{now: present, client: func() client { return client{addr: netip.MustParseAddr(tt.client)} }})
			assert.Equal(t, tt.pass, d.pass)
			if tt.want == "" {
				assert.Equal(t, pass, d.verdict)
				return
			}
			assert.Equal(t, lookalike, d.verdict)
			assert.Equal(t, tt.want, d.policy.name+" "+d.match.Suffix)
		})
	}
}

// TestDecideNoClient: a client without an address is in no network.
func TestDecideNoClient(t *testing.T) {
	p := policy{clients: clients{networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}}
	assert.False(t, p.clients.cover(client{}))
	assert.True(t, p.clients.cover(client{addr: netip.MustParseAddr("192.0.2.1")}))
	assert.True(t, (&clients{}).cover(client{}))
}

// TestTrialEnds: a dry run with an end enforces from then on, not a second before.
func TestTrialEnds(t *testing.T) {
	b, err := parseCorefile(t, "", "typoguard {\nprotect mil\nmode monitor until=2026-12-31T18:00:00Z\n}")
	require.NoError(t, err)
	rules := b.rules.Load()
	var buffer match.Buffer
	end := moment(time.Date(2026, 12, 31, 18, 0, 0, 0, time.UTC).Unix())
	for now, want := range map[moment]mode{0: monitor, end - 1: monitor, end: enforce, end + 1e9: enforce} {
		d := rules.decide(rules.index.Lookup("army.ml", &buffer).Matches, dns.TypeMX,
			asking{now: func() moment { return now }, client: func() client { return client{anybody: true} }})
		assert.Equal(t, want, d.mode, now)
	}
}

func TestParseUntil(t *testing.T) {
	zone := time.Local
	t.Cleanup(func() { time.Local = zone })
	time.Local = time.FixedZone("east", 2*3600)
	for s, want := range map[string]string{
		"2026-12-31":                "2026-12-31T22:00:00Z",
		"2026-12-31T18:00:00Z":      "2026-12-31T18:00:00Z",
		"2026-12-31T18:00:00+02:00": "2026-12-31T16:00:00Z",
	} {
		got, err := parseUntil(s)
		require.NoError(t, err)
		assert.Equal(t, want, got.time().UTC().Format(time.RFC3339), s)
	}
}
