package typoguard

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// listPolicies have everything that a decision depends on, and one that is not in the zone.
const listPolicies = `
	typoguard mil {
		protect mil mindef.nl
		allow gov.ml
		lookalike_zone list.corp.example
		ttl 30
	}
	typoguard trial {
		protect trial.example
		mode monitor
		lookalike_zone list.corp.example
	}
	typoguard past {
		protect past.example
		mode monitor until=2020-01-01
		lookalike_zone list.corp.example
	}
	typoguard others {
		protect others.example
		clients 192.0.2.0/24
		lookalike_zone list.corp.example
	}
	typoguard here {
		protect here.example
		clients 10.240.0.1
		lookalike_zone list.corp.example
	}
	typoguard elsewhere {
		protect elsewhere.example
		lookalike_zone other.corp.example
	}
	typoguard famous {
		protect ing.com
		deny sing.com
		lookalike_zone list.corp.example
	}
	typoguard none {
		protect nowhere.example
	}`

// neverPasses fails the test if a query is handed on.
func neverPasses(t *testing.T) plugin.Handler {
	t.Helper()
	return plugin.HandlerFunc(func(_ context.Context, _ dns.ResponseWriter, r *dns.Msg) (int, error) {
		assert.Fail(t, "handed on", r.Question)
		return dns.RcodeServerFailure, nil
	})
}

// TestListZone: the verdict about mail to a domain is what its name in the zone is answered.
func TestListZone(t *testing.T) {
	h := handler(t, listPolicies)
	h.Next = neverPasses(t)
	for _, tt := range []struct {
		name, asked string
		want        string // the address, or the code
	}{
		{"hidden", "army.ml", "127.0.0.2"},
		{"below", "mail.us.army.ml", "127.0.0.2"},
		{"in upper case", "MAIL.Army.ML", "127.0.0.2"},
		{"an A-label", "xn--rmy-5cd.mil", "NXDOMAIN"}, // under mil
		{"a homoglyph", "army.rnil", "127.0.0.2"},
		{"protected", "army.mil", "NXDOMAIN"},
		{"allowed, where something is denied", "gov.ml", "NOERROR"},
		{"no lookalike", "example.org", "NXDOMAIN"},
		{"above a lookalike", "nl", "NOERROR"},
		{"monitored", "tral.example", "127.0.0.3"},
		{"a trial that is over", "pst.example", "127.0.0.2"},
		{"for other clients", "other.example", "NOERROR"},
		{"for this client", "hre.example", "127.0.0.2"},
		{"of another zone", "elsewher.example", "NOERROR"},
		{"of no zone", "nowher.example", "NOERROR"},
		{"popular", "bing.com", "NOERROR"},
		{"below what is popular", "mail.bing.com", "NOERROR"},
		{"denied", "sing.com", "127.0.0.2"},
		{"the test entry", "test", "127.0.0.2"},
		{"the entry that no list has", "invalid", "NXDOMAIN"},
		{"an address", "1.0.0.127", "NXDOMAIN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := tt.asked + ".list.corp.example."
			m := ask(t, t.Context(), h, question(name, dns.TypeA))
			assert.True(t, m.Authoritative)
			assert.Equal(t, tt.want, addressOrCode(t, m))
			other := ask(t, t.Context(), h, question(name, dns.TypeAAAA))
			assert.Equal(t, strings.Contains(tt.want, "NX"), other.Rcode == dns.RcodeNameError, "another type")
			assert.Empty(t, other.Answer)
			require.Len(t, other.Ns, 1)
			assert.Equal(t, "list.corp.example.", other.Ns[0].Header().Name)
		})
	}
}

// addressOrCode returns the only address of an answer, or its code.
func addressOrCode(t *testing.T, m *dns.Msg) string {
	t.Helper()
	if len(m.Answer) == 0 {
		return dns.RcodeToString[m.Rcode]
	}
	require.Len(t, m.Answer, 1)
	return m.Answer[0].(*dns.A).A.String()
}

