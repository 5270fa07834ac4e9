package policy

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// setting is a policy with the suffixes that it protects and allows.
type setting struct {
	Policy
	protect, allow, deny string
}

// compile returns the set of policies, with distance 1 and all its kinds unless they say something else.
func compile(tb testing.TB, settings ...setting) *Set {
	tb.Helper()
	var policies []*Policy
	var suffixes []Suffixes
	for _, s := range settings {
		if s.Distance == 0 {
			s.Distance, s.Kinds, s.Keyboard = 1, match.DefaultKinds.Without(match.Multiple), match.QWERTY
		}
		p := s.Policy
		policies = append(policies, &p)
		suffixes = append(suffixes, Suffixes{Protected: list(s.protect), Allowed: list(s.allow), Denied: list(s.deny)})
	}
	set, err := Compile(policies, suffixes, time.Now(), nil)
	require.NoError(tb, err)
	return set
}

func list(names string) suffixlist.List {
	var all []suffixlist.Suffix
	for i, name := range strings.Fields(names) {
		all = append(all, suffixlist.Suffix{Name: name, At: suffixlist.Position{File: "list", Line: i + 1}})
	}
	return suffixlist.ListOf(all...)
}

func networks(all ...string) Clients {
	var c Clients
	for _, n := range all {
		c.Networks = append(c.Networks, netip.MustParsePrefix(n))
	}
	return c
}

// from is the client of a query with an address, and anybody for "".
func from(addr string) func() *Client {
	if addr == "" {
		return nil
	}
	return func() *Client { return ClientAt(netip.MustParseAddr(addr)) }
}

func TestAnswers(t *testing.T) {
	mail := []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}
	tests := []struct {
		name   string
		policy Policy
		yes    []uint16
		no     []uint16
	}{
		{"nxdomain", Policy{Action: NXDOMAIN},
			[]uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeTLSA, dns.TypeHTTPS, dns.TypeSRV, dns.TypeANY, 65280,
				dns.TypeNS, dns.TypeSOA, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3, dns.TypeCNAME, dns.TypeDNAME},
			[]uint16{dns.TypeDS, dns.TypeDNSKEY}},
		{"nodata narrowed", Policy{Action: NODATA, Types: mail},
			[]uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeANY, dns.TypeCNAME, dns.TypeDNAME}, []uint16{dns.TypeTXT, dns.TypeHTTPS, dns.TypeNS, dns.TypeDS}},
		{"nullmx", Policy{Action: NullMX},
			[]uint16{dns.TypeMX, dns.TypeANY, dns.TypeNS, dns.TypeSOA, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3, dns.TypeCNAME, dns.TypeDNAME},
			[]uint16{dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeHTTPS, dns.TypeDS, dns.TypeDNSKEY}},
		{"nullmx widened", Policy{Action: NullMX, Types: mail},
			[]uint16{dns.TypeMX, dns.TypeANY, dns.TypeA, dns.TypeAAAA, dns.TypeNS, dns.TypeCNAME}, []uint16{dns.TypeTXT, dns.TypeDS}},
		{"sinkhole", Policy{Action: Sinkhole},
			[]uint16{dns.TypeMX, dns.TypeANY, dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeNS}, []uint16{dns.TypeDS}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, qtype := range tt.yes {
				assert.True(t, tt.policy.Answers(qtype), dns.TypeToString[qtype])
			}
			for _, qtype := range tt.no {
				assert.False(t, tt.policy.Answers(qtype), dns.TypeToString[qtype])
			}
		})
	}
}

