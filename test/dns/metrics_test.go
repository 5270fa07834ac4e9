package dns_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// Names of typoguard's metrics.
const (
	lookalikesTotal  = "coredns_typoguard_lookalikes_total"
	passedTotal      = "coredns_typoguard_passed_total"
	policySuffixes   = "coredns_typoguard_policy_suffixes"
	reloadsTotal     = "coredns_typoguard_policy_reloads_total"
	reloadSuccessful = "coredns_typoguard_policy_last_reload_successful"
	reloadTimestamp  = "coredns_typoguard_policy_reload_timestamp_seconds"
)

// metrics returns the metrics of a server that must have some.
func (s *server) metrics(t *testing.T) kit.Metrics {
	t.Helper()
	m, err := kit.Scrape(t.Context(), s.addr("METRICS"))
	require.NoError(t, err)
	return m
}

// monitored is a Corefile with all there is to look at over HTTP.
const monitored = `.:{$DNS} {
    bind {$HOST}
    prometheus {$HOST}:{$METRICS}
    ready {$HOST}:{$READY}
    typoguard first {
        protect army.mil navy.mil
        allow arm.mil
        action nullmx
        kinds omission addition
    }
    typoguard second {
        protect mindef.nl
        mode monitor
    }
    forward . {$UPSTREAM}
}
`

// TestSeriesFromTheStart looks at the metrics before any query: what can be counted is there at 0, so that an alert on
// its increase sees the first one.
func TestSeriesFromTheStart(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, monitored)
	m := s.metrics(t)
	server := fmt.Sprintf("server=%q", s.label())

	for _, kind := range []string{"omission", "addition"} {
		labels := fmt.Sprintf(`{action="nullmx",kind=%q,mode="enforce",policy="first",%s,type="MX",view=""}`, kind, server)
		assert.Contains(t, m, lookalikesTotal+labels)
	}
	for _, kind := range []string{"omission", "addition", "substitution", "adjacent", "transposition", "homoglyph"} {
		for _, qtype := range []string{"MX", "A", "AAAA", "TXT", "other"} {
			labels := fmt.Sprintf(`{action="nxdomain",kind=%q,mode="monitor",policy="second",%s,type=%q,view=""}`, kind, server, qtype)
			assert.Contains(t, m, lookalikesTotal+labels)
		}
	}
	for _, reason := range []string{"no_match", "protected", "allowed", "client", "type", "not_judged"} {
		assert.Contains(t, m, fmt.Sprintf(`%s{reason=%q,%s,view=""}`, passedTotal, reason, server))
	}
	assert.Zero(t, m.Sum(t, lookalikesTotal), lookalikesTotal)
	assert.Zero(t, m.Sum(t, passedTotal), passedTotal)
	assert.Equal(t, kit.Metrics{reloadsTotal + `{result="ok"}`: 0, reloadsTotal + `{result="error"}`: 0}, m.With(reloadsTotal))
	assert.Equal(t, kit.Metrics{
		policySuffixes + `{list="protect",policy="first"}`:  2,
		policySuffixes + `{list="allow",policy="first"}`:    1,
		policySuffixes + `{list="protect",policy="second"}`: 1,
		policySuffixes + `{list="allow",policy="second"}`:   0,
	}, m.With(policySuffixes))
	assert.Equal(t, kit.Metrics{reloadSuccessful + `{policy="first"}`: 1, reloadSuccessful + `{policy="second"}`: 1}, m.With(reloadSuccessful))
	assert.InDelta(t, time.Now().Unix(), m[reloadTimestamp], patience.Seconds(), reloadTimestamp)
}

// TestCounts asks one question of each sort and looks for it in the metrics.
func TestCounts(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, monitored)
	tests := []struct {
		name   string
		asked  string
		qtype  uint16
		metric string
		labels string
	}{
		{"omission", "army.ml.", dns.TypeMX, lookalikesTotal, `policy="first",action="nullmx",mode="enforce",kind="omission",type="MX"`},
		{"addition", "nnavy.mil.", dns.TypeMX, lookalikesTotal, `policy="first",action="nullmx",mode="enforce",kind="addition",type="MX"`},
		{"ANY", "nnavy.mil.", dns.TypeANY, lookalikesTotal, `policy="first",action="nullmx",mode="enforce",kind="addition",type="ANY"`},
		{"monitored", "mindfe.nl.", dns.TypeA, lookalikesTotal, `policy="second",action="nxdomain",mode="monitor",kind="transposition",type="A"`},
		{"rare type", "mindex.nl.", dns.TypeCAA, lookalikesTotal, `policy="second",action="nxdomain",mode="monitor",kind="substitution",type="other"`},
		{"passed type", "army.ml.", dns.TypeA, passedTotal, `reason="type"`},
		{"protected", "us.army.mil.", dns.TypeMX, passedTotal, `reason="protected"`},
		{"allowed", "arm.mil.", dns.TypeMX, passedTotal, `reason="allowed"`},
		{"no_match", "example.org.", dns.TypeMX, passedTotal, `reason="no_match"`},
		{"kind not asked for", "armi.mil.", dns.TypeMX, passedTotal, `reason="no_match"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := s.metrics(t)
			ask(t, s, test.asked, test.qtype)
			after := s.metrics(t)
			labels := strings.Split(test.labels, ",")
			assert.Equal(t, 1, after.Sum(t, test.metric, labels...)-before.Sum(t, test.metric, labels...), "series with these labels")
			total := func(m kit.Metrics) int { return m.Sum(t, lookalikesTotal) + m.Sum(t, passedTotal) }
			assert.Equal(t, 1, total(after)-total(before), "all series")
			assert.Len(t, after.With(lookalikesTotal), len(before.With(lookalikesTotal)), "series")
		})
	}
}

// TestReady asks whether the server is ready, as an orchestrator does.
func TestReady(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, monitored)
	resp, err := http.Get("http://" + s.addr("READY") + "/ready")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusOK, resp.StatusCode)
}
