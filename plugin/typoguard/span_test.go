package typoguard

import (
	"context"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	opentracing "github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/mocktracer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSpan: where the plugin trace traces a query, the plugin behind this one has a span of its own.
func TestSpan(t *testing.T) {
	h := handler(t, "typoguard {\nprotect army.mil\n}")
	h.Next = plugin.HandlerFunc(func(context.Context, dns.ResponseWriter, *dns.Msg) (int, error) { return dns.RcodeSuccess, nil })
	tracer := mocktracer.New()
	ctx := opentracing.ContextWithSpan(t.Context(), tracer.StartSpan("servedns"))
	_, err := h.ServeDNS(ctx, &test.ResponseWriter{}, question("example.org.", dns.TypeMX))
	require.NoError(t, err)
	require.Len(t, tracer.FinishedSpans(), 1)
	assert.Equal(t, h.Next.Name(), tracer.FinishedSpans()[0].OperationName)
}