func TestJudge(t *testing.T) {
	s := compile(t,
		setting{Policy: Policy{Name: "mil"}, protect: "mil", allow: "gov.ml"},
		setting{Policy: Policy{Name: "relay", Clients: networks("192.0.2.0/24"), Action: NullMX}, protect: "army.mil"},
		setting{Policy: Policy{Name: "trial", Mode: Monitor}, protect: "army.nl us.army.mil"},
		setting{Policy: Policy{Name: "tiny", Clients: networks("2001:db8::/32")}, protect: "partner.example"},
	)
	const covered, other = "192.0.2.7", "198.51.100.1"
	tests := []struct {
		name, query, client string
		qtype               uint16
		verdict             Verdict
		outcome             Reason
		listed              string
		decisive            string // policy and intended name
		candidates          []string
	}{
		{"lookalike", "US.navy.ml.", "", dns.TypeMX, Lookalike, Hidden, "", "mil us.navy.mil", []string{"mil us.navy.mil"}},
		{"nearest enforcing policy", "army.ml", covered, dns.TypeMX, Lookalike, Hidden, "", "relay army.mil",
			[]string{"relay army.mil", "trial army.nl", "mil army.mil"}},
		{"enforcing rather than nearest", "army.ml", other, dns.TypeMX, Lookalike, Hidden, "", "mil army.mil",
			[]string{"relay army.mil", "trial army.nl", "mil army.mil"}},
		{"a longer suffix that is only monitored does not shadow", "us.army.ml", covered, dns.TypeMX, Lookalike, Hidden, "", "relay us.army.mil",
			[]string{"trial us.army.mil", "relay us.army.mil", "trial us.army.nl", "mil us.army.mil"}},
		{"only monitored", "amry.nl", covered, dns.TypeMX, Lookalike, OnlyMonitored, "", "trial army.nl", []string{"trial army.nl"}},
		{"protected", "us.army.mil.", "", dns.TypeMX, Protected, ListedProtected, "us.army.mil", "", nil},
		{"allowed", "x.gov.ml.", "", dns.TypeMX, Allowed, ListedAllowed, "gov.ml", "", nil},
		{"no match", "example.net", "", dns.TypeMX, Pass, NoMatch, "", "", nil},
		{"no match, again", "example.net", "", dns.TypeMX, Pass, NoMatch, "", "", nil},
		{"other client", "partner.exampl", other, dns.TypeMX, Pass, OtherClient, "", "", []string{"tiny partner.example"}},
		{"anybody", "partner.exampl", "", dns.TypeMX, Lookalike, Hidden, "", "tiny partner.example", []string{"tiny partner.example"}},
		{"mapped client", "partner.exampl", "::ffff:192.0.2.7", dns.TypeMX, Pass, OtherClient, "", "", []string{"tiny partner.example"}},
		{"a type that always passes", "navy.ml", "", dns.TypeDS, Lookalike, OtherType, "", "mil navy.mil", []string{"mil navy.mil"}},
		{"a type that the action passes", "x.army.ml", covered, dns.TypeA, Lookalike, OtherType, "", "relay x.army.mil",
			[]string{"relay x.army.mil", "trial x.army.nl", "mil x.army.mil"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := s.Judge(&Query{Name: tt.query, Type: tt.qtype, Client: from(tt.client), Candidates: true})
			assert.Equal(t, tt.verdict, d.Verdict)
			assert.Equal(t, tt.outcome, d.Outcome())
			assert.Equal(t, tt.outcome == Hidden, d.Enforced())
			assert.Equal(t, tt.outcome == Hidden || tt.outcome == OnlyMonitored, d.Covered())
			assert.Equal(t, tt.listed, d.Listed)
			decisive := ""
			if d.Policy != nil {
				assert.Equal(t, d.Policy.Name, d.Lookalike.Policy)
				decisive = d.Policy.Name + " " + d.Lookalike.Intended
			}
			assert.Equal(t, tt.decisive, decisive)
			var candidates []string
			for _, c := range d.Candidates {
				candidates = append(candidates, c.Policy+" "+c.Intended)
			}
			assert.Equal(t, tt.candidates, candidates)
		})
	}
	d := s.Judge(&Query{Name: "army.mi1", Type: dns.TypeMX, Client: from(covered)})
	assert.Equal(t, event.Lookalike{Protected: "army.mil", Intended: "army.mil", Kind: "homoglyph", Policy: "relay"}, d.Lookalike)
}

// TestJudgeOnly: one policy decides as if it were alone, but for what the others list.
func TestJudgeOnly(t *testing.T) {
	s := compile(t,
		setting{Policy: Policy{Name: "mil"}, protect: "mil"},
		setting{Policy: Policy{Name: "army", Action: NODATA}, protect: "army.mil", allow: "good.ml"},
	)
	for name, want := range map[string]string{"army.ml": "mil", "navy.ml": "mil", "good.ml": ""} {
		d := s.Judge(&Query{Name: name, Type: dns.TypeMX, Only: s.Named("mil")})
		assert.Equal(t, want, d.Lookalike.Policy, name)
	}
	d := s.Judge(&Query{Name: "navy.ml", Type: dns.TypeMX, Only: s.Named("army")})
	assert.Nil(t, d.Policy)
	assert.Nil(t, s.Named("navy"))
}

