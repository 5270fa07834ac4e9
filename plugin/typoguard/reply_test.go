package typoguard

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/metadata"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const signature = " 8 2 300 20300101000000 20200101000000 1 example. AAAA"

// replying returns a next plugin that gives a reply as a cache does: with a header of its own, and records that are not to be
// touched. The test fails if they are.
func replying(t *testing.T, reply *dns.Msg) plugin.Handler {
	t.Helper()
	before := reply.String()
	t.Cleanup(func() { assert.Equal(t, before, reply.String(), "the original") })
	return plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := *reply
		m.Id, m.Response, m.Question, m.RecursionDesired = r.Id, true, r.Question, r.RecursionDesired
		return dns.RcodeSuccess, w.WriteMsg(&m)
	})
}

// asked returns the query that a line such as "example. MX" means.
func asked(query string) *dns.Msg {
	name, qtype, _ := strings.Cut(query, " ")
	return question(name, dns.StringToType[qtype])
}

const soaRecord = " 60 IN SOA typoguard.invalid. nobody.invalid. 1 3600 600 86400 60"

// TestReplyChanges: what the client gets if an alias leads to or comes from a lookalike, or records of one come along.
func TestReplyChanges(t *testing.T) {
	const alias = `
		alias.example. 300 IN CNAME army.ml.
		alias.example. 300 IN RRSIG CNAME` + signature
	const stranger = `
		army.ml. 300 IN MX 10 mx.evil.example.
		army.ml. 300 IN RRSIG MX` + signature + `
		--
		army.ml. 300 IN NS ns.evil.example.
		++
		mx.evil.example. 300 IN A 192.0.2.1`
	const chain = `
		army.ml. 30 IN CNAME web.example.
		army.ml. 30 IN RRSIG CNAME` + signature + `
		web.example. 20 IN CNAME host.example.
		host.example. 300 IN A 192.0.2.1
		host.example. 300 IN A 192.0.2.2
		host.example. 300 IN RRSIG A` + signature + `
		--
		example. 300 IN NS ns.example.`
	const of = "CNAME army.ml of alias.example looks like army.mil (omission, policy default"
	const own = "army.ml looks like army.mil (omission, policy default, its alias hidden"
	tests := []struct {
		name, options, query string
		rcode                int // of the reply
		reply                string
		wantRcode            int
		want                 string // "" for the reply as it is
		text                 string // of the Extended DNS Error; "" for none
		code                 uint16
		aliases              float64 // counted
	}{
		{"cut", "", "alias.example. MX", dns.RcodeSuccess, alias + stranger,
			dns.RcodeNameError, alias + "\n--\narmy.ml." + soaRecord, of, dns.ExtendedErrorCodeBlocked, 1},
		{"cut, nodata", "action nodata", "alias.example. MX", dns.RcodeSuccess, alias + stranger,
			dns.RcodeSuccess, alias + "\n--\narmy.ml." + soaRecord, of, dns.ExtendedErrorCodeBlocked, 1},
		{"cut, nullmx", "action nullmx", "alias.example. MX", dns.RcodeSuccess, alias + stranger,
			dns.RcodeSuccess, alias + "\narmy.ml. 60 IN MX 0 .", of, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"cut, sinkhole", "action sinkhole 192.0.2.66 2001:db8::66", "alias.example. MX", dns.RcodeSuccess, alias + stranger,
			dns.RcodeSuccess, alias + "\narmy.ml. 60 IN MX 10 army.ml.\n++\narmy.ml. 60 IN A 192.0.2.66\narmy.ml. 60 IN AAAA 2001:db8::66",
			of, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"cut, address of the sinkhole", "action sinkhole 192.0.2.66", "alias.example. A", dns.RcodeSuccess, alias + "\narmy.ml. 300 IN A 192.0.2.1",
			dns.RcodeSuccess, alias + "\narmy.ml. 60 IN A 192.0.2.66", of, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"cut above an allowed name", "", "alias.example. MX", dns.RcodeSuccess, "alias.example. 300 IN CNAME ML.\nml. 300 IN MX 10 mx.ml.",
			dns.RcodeSuccess, "alias.example. 300 IN CNAME ML.\n--\nML." + soaRecord,
			"CNAME ml of alias.example looks like mil (omission, policy default", dns.ExtendedErrorCodeBlocked, 1},
		{"cut, although the rest failed", "", "alias.example. MX", dns.RcodeServerFailure, alias,
			dns.RcodeNameError, alias + "\n--\narmy.ml." + soaRecord, of, dns.ExtendedErrorCodeBlocked, 1},
		{"cut, although the target does not exist", "action nodata", "alias.example. MX", dns.RcodeNameError, alias,
			dns.RcodeSuccess, alias + "\n--\narmy.ml." + soaRecord, of, dns.ExtendedErrorCodeBlocked, 1},
		{"monitored", "mode monitor", "alias.example. MX", dns.RcodeSuccess, alias + stranger, dns.RcodeSuccess, "", "", 0, 0},
		{"flattened", "action nullmx", "army.ml. A", dns.RcodeSuccess, chain,
			dns.RcodeSuccess, "army.ml. 20 IN A 192.0.2.1\narmy.ml. 20 IN A 192.0.2.2",
			own, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"flattened in the case of the query", "action nullmx", "ARMY.ml. A", dns.RcodeSuccess, chain,
			dns.RcodeSuccess, "ARMY.ml. 20 IN A 192.0.2.1\nARMY.ml. 20 IN A 192.0.2.2",
			own, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"flattened behind an alias", "action nullmx", "alias.example. A", dns.RcodeSuccess, alias + chain,
			dns.RcodeSuccess, alias + "\narmy.ml. 20 IN A 192.0.2.1\narmy.ml. 20 IN A 192.0.2.2",
			own, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"flattened, without records", "action nullmx", "army.ml. AAAA", dns.RcodeSuccess, chain,
			dns.RcodeSuccess, "--\narmy.ml." + soaRecord, own, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"flattened, and its target does not exist", "action nullmx", "army.ml. A", dns.RcodeNameError, "army.ml. 30 IN CNAME web.example.",
			dns.RcodeSuccess, "--\narmy.ml." + soaRecord, own, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"flattened, and the rest failed", "action nullmx", "army.ml. A", dns.RcodeServerFailure, "army.ml. 30 IN CNAME web.example.",
			dns.RcodeServerFailure, "\n", own, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"flattened of an allowed name, for any type", "", "gov.ml. ANY", dns.RcodeSuccess, "gov.ml. 30 IN CNAME army.ml.",
			dns.RcodeSuccess, `gov.ml. 60 IN HINFO "RFC8482" ""`, "CNAME army.ml of gov.ml looks like army.mil (omission, policy default",
			dns.ExtendedErrorCodeForgedAnswer, 1},
		{"flattened of an allowed name", "", "gov.ml. MX", dns.RcodeSuccess, "gov.ml. 30 IN CNAME army.ml.\narmy.ml. 300 IN MX 10 mx.evil.example.",
			dns.RcodeSuccess, "gov.ml. 30 IN MX 10 mx.evil.example.", "CNAME army.ml of gov.ml looks like army.mil (omission, policy default", dns.ExtendedErrorCodeForgedAnswer, 1},
		{"DS of an alias", "action nullmx", "army.ml. DS", dns.RcodeSuccess, chain,
			dns.RcodeSuccess, "--\nml." + soaRecord, own, dns.ExtendedErrorCodeBlocked, 1},
		{"DS of an alias, without a parent", "action nullmx", "ml. DS", dns.RcodeSuccess, "ml. 30 IN CNAME web.example.",
			dns.RcodeSuccess, "--\nml." + soaRecord, "ml looks like mil (omission, policy default, its alias hidden", dns.ExtendedErrorCodeBlocked, 1},
		{"DS of an allowed name's alias", "", "gov.ml. DS", dns.RcodeSuccess, "gov.ml. 30 IN CNAME army.ml.",
			dns.RcodeSuccess, "--\nml." + soaRecord, "CNAME army.ml of gov.ml looks like army.mil (omission, policy default", dns.ExtendedErrorCodeForgedAnswer, 1},
		{"what comes along is dropped", "", "www.example. MX", dns.RcodeSuccess, `
			www.example. 300 IN MX 10 navy.ml.
			--
			example. 300 IN NS ns.army.ml.
			army.ml. 300 IN NS ns.example.
			++
			navy.ml. 300 IN A 192.0.2.1
			ns.example. 300 IN A 192.0.2.2`, dns.RcodeSuccess, `
			www.example. 300 IN MX 10 navy.ml.
			--
			example. 300 IN NS ns.army.ml.
			++
			ns.example. 300 IN A 192.0.2.2`, "", 0, 0},
		{"a proof is dropped", "action nullmx", "navy.ml. AAAA", dns.RcodeSuccess, `
			--
			ml. 300 IN SOA ns.ml. h.ml. 1 1 1 1 1
			navy.ml. 300 IN NSEC o.ml. A`, dns.RcodeSuccess, `
			--
			ml. 300 IN SOA ns.ml. h.ml. 1 1 1 1 1`, "", 0, 0},
		{"nothing is left", "protect us.army.nil", "army.nl. DNAME", dns.RcodeSuccess, "army.nl. 300 IN DNAME evil.example.",
			dns.RcodeSuccess, "--\narmy.nl." + soaRecord, "", 0, 0},
		{"nothing is left of an alias whose target does not exist", "protect us.army.nil", "www.army.nl. DS", dns.RcodeNameError,
			"army.nl. 300 IN DNAME evil.example.\nwww.army.nl. 300 IN CNAME www.evil.example.",
			dns.RcodeSuccess, "--\narmy.nl." + soaRecord, "", 0, 0},
		{"what is left of an authentic one is unsigned, whatever was dropped before", "inspect mx", "www.example. MX", dns.RcodeSuccess, `
			www.example. 300 IN MX 10 mx.example.
			www.example. 300 IN MX 20 mx.army.ml.
			++
			navy.ml. 300 IN A 192.0.2.1`, dns.RcodeSuccess, "www.example. 300 IN MX 10 mx.example.",
			"MX mx.army.ml of www.example looks like mx.army.mil (omission, policy default, the rest unsigned", dns.ExtendedErrorCodeForgedAnswer, 0},
		{"an address that passes goes with the record that is inspected", "action nullmx\ninspect mx", "www.example. MX", dns.RcodeSuccess, `
			www.example. 300 IN MX 10 mx.example.
			www.example. 300 IN MX 20 mx.army.ml.
			++
			mx.example. 300 IN A 192.0.2.1
			MX.army.ml. 300 IN A 192.0.2.2`, dns.RcodeSuccess, "www.example. 300 IN MX 10 mx.example.\n++\nmx.example. 300 IN A 192.0.2.1",
			"MX mx.army.ml of www.example looks like mx.army.mil (omission, policy default, the rest unsigned", dns.ExtendedErrorCodeForgedAnswer, 0},
		{"flattened, although its alias is another lookalike", "action nullmx\n}\ntypoguard navy {\nprotect navy.example", "army.ml. A", dns.RcodeSuccess,
			"army.ml. 300 IN CNAME nvay.example.", dns.RcodeSuccess, "--\narmy.ml." + soaRecord, own, dns.ExtendedErrorCodeForgedAnswer, 1},
		{"nothing to do with it", "", "www.example. A", dns.RcodeSuccess, `
			www.example. 300 IN CNAME host.example.
			host.example. 300 IN A 192.0.2.1
			--
			example. 300 IN NS ns.example.
			++
			ns.example. 300 IN A 192.0.2.2`, dns.RcodeSuccess, "", "", 0, 0},
	}
	for _, tt := range tests {
		for _, edns := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				h := handler(t, "typoguard {\nprotect mil\nallow gov.ml\n"+tt.options+"\n}")
				reply := signedReply(t, tt.reply)
				reply.Rcode, reply.RecursionAvailable = tt.rcode, true
				h.Next = replying(t, reply)
				r := asked(tt.query)
				if edns {
					r = withEDNS(r, 1232, true)
				}
				counted := testutil.ToFloat64(metrics.AliasesCut.WithLabelValues("CNAME"))
				got := ask(t, t.Context(), h, r)
				assert.InDelta(t, counted+tt.aliases, testutil.ToFloat64(metrics.AliasesCut.WithLabelValues("CNAME")), 0)
				want := tt.want
				if want == "" {
					want = tt.reply
				}
				assert.Equal(t, lines(want), text(got))
				assert.Equal(t, dns.MsgHdr{Id: r.Id, Response: true, Rcode: tt.wantRcode, RecursionDesired: true, RecursionAvailable: true, AuthenticatedData: tt.want == ""}, got.MsgHdr)
				assert.Equal(t, r.Question, got.Question)
				var errors []*dns.EDNS0_EDE
				if tt.text != "" && edns {
					errors = []*dns.EDNS0_EDE{{InfoCode: tt.code, ExtraText: "typoguard: " + tt.text + ", id ID)"}}
				}
				assert.Equal(t, errors, withoutIDs(ede(got)))
				if !edns {
					assert.Nil(t, got.IsEdns0(), "no OPT without one in the query")
				}
			})
		}
	}
}