// TestListZones: of zones in each other the longer one answers, and the shortest time to live of its policies holds.
func TestListZones(t *testing.T) {
	h := handler(t, `typoguard a {
		protect mil
		lookalike_zone corp.example
		ttl 40
	}
	typoguard b {
		protect mindef.nl
		lookalike_zone list.corp.example
		ttl 30
	}
	typoguard c {
		protect navy.example
		action nullmx
		lookalike_zone corp.example
		ttl 20
	}`)
	h.Next = neverPasses(t)
	for asked, want := range map[string]string{
		"army.ml.corp.example.": "127.0.0.2", "army.ml.list.corp.example.": "NOERROR",
		"midef.nl.corp.example.": "NOERROR", "midef.nl.list.corp.example.": "127.0.0.2",
	} {
		assert.Equal(t, want, addressOrCode(t, ask(t, t.Context(), h, question(asked, dns.TypeA))), asked)
	}
	for zone, ttl := range map[string]uint32{"corp.example.": 20, "list.corp.example.": 30} {
		assert.Equal(t, ttl, ask(t, t.Context(), h, question(zone, dns.TypeSOA)).Answer[0].Header().Ttl, zone)
	}
	h.counters = h.block.newCounters([]string{""}, "")
	series := testutil.CollectAndCount(metrics.LookalikesTotal)
	ask(t, t.Context(), h, question("nvy.example.corp.example.", dns.TypeA))
	ask(t, t.Context(), h, question("nvy.example.corp.example.", dns.TypeTXT))
	assert.Equal(t, series, testutil.CollectAndCount(metrics.LookalikesTotal), "they are there from the start, although null MX passes these types")
}

var listedID = regexp.MustCompile(`Id [a-z2-7]{10}$`)