// TestCandidates: a policy may want to know what else a name looks like, but not of a name that passes.
func TestCandidates(t *testing.T) {
	s := compile(t,
		setting{Policy: Policy{Name: "mil", Candidates: true}, protect: "mil"},
		setting{Policy: Policy{Name: "trial", Mode: Monitor}, protect: "army.nl army.m1"},
		setting{Policy: Policy{Name: "elsewhere", Clients: networks("192.0.2.0/24")}, protect: "army.xl"},
	)
	d := s.Judge(&Query{Name: "US.army.ml.", Type: dns.TypeMX, Client: from("198.51.100.1")})
	assert.Equal(t, []event.Lookalike{
		{Protected: "army.m1", Intended: "us.army.m1", Kind: "homoglyph", Policy: "trial"},
		{Protected: "army.nl", Intended: "us.army.nl", Kind: "adjacent", Distance: 1, Policy: "trial"},
		{Protected: "army.xl", Intended: "us.army.xl", Kind: "substitution", Distance: 1, Policy: "elsewhere"},
	}, d.Others(16), "but for mil, which decides because it is enforced")
	assert.Len(t, d.Others(2), 2)

	d = s.Judge(&Query{Name: "army.ml.", Type: dns.TypeDS})
	assert.Equal(t, OtherType, d.Reason)
	assert.Empty(t, d.Candidates)

	s = compile(t, setting{Policy: Policy{Name: "mil"}, protect: "mil army.nl"})
	d = s.Judge(&Query{Name: "army.ml.", Type: dns.TypeMX})
	assert.Empty(t, d.Candidates)
}

// TestTarget: of a name that a record leads to only policies have a say that inspect such records.
func TestTarget(t *testing.T) {
	s := compile(t,
		setting{Policy: Policy{Name: "mil", Inspect: RecordMX}, protect: "mil"},
		setting{Policy: Policy{Name: "army"}, protect: "army.mil"},
	)
	for target, want := range map[Records]string{0: "army", RecordMX: "mil", RecordMX | RecordSRV: "mil", RecordSRV: "", RecordNS: "", RecordSVCB: ""} {
		d := s.Judge(&Query{Name: "army.ml.", Type: dns.TypeMX, Target: target})
		assert.Equal(t, want, d.Lookalike.Policy, target)
	}
}

// TestMonitorUntil: a dry run with an end enforces from then on, not a second before.
func TestMonitorUntil(t *testing.T) {
	end := time.Date(2026, 12, 31, 18, 0, 0, 0, time.UTC)
	p := Policy{Mode: Monitor, MonitorUntil: end}
	for now, want := range map[time.Time]Mode{{}: Monitor, end.Add(-time.Second): Monitor, end: Enforce, end.AddDate(30, 0, 0): Enforce} {
		s := compile(t, setting{Policy: p, protect: "mil"})
		d := s.Judge(&Query{Name: "army.ml", Type: dns.TypeMX, Now: func() time.Time { return now }})
		assert.Equal(t, want, d.Mode, now)
	}
	assert.Equal(t, []Mode{Monitor, Enforce}, p.Modes(match.Omission))
	assert.Equal(t, []Mode{Monitor}, (&Policy{Mode: Monitor}).Modes(match.Omission))
}

// TestNoClient: a client without an address is in no network.
func TestNoClient(t *testing.T) {
	c := networks("0.0.0.0/0", "::/0")
	assert.False(t, c.Cover(&Client{}))
	assert.True(t, c.Cover(&Client{Addr: netip.MustParseAddr("192.0.2.1")}))
	assert.True(t, c.Cover(ClientAt(netip.Addr{})))
	assert.True(t, (&Clients{}).Cover(&Client{}))
}

// TestCheckSinkhole: an address that is each client's own is no sinkhole, unless all clients are on this host.
func TestCheckSinkhole(t *testing.T) {
	loopback := []netip.Addr{netip.MustParseAddr("127.0.0.2")}
	tests := []struct {
		name    string
		clients Clients
		ok      bool
	}{
		{"everybody", Clients{}, false},
		{"this host", networks("127.0.0.0/8", "::1/128"), true},
		{"more than this host", networks("126.0.0.0/7"), false},
		{"others, too", networks("127.0.0.1/32", "192.0.2.0/24"), false},
		{"by metadata", Clients{Networks: networks("127.0.0.0/8").Networks, Labels: []Label{{"a/b", "c"}}}, false},
		{"whoever a forwarder on this host asks for", Clients{Networks: networks("127.0.0.0/8").Networks, Forwarders: networks("127.0.0.1/32").Networks}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := (&Policy{Action: Sinkhole, Sinkhole: loopback, Clients: tt.clients}).CheckSinkhole()
			if tt.ok {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "sinkhole 127.0.0.2 is the mail server itself")
			}
			assert.NoError(t, (&Policy{Sinkhole: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Clients: tt.clients}).CheckSinkhole())
		})
	}
}
