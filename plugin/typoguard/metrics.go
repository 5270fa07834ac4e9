package typoguard

import (
	"slices"
	"time"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/existence"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// The metrics are the process's: registered once, they outlive every reload. No label ever comes from a query.
var (
	lookalikesTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "lookalikes_total",
		Help:      "Counter of queries for lookalike names that a policy answered, or would have answered but for mode monitor.",
	}, []string{"server", "view", "policy", "action", "mode", "kind", "type"})
	passedTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "passed_total",
		Help:      "Counter of queries passed on, by reason.",
	}, []string{"server", "view", "reason"})
	targetsTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "targets_total",
		Help:      "Counter of records in replies that led to a lookalike and were hidden, or would have been but for mode monitor.",
	}, []string{"server", "view", "policy", "action", "mode", "kind", "record"})
	policySuffixes = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "policy_suffixes",
		Help:      "Number of suffixes in force, by policy and list; policies of the same name in several server blocks are added up.",
	}, []string{"policy", "list"})
	policyExpiring = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "policy_expiring_suffixes",
		Help:      "Number of suffixes in force that expire within 7 days, by policy and list.",
	}, []string{"policy", "list"})
	policyTrialEnds = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "policy_monitor_until_timestamp_seconds",
		Help:      "Unix time at which mode monitor ends and the policy enforces.",
	}, []string{"policy"})
	policyReloads = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "policy_reloads_total",
		Help:      "Counter of reloads of changed list files, by result.",
	}, []string{"result"})
	policyReloadSuccessful = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "policy_last_reload_successful",
		Help:      "Whether the list files of a policy are in force as they are now (1), or the last good ones because of an error (0).",
	}, []string{"policy"})
	counterpartLookups = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "counterpart_lookups_total",
		Help:      "Counter of existence checks of the domains that lookalikes resemble, by result.",
	}, []string{"result"})
	counterpartHits = promauto.NewCounter(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "counterpart_cache_hits_total",
		Help:      "Counter of existence checks answered from memory.",
	})
	counterpartDuration = promauto.NewHistogram(prometheus.HistogramOpts{
		Namespace:                   plugin.Namespace,
		Subsystem:                   pluginName,
		Name:                        "counterpart_duration_seconds",
		Buckets:                     plugin.SlimTimeBuckets,
		NativeHistogramBucketFactor: plugin.NativeHistogramBucketFactor,
		Help:                        "Histogram of the time that existence checks took.",
	})
	policyReloadTime = promauto.NewGauge(prometheus.GaugeOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "policy_reload_timestamp_seconds",
		Help:      "Unix time at which the suffixes of a policy were last put in force.",
	})
)

const (
	resultOK    = "ok"
	resultError = "error"
	resultBusy  = "busy"
)

// countedTypes are the query types that have a series of their own; all others are counted as otherType.
var countedTypes = []uint16{
	dns.TypeA, dns.TypeAAAA, dns.TypeANY, dns.TypeCNAME, dns.TypeHTTPS, dns.TypeMX, dns.TypePTR, dns.TypeSRV, dns.TypeTLSA, dns.TypeTXT,
}

const otherType = "other"

// typeLabel returns the label of a query type.
func typeLabel(qtype uint16) string {
	if slices.Contains(countedTypes, qtype) {
		return dns.TypeToString[qtype]
	}
	return otherType
}

// counters are the counters of one server and view.
type counters struct {
	lookalikes *prometheus.CounterVec
	targets    *prometheus.CounterVec
	reasons    [policy.NotJudged + 1]prometheus.Counter
}

// newCounters returns the counters of a server and view. The series of all reasons exist from then on.
func newCounters(server, view string) *counters {
	labels := prometheus.Labels{"server": server, "view": view}
	c := &counters{
		lookalikes: lookalikesTotal.MustCurryWith(labels), targets: targetsTotal.MustCurryWith(labels),
	}
	for _, reason := range policy.ServerReasons() {
		c.reasons[reason] = passedTotal.WithLabelValues(server, view, reason.String())
	}
	return c
}

// begin makes every series that a policy can count in exist, at zero.
func (c *counters) begin(p *policy.Policy) {
	qtypes := slices.Concat(countedTypes, p.Types)
	if len(p.Types) == 0 {
		qtypes = append(qtypes, dns.TypeNone) // stands for all others
	}
	for _, mode := range p.Modes() {
		for _, kind := range p.Kinds.List() {
			for _, record := range p.Inspect.Types() {
				c.targetSeries(p, mode, kind.String(), record)
			}
			for _, qtype := range qtypes {
				if p.Answers(qtype) {
					c.lookalikeSeries(p, mode, kind.String(), qtype)
				}
			}
		}
	}
}

// lookalikeSeries returns the counter of lookalikes of a policy.
func (c *counters) lookalikeSeries(p *policy.Policy, mode policy.Mode, kind string, qtype uint16) prometheus.Counter {
	return c.lookalikes.WithLabelValues(p.Name, p.Action.String(), mode.String(), kind, typeLabel(qtype))
}

// targetSeries returns the counter of records of a type that lead to lookalikes of a policy.
func (c *counters) targetSeries(p *policy.Policy, mode policy.Mode, kind string, record uint16) prometheus.Counter {
	return c.targets.WithLabelValues(p.Name, p.Action.String(), mode.String(), kind, dns.TypeToString[record])
}

// passed counts a query that passes.
func (c *counters) passed(reason policy.Reason) { c.reasons[reason].Inc() }

// covered counts a lookalike: in a query of a type, or the target of a record in its reply.
func (c *counters) covered(d *policy.Decision, qtype uint16, record dns.RR) {
	if record != nil {
		c.targetSeries(d.Policy, d.Mode, d.Lookalike.Kind, record.Header().Rrtype).Inc()
		return
	}
	c.lookalikeSeries(d.Policy, d.Mode, d.Lookalike.Kind, qtype).Inc()
}

// existenceMetrics counts existence checks.
type existenceMetrics struct{}

// type check
var _ existence.Observer = existenceMetrics{}

// CacheHit implements existence.Observer.
func (existenceMetrics) CacheHit() { counterpartHits.Inc() }

// LookedUp implements existence.Observer.
func (existenceMetrics) LookedUp(result policy.Existence, took time.Duration) {
	counterpartDuration.Observe(took.Seconds())
	counterpartLookups.WithLabelValues(result.String()).Inc()
}

// Busy implements existence.Observer.
func (existenceMetrics) Busy() { counterpartLookups.WithLabelValues(resultBusy).Inc() }

// resetPolicyMetrics removes the series of policies from before a reload, and makes those of reloads exist.
func resetPolicyMetrics() {
	policySuffixes.Reset()
	policyReloadSuccessful.Reset()
	policyTrialEnds.Reset()
	policyExpiring.Reset()
	policyReloads.WithLabelValues(resultOK)
	policyReloads.WithLabelValues(resultError)
}

// publishPolicy sets the gauges of the lists of a policy.
func publishPolicy(name string, sizes policy.Sizes, upToDate bool) {
	policySuffixes.WithLabelValues(name, "protect").Set(float64(sizes.Protected))
	policySuffixes.WithLabelValues(name, "allow").Set(float64(sizes.Allowed))
	policyExpiring.WithLabelValues(name, "protect").Set(float64(sizes.ExpiringProtected))
	policyExpiring.WithLabelValues(name, "allow").Set(float64(sizes.ExpiringAllowed))
	successful := 0.0
	if upToDate {
		successful = 1
	}
	policyReloadSuccessful.WithLabelValues(name).Set(successful)
}