// TestReplyRecursion: a cut answer is that of a resolver, whatever the upstream says of itself.
func TestReplyRecursion(t *testing.T) {
	h := handler(t, "typoguard {\nprotect mil\n}")
	h.Next = replying(t, signedReply(t, "alias.example. 300 IN CNAME army.ml."))
	assert.True(t, ask(t, t.Context(), h, asked("alias.example. MX")).RecursionAvailable)
}

// TestReplyRaw: a reply that is written as octets is changed if it has to be, and written as it came otherwise.
func TestReplyRaw(t *testing.T) {
	h := handler(t, "typoguard {\nprotect mil\n}")
	for records, changed := range map[string]bool{
		"alias.example. 300 IN CNAME army.ml.":                    true,
		"alias.example. 300 IN MX 1 x.\n++\nnavy.ml. A 192.0.2.1": true,
		"alias.example. 300 IN CNAME army.mil.":                   false,
	} {
		packed, err := signedReply(t, records).Pack()
		require.NoError(t, err)
		h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, _ *dns.Msg) (int, error) {
			n, err := w.Write(packed)
			assert.Equal(t, len(packed), n)
			return dns.RcodeSuccess, err
		})
		w := &rawWriter{}
		_, err = h.ServeDNS(t.Context(), w, asked("alias.example. MX"))
		require.NoError(t, err)
		assert.Equal(t, changed, w.msg != nil, records)
		if !changed {
			assert.Equal(t, packed, w.raw)
		}
	}
	h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, _ *dns.Msg) (int, error) {
		_, err := w.Write([]byte("no message"))
		return dns.RcodeSuccess, err
	})
	w := &rawWriter{}
	_, err := h.ServeDNS(t.Context(), w, asked("alias.example. MX"))
	require.NoError(t, err)
	assert.Equal(t, "no message", string(w.raw))
}

