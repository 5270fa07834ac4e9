package typoguard

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// TestKnownMetric: the numbers of known domains are those that the policies in force hide and let pass.
func TestKnownMetric(t *testing.T) {
	b, err := parseCorefile(t, "", "typoguard counted {\nprotect ing.com gmail.com\ndeny bing.com\n}")
	require.NoError(t, err)
	b.countKnown(t.Context())
	number := func(result string) float64 {
		return testutil.ToFloat64(metrics.PolicyKnown.WithLabelValues("counted", result))
	}
	assert.InDelta(t, 1, number("hidden"), 0)
	assert.Greater(t, number("popular"), 5.0)
	assert.Greater(t, number("typo"), 5.0)

	counts := b.set.Load().CountKnown(t.Context())["counted"]
	assert.Regexp(t, `^known domains hidden: 1: bing\.com \(rank \d+, looks like ing\.com\); see coredns-typoguard advise$`, describeKnown(&counts))
	assert.Equal(t, "known domains hidden: 3: a.gov (unranked, looks like b.gov), 2 more; see coredns-typoguard advise", describeKnown(&policy.KnownCounts{
		Hidden: 3, Worst: []policy.Known{{Name: "a.gov", Decision: policy.Decision{Lookalike: event.Lookalike{Intended: "b.gov"}}}},
	}))
}