// TestListZoneText: the words are for the sender, in the spelling of the query, with the id of the event.
func TestListZoneText(t *testing.T) {
	h := handler(t, listPolicies)
	for asked, want := range map[string]string{
		"Mail.ARMY.ml":      "Mail.ARMY.ml looks like a mistyped mail.army.mil - did you mean mail.army.mil? Id ID",
		"tral.example":      "tral.example looks like a mistyped trial.example - did you mean trial.example? Id ID",
		`b\195\188.army.ml`: `b\195\188.army.ml looks like a mistyped b\195\188.army.mil - did you mean b\195\188.army.mil? Id ID`,
	} {
		m := ask(t, t.Context(), h, question(asked+".list.corp.example.", dns.TypeTXT))
		require.Len(t, m.Answer, 1, asked)
		rr := m.Answer[0].(*dns.TXT)
		require.Len(t, rr.Txt, 1)
		assert.Equal(t, want, strings.ReplaceAll(listedID.ReplaceAllString(rr.Txt[0], "Id ID"), `\\`, `\`))
		assert.Equal(t, asked+".list.corp.example.", rr.Hdr.Name)
	}
	m := ask(t, t.Context(), h, question("army.ml.list.corp.example.", dns.TypeTXT))
	assert.Equal(t, uint32(30), m.Answer[0].Header().Ttl)
}

// TestListZoneOther: nothing about the zone is handed on, whatever it is.
func TestListZoneOther(t *testing.T) {
	h := handler(t, listPolicies)
	h.Next = neverPasses(t)
	name := "army.ml.list.corp.example."
	chaos := question(name, dns.TypeA)
	chaos.Question[0].Qclass = dns.ClassCHAOS
	response := question(name, dns.TypeA)
	response.Response = true
	two := question(name, dns.TypeA)
	two.Question = append(two.Question, two.Question[0])
	for _, tt := range []struct {
		name string
		r    *dns.Msg
		want int
	}{
		{"transfer", question("list.corp.example.", dns.TypeAXFR), dns.RcodeRefused},
		{"incremental transfer", question("list.corp.example.", dns.TypeIXFR), dns.RcodeRefused},
		{"another class", chaos, dns.RcodeRefused},
		{"two questions", two, dns.RcodeRefused},
		{"NOTIFY", new(dns.Msg).SetNotify("list.corp.example."), dns.RcodeNotImplemented},
		{"update", new(dns.Msg).SetUpdate("list.corp.example."), dns.RcodeNotImplemented},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := ask(t, t.Context(), h, tt.r)
			assert.Equal(t, tt.want, m.Rcode)
			assert.Empty(t, m.Answer)
		})
	}
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	rcode, err := h.ServeDNS(t.Context(), w, response)
	require.NoError(t, err)
	assert.Equal(t, dns.RcodeRefused, rcode)
	assert.Nil(t, w.Msg)
}

// TestListZoneCounterpart: what a policy requires is looked up below, and a verdict that is not known now is neither yes nor no.
func TestListZoneCounterpart(t *testing.T) {
	for _, tt := range []struct {
		name, options string
		want          map[string]string
	}{
		{"defer", "", map[string]string{"army.ml": "127.0.0.2", "nothing.ml": "NOERROR", "broken.ml": "SERVFAIL"}},
		{"block", "on_error block", map[string]string{"army.ml": "127.0.0.2", "nothing.ml": "NOERROR", "broken.ml": "127.0.0.2"}},
		{"pass", "on_error pass", map[string]string{"army.ml": "127.0.0.2", "nothing.ml": "NOERROR", "broken.ml": "NOERROR"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := handler(t, "typoguard {\nprotect mil\nrequire counterpart "+tt.options+"\nlookalike_zone list.corp.example\n}")
			h.Next = &world{
				records: []dns.RR{test.MX("army.mil. 60 IN MX 10 mx.army.mil.")},
				broken:  map[string]error{"broken.mil.": fmt.Errorf("broken")},
			}
			got := map[string]string{}
			for name := range tt.want {
				got[name] = addressOrCode(t, ask(t, t.Context(), h, question(name+".list.corp.example.", dns.TypeA)))
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestListZoneReports: a listed name is reported like one that is queried, the lookups of a mail server as one event, and the zone's own names
// are not.
func TestListZoneReports(t *testing.T) {
	useDirectives(t)
	path := filepath.Join(t.TempDir(), "events.json")
	instance, stop := start(t, corefile("typoguard list {\nprotect mil\nlookalike_zone list.corp.example\nevents "+path+"\nlog_events off\n}", ""))
	text := ""
	for _, asked := range []string{"army.ml A", "army.ml TXT", "test A", "invalid A", "example.com A"} {
		name, qtype, _ := strings.Cut(asked, " ")
		reply, err := dns.Exchange(question(name+".list.corp.example.", dns.StringToType[qtype]), instance.Servers()[0].LocalAddr().String())
		require.NoError(t, err)
		if qtype == "TXT" {
			text = reply.Answer[0].(*dns.TXT).Txt[0]
		}
	}
	stop(instance)
	all := eventsIn(t, path)
	require.Len(t, all, 1)
	e := all[0]
	assert.Equal(t, "list", e["typoguard.via"])
	assert.Equal(t, "army.ml", e["typoguard.lookalike"])
	assert.Equal(t, "army.ml.list.corp.example", e["dns.question.name"])
	assert.Equal(t, "NOERROR", e["dns.response_code"])
	assert.Equal(t, []any{"A", "TXT"}, e["typoguard.types"])
	assert.Equal(t, "denied", e["event.type"].([]any)[0])
	assert.Contains(t, text, "Id "+e["event.id"].(string))
	assert.Contains(t, e["message"], "client 127.0.0.1 asked for A TXT, listed as a lookalike, new client, id ")
}

// TestListZoneMetrics: the series are there from the start, and the zone's own names are told apart.
func TestListZoneMetrics(t *testing.T) {
	h := handler(t, "typoguard counted {\nprotect mil\nlookalike_zone counted.corp.example\n}")
	h.counters = h.block.newCounters([]string{""}, "")
	series := func(result metrics.ListResult) float64 {
		return testutil.ToFloat64(metrics.ListQueries.WithLabelValues("", "", "counted.corp.example.", string(result)))
	}
	before := testutil.CollectAndCount(metrics.ListQueries)
	for _, name := range []string{"army.ml.", "navy.ml.", "example.com.", "test.", ""} {
		ask(t, t.Context(), h, question(name+"counted.corp.example.", dns.TypeA))
	}
	assert.Equal(t, before, testutil.CollectAndCount(metrics.ListQueries))
	assert.Equal(t, []float64{2, 0, 1, 0, 2}, []float64{series(metrics.ListHidden), series(metrics.ListMonitored),
		series(metrics.ListPassed), series(metrics.ListFailed), series(metrics.ListOther)})
}

// TestListZoneErrors holds every message about the option whole.
func TestListZoneErrors(t *testing.T) {
	for _, tt := range []struct{ name, corefile, want string }{
		{"no zone", "lookalike_zone", `Testfile:3 - Error during parsing: lookalike_zone: no argument; expected a zone`},
		{"no name", "lookalike_zone a..b", `Testfile:3 - Error during parsing: lookalike_zone: "a..b" is not the name of a zone: expected a domain suffix such as army.nl: idna: invalid label "a..b"`},
		{"a top-level domain", "lookalike_zone com", `Testfile:3 - Error during parsing: lookalike_zone: "com" is a top-level domain; expected a zone of your own, such as lookalikes.corp.example`},
		{"too long", "lookalike_zone " + strings.Repeat("a", 50) + "." + strings.Repeat("b", 50), `Testfile:3 - Error during parsing: lookalike_zone: "` + strings.Repeat("a", 50) + "." + strings.Repeat("b", 50) + `" has 101 characters; expected at most 100, since domains stand in front of it`},
		{"no name server", "lookalike_zone list.example ns..example", `Testfile:3 - Error during parsing: lookalike_zone: "ns..example" is not the name of a name server: expected a domain suffix such as army.nl: idna: invalid label "ns..example"`},
		{"twice", "lookalike_zone list.example\nlookalike_zone list.example", `Testfile:4 - Error during parsing: lookalike_zone: already given at Testfile:3; expected it once`},
		{"under a protected suffix", "lookalike_zone list.army.mil", `Testfile:3 - Error during parsing: lookalike_zone: list.army.mil. lies under the protected suffix mil; expected a zone that does not`},
		{"other name servers", "lookalike_zone list.example ns1.example\n}\ntypoguard b {\nprotect army.nl\nlookalike_zone list.example ns2.example", `Testfile:7 - Error during parsing: lookalike_zone: the name servers differ from those at Testfile:3; expected the same for both, which share the zone list.example.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCorefile(t, "", "typoguard {\nprotect mil\n"+tt.corefile+"\n}")
			assert.EqualError(t, err, tt.want)
		})
	}
}