// TestReplyEvents: an alias is reported once, like one that is inspected, whether the policy enforces or not.
func TestReplyEvents(t *testing.T) {
	for options, mode := range map[string]string{"": "enforce", "inspect cname": "enforce", "mode monitor": "monitor", "mode monitor\ninspect cname": "monitor"} {
		path := filepath.Join(t.TempDir(), "events.json")
		b, err := parseCorefile(t, "", "typoguard {\nprotect mil\nallow gov.ml\nlog_events off\nevents "+path+"\n"+options+"\n}")
		require.NoError(t, err)
		i := newInstance()
		require.NoError(t, i.add(b))
		require.NoError(t, i.start())
		h := newTypoguard(b)
		h.Next = replying(t, signedReply(t, "alias.example. 300 IN CNAME x.example.\nx.example. 300 IN CNAME Army.ML.\narmy.ml. 300 IN MX 1 x.example."))
		ctx := metadata.ContextWithMetadata(t.Context())
		ask(t, ctx, h, asked("alias.example. MX"))
		assert.Equal(t, "CNAME army.ml", metadata.ValueFunc(ctx, "typoguard/record")())
		assert.Equal(t, "lookalike", metadata.ValueFunc(ctx, "typoguard/verdict")())
		require.NoError(t, i.stop())
		all := eventsIn(t, path)
		require.Len(t, all, 1, options)
		e := all[0]
		assert.Equal(t, "CNAME", e["typoguard.record"], options)
		assert.Equal(t, mode, e["typoguard.mode"])
		assert.Equal(t, "army.mil", e["typoguard.intended"])
		assert.Equal(t, "alias.example", e["dns.question.name"])
		assert.InDelta(t, 1, e["typoguard.count"], 0)
		assert.NotContains(t, e, "dns.response_code")
	}
}

