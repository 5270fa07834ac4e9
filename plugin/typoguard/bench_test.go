package typoguard

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/test"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/listzone"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// BenchmarkServeDNS passes an ordinary name on to a plugin that does nothing, and compares that with calling the latter.
func BenchmarkServeDNS(b *testing.B) {
	var corefile strings.Builder
	corefile.WriteString("typoguard {\n")
	for i := range 1000 {
		fmt.Fprintf(&corefile, "protect department-%d.army.example\n", i*7919)
	}
	corefile.WriteString("}")
	block, err := parseCorefile(b, "", corefile.String())
	require.NoError(b, err)
	h := newTypoguard(block)
	h.counters = block.newCounters([]string{""}, "")
	h.Next = plugin.HandlerFunc(func(context.Context, dns.ResponseWriter, *dns.Msg) (int, error) { return dns.RcodeSuccess, nil })
	w, r := &test.ResponseWriter{}, question("www.headquarters.example.", dns.TypeMX)
	ctx := context.Background()
	b.Run("with", func(b *testing.B) {
		for b.Loop() {
			_, _ = h.ServeDNS(ctx, w, r)
		}
	})
	b.Run("with a list zone", func(b *testing.B) {
		block.zones = []*listzone.Zone{{Name: "lookalikes.corp.example."}}
		for b.Loop() {
			_, _ = h.ServeDNS(ctx, w, r)
		}
	})
	b.Run("without", func(b *testing.B) {
		for b.Loop() {
			_, _ = plugin.NextOrFailure(h.Name(), h.Next, ctx, w, r)
		}
	})
}

// BenchmarkServeDNSParallel passes different ordinary names on, and answers lookalikes, on all processors at once. With -cpu 1,2,4,8 it shows
// whether they wait for one another: the time of a query must shrink as their number grows.
func BenchmarkServeDNSParallel(b *testing.B) {
	h := handler(b, "typoguard {\nprotect army.mil\nlog_events off\n}")
	h.counters = h.block.newCounters([]string{""}, "")
	h.Next = plugin.HandlerFunc(func(context.Context, dns.ResponseWriter, *dns.Msg) (int, error) { return dns.RcodeSuccess, nil })
	for name, suffix := range map[string]string{"ordinary": ".example.", "lookalike": ".army.ml."} {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				w, ctx := &test.ResponseWriter{}, b.Context()
				var queries []*dns.Msg
				for i := range 1000 {
					queries = append(queries, question(fmt.Sprintf("host%d%s", i, suffix), dns.TypeMX))
				}
				for i := 0; pb.Next(); i++ {
					_, _ = h.ServeDNS(ctx, w, queries[i%len(queries)])
				}
			})
		})
	}
}

// BenchmarkReply passes a query on to a plugin that answers it, and compares that with calling the latter: what an alias in the reply
// costs is what the plugin adds to it, less what it adds to an address.
func BenchmarkReply(b *testing.B) {
	h := handler(b, "typoguard {\nprotect mil army.example navy.example\nallow gov.ml\nlog_events off\n}")
	h.counters = h.block.newCounters([]string{""}, "")
	w, r := &test.ResponseWriter{}, question("www.headquarters.example.", dns.TypeA)
	ctx := context.Background()
	for _, bb := range []struct{ name, records string }{
		{"address", "www.headquarters.example. 300 IN A 192.0.2.1"},
		{"alias", "www.headquarters.example. 300 IN CNAME host.cdn.example.\nhost.cdn.example. 300 IN A 192.0.2.1"},
	} {
		reply := signedReply(b, bb.records)
		h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, _ *dns.Msg) (int, error) {
			return dns.RcodeSuccess, w.WriteMsg(reply)
		})
		b.Run(bb.name+"/with", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = h.ServeDNS(ctx, w, r)
			}
		})
		b.Run(bb.name+"/without", func(b *testing.B) {
			for b.Loop() {
				_, _ = plugin.NextOrFailure(h.Name(), h.Next, ctx, w, r)
			}
		})
	}
}

// BenchmarkLookalike answers a lookalike, with its event handed over to a dispatcher that folds it, and without one.
func BenchmarkLookalike(b *testing.B) {
	block, err := parseCorefile(b, "", "typoguard {\nprotect army.mil\nlog_events off\n}")
	require.NoError(b, err)
	h := newTypoguard(block)
	h.counters = block.newCounters([]string{""}, "")
	w, r := &test.ResponseWriter{}, question("us.army.ml.", dns.TypeMX)
	ctx := context.Background()
	for name, events := range map[string]*sink.Dispatcher{"heard": sink.NewDispatcher(metrics.Events{}), "unheard": nil} {
		b.Run(name, func(b *testing.B) {
			block.events.Store(events)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = h.ServeDNS(ctx, w, r)
			}
		})
		if events != nil {
			events.Close()
		}
	}
}