// FuzzListZone: whatever stands in front of the zone, the answer is the verdict of the policies of the zone about that name.
func FuzzListZone(f *testing.F) {
	for _, name := range []string{"army.ml.", `b\195\188.ARMY.ml.`, `ar\.my.ml.`, "tral.example.", "elsewher.example.", "test.", "a.test.", "invalid.", "", "mail.bing.com.", "1.0.0.127.", `\\.army.ml.`} {
		f.Add(packed(f, question(name+"list.corp.example.", dns.TypeA)))
	}
	b, err := parseCorefile(f, "", strings.TrimSpace(listPolicies))
	require.NoError(f, err)
	h := newTypoguard(b)
	f.Fuzz(func(t *testing.T, message []byte) {
		r := new(dns.Msg)
		if r.Unpack(message) != nil || !isJudged(r) || !dns.IsSubDomain("list.corp.example.", r.Question[0].Name) || r.Question[0].Qtype != dns.TypeA {
			return
		}
		h.Next = neverPasses(t)
		w := dnstest.NewRecorder(&test.ResponseWriter{})
		_, err := h.ServeDNS(t.Context(), request.NewScrubWriter(r, w), r)
		require.NoError(t, err)
		labels := dns.SplitDomainName(r.Question[0].Name)
		domain := strings.Join(labels[:len(labels)-3], ".")
		if want := wantOnList(b, domain); want != "" {
			require.Equal(t, want, addressOrCode(t, w.Msg), domain)
		} else {
			require.Empty(t, w.Msg.Answer, domain)
		}
	})
}

// wantOnList says from the manual's words what a domain is answered on the list: the verdict of each policy of the zone for itself.
func wantOnList(b *block, domain string) string {
	switch strings.ToLower(domain) {
	case "":
		return "127.0.0.1"
	case "test":
		return "127.0.0.2"
	case "invalid":
		return "NXDOMAIN"
	}
	client := policy.ClientAt(addressOf(&test.ResponseWriter{}))
	listed := ""
	for _, c := range b.policies {
		if c.Zone != "list.corp.example." {
			continue
		}
		d := b.set.Load().Judge(&policy.Query{Name: domain + ".", Type: dns.TypeMX, Only: &c.Policy, Client: func() *policy.Client { return client }})
		switch {
		case d.Enforced():
			return "127.0.0.2"
		case d.Covered():
			listed = "127.0.0.3"
		}
	}
	return listed
}