// TestReplyCounts: an alias is counted by its policy and mode.
func TestReplyCounts(t *testing.T) {
	for _, mode := range []string{"enforce", "monitor"} {
		h := handler(t, "typoguard aliases {\nprotect mil\nmode "+mode+"\n}")
		h.Next = replying(t, signedReply(t, "alias.example. 300 IN CNAME army.ml."))
		series := metrics.TargetsTotal.WithLabelValues("", "", "aliases", "nxdomain", mode, "omission", "CNAME")
		before := testutil.ToFloat64(series)
		ask(t, t.Context(), h, asked("alias.example. MX"))
		assert.InDelta(t, before+1, testutil.ToFloat64(series), 0)
	}
}

// TestWatchAbove: a name above a listed one is not denied for as long as it is listed.
func TestWatchAbove(t *testing.T) {
	dir := writeLists(t, map[string]string{"allow.txt": ""})
	allow := filepath.Join(dir, "allow.txt")
	watched(t, dir, "typoguard {\nprotect mil\nallow_file allow.txt\nreload 10s\n}", func(b *block, elapse func(time.Duration)) {
		h := newTypoguard(b)
		h.Next = replying(t, signedReply(t, "alias.example. 300 IN CNAME army.ml."))
		check := func(rcode int, what string) {
			t.Helper()
			assert.Equal(t, rcode, ask(t, t.Context(), h, asked("army.ml. MX")).Rcode, what)
			assert.Equal(t, rcode, ask(t, t.Context(), h, asked("alias.example. MX")).Rcode, "%s, behind an alias", what)
			assert.Equal(t, dns.RcodeNameError, ask(t, t.Context(), h, asked("navy.ml. MX")).Rcode)
		}
		check(dns.RcodeNameError, "at the start")
		replaceFile(t, allow, "good.army.ml\n")
		elapse(11 * time.Second)
		check(dns.RcodeSuccess, "listed")
		replaceFile(t, allow, "# none\n")
		elapse(11 * time.Second)
		check(dns.RcodeNameError, "no longer listed")
		end := time.Now().Add(24 * time.Hour)
		replaceFile(t, allow, "good.army.ml until="+end.Format(time.RFC3339)+"\n")
		elapse(11 * time.Second)
		check(dns.RcodeSuccess, "listed for a day")
		elapse(time.Until(end) - time.Second)
		check(dns.RcodeSuccess, "until its end")
		elapse(time.Second)
		check(dns.RcodeNameError, "behind its end")
	})
}
