package typoguard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/coredns/coredns/plugin/pkg/dnstest"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

func TestJudge(t *testing.T) {
	blocks, err := load(t, `
. {
	typoguard mil {
		protect mil
		allow gov.ml
	}
	typoguard relay {
		protect army.mil
		clients 192.0.2.0/24
		action nullmx
	}
	typoguard trial {
		protect army.nl
		mode monitor
	}
	typoguard tiny {
		protect partner.example
		clients 2001:db8::/32
	}
}
example.org {
	bind 127.0.0.1
}
`)
	require.NoError(t, err)
	covered, other := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.1")
	tests := []struct {
		name       string
		query      Query
		verdict    string
		reason     Reason
		listed     string
		decisive   string // policy and intended name
		candidates []string
	}{
		{"lookalike", Query{Name: "US.navy.ml."}, "lookalike", Blocked, "", "mil us.navy.mil", []string{"mil us.navy.mil"}},
		{"nearest enforcing policy", Query{Name: "army.ml", Client: covered}, "lookalike", Blocked, "", "relay army.mil",
			[]string{"relay army.mil", "trial army.nl", "mil army.mil"}},
		{"enforcing rather than nearest", Query{Name: "army.ml", Client: other}, "lookalike", Blocked, "", "mil army.mil",
			[]string{"relay army.mil", "trial army.nl", "mil army.mil"}},
		{"only monitored", Query{Name: "amry.nl", Client: covered}, "lookalike", OnlyMonitored, "", "trial army.nl", []string{"trial army.nl"}},
		{"protected", Query{Name: "us.army.mil."}, "protected", ListedProtected, "army.mil", "", nil},
		{"allowed", Query{Name: "x.gov.ml."}, "allowed", ListedAllowed, "gov.ml", "", nil},
		{"nothing near", Query{Name: "example.net"}, "pass", NothingNear, "", "", nil},
		{"nothing near, again", Query{Name: "example.net"}, "pass", NothingNear, "", "", nil},
		{"other client", Query{Name: "partner.exampl", Client: other}, "pass", OtherClient, "", "", []string{"tiny partner.example"}},
		{"anybody", Query{Name: "partner.exampl"}, "lookalike", Blocked, "", "tiny partner.example", []string{"tiny partner.example"}},
		{"mapped client", Query{Name: "partner.exampl", Client: netip.MustParseAddr("::ffff:192.0.2.7")}, "pass", OtherClient, "", "", []string{"tiny partner.example"}},
		{"type that always passes", Query{Name: "navy.ml", Type: dns.TypeNS}, "lookalike", OtherType, "", "mil navy.mil", []string{"mil navy.mil"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := blocks[0].Judge(tt.query)
			assert.Equal(t, tt.verdict, j.Verdict)
			assert.Equal(t, tt.reason, j.Reason)
			assert.Equal(t, tt.listed, j.Listed)
			decisive := ""
			if j.Decisive != nil {
				decisive = j.Decisive.Policy.Name + " " + j.Decisive.Intended
			}
			assert.Equal(t, tt.decisive, decisive)
			var candidates []string
			for _, c := range j.Candidates {
				candidates = append(candidates, c.Policy.Name+" "+c.Intended)
			}
			assert.Equal(t, tt.candidates, candidates)
		})
	}
	assert.Equal(t, Judgement{Verdict: "pass", Reason: NoPolicy}, blocks[1].Judge(Query{Name: "army.ml"}))

	c := blocks[0].Judge(Query{Name: "army.mi1"}).Decisive
	assert.Equal(t, &Candidate{"army.mil", "army.mil", 0, match.Homoglyph, &blocks[0].Policies()[1]}, c)
}

// TestJudgeCounterpart: what the server asks the plugins behind it, Judge asks its caller.
func TestJudgeCounterpart(t *testing.T) {
	blocks, err := load(t, `
. {
	typoguard {
		protect mil
		require counterpart on_error pass
	}
}
`)
	require.NoError(t, err)
	exists := func(domain string) (bool, error) {
		if domain == "broken.mil." {
			return false, errors.New("no answer")
		}
		return domain == "army.mil.", nil
	}
	for name, want := range map[string]struct {
		verdict     string
		reason      Reason
		counterpart string
	}{
		"us.army.ml":   {"lookalike", Blocked, "exists"},
		"google.co.il": {"pass", NoCounterpart, ""},
		"broken.ml":    {"pass", NoCounterpart, ""},
		"ml":           {"lookalike", Blocked, ""},
	} {
		j := blocks[0].Judge(Query{Name: name, Exists: exists})
		assert.Equal(t, want.verdict, j.Verdict, name)
		assert.Equal(t, want.reason, j.Reason, name)
		assert.Equal(t, want.counterpart, j.Counterpart, name)
		assert.Len(t, j.Candidates, 1, name)
	}
	assert.Equal(t, Blocked, blocks[0].Judge(Query{Name: "google.co.il"}).Reason, "nobody to ask")
	assert.True(t, blocks[0].Policies()[0].Counterpart)
}

// TestJudgeIsTheServer: for every name, type and client, what Judge says is what the server of the same Corefile does.
func TestJudgeIsTheServer(t *testing.T) {
	const stanzas = `
		typoguard mil {
			protect mil
			allow gov.ml
		}
		typoguard relay {
			protect army.mil mindef.nl
			distance 2
			clients 192.0.2.0/24 2001:db8::/32
			action nullmx
		}
		typoguard trial {
			protect army.nl
			mode monitor
			types MX A AAAA
		}
	`
	blocks, err := load(t, ". {"+stanzas+"}")
	require.NoError(t, err)
	h := handler(t, stanzas)
	count := map[Reason]int{}
	for _, name := range []string{
		"army.ml.", "us.Army.ML.", "gov.ml.", "x.gov.ml.", "amry.mil.", "army.mil.", "mindfe.nl.", "midnef.nl.", "mindef.n1.", "army.nk.",
		"xn--rmy-5cd.nl.", "example.org.", ".", "ml.", "il.", `a\.rmy.ml.`, `army\046ml.`,
	} {
		for _, qtype := range []uint16{dns.TypeMX, dns.TypeA, dns.TypeTXT, dns.TypeNS, dns.TypeANY} {
			for _, client := range []string{"192.0.2.7", "198.51.100.1", "2001:db8::1", "::ffff:192.0.2.7"} {
				w := dnstest.NewRecorder(&addrWriter{addr: &net.UDPAddr{IP: net.ParseIP(client), Port: 53}})
				_, err := h.ServeDNS(context.Background(), w, query(name, qtype))
				require.NoError(t, err)
				j := blocks[0].Judge(Query{Name: name, Type: qtype, Client: netip.MustParseAddr(client)})
				require.Equal(t, hasPassed(w.Msg), j.Reason != Blocked, "%s %s %s", name, dns.TypeToString[qtype], client)
				count[j.Reason]++
			}
		}
	}
	for _, reason := range []Reason{Blocked, NothingNear, ListedProtected, ListedAllowed, OtherClient, OtherType, OnlyMonitored} {
		assert.Positive(t, count[reason], "cases with the reason %q", reason)
	}
}
