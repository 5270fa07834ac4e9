package typoguard

import (
	"slices"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// The metrics are the process's: registered once, they outlive every reload. No label ever comes from a query.
var (
	lookalikesTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "lookalikes_total",
		Help:      "Counter of queries for lookalike names that a policy answered, or in mode monitor would have answered.",
	}, []string{"server", "view", "policy", "action", "mode", "kind", "type"})
	passedTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "passed_total",
		Help:      "Counter of queries passed on, by the reason.",
	}, []string{"server", "view", "reason"})
	targetsTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "targets_total",
		Help:      "Counter of records in replies that led to a lookalike and were hidden, or in mode monitor would have been.",
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
		Help:      "Number of suffixes in force that stop counting within 7 days, by policy and list.",
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
		Help:      "Counter of changed list files that were taken over, or refused because of an error.",
	}, []string{"result"})
	policyReloadSuccessful = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "policy_last_reload_successful",
		Help:      "Whether the list files of a policy are in force as they are on disk (1), or an older state is because of an error (0).",
	}, []string{"policy"})
	counterpartLookups = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "counterpart_lookups_total",
		Help:      "Counter of domains asked for because a lookalike resembles them, by what was found.",
	}, []string{"result"})
	counterpartHits = promauto.NewCounter(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "counterpart_cache_hits_total",
		Help:      "Counter of domains that a lookalike resembles and that were known from before.",
	})
	counterpartDuration = promauto.NewHistogram(prometheus.HistogramOpts{
		Namespace:                   plugin.Namespace,
		Subsystem:                   pluginName,
		Name:                        "counterpart_duration_seconds",
		Buckets:                     plugin.SlimTimeBuckets,
		NativeHistogramBucketFactor: plugin.NativeHistogramBucketFactor,
		Help:                        "Histogram of the time it took to ask for a domain.",
	})
	policyReloadTime = promauto.NewGauge(prometheus.GaugeOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "policy_reload_timestamp_seconds",
		Help:      "Unix time at which a policy was last put in force.",
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
	reasons    [passNotJudged + 1]prometheus.Counter
}

// newCounters returns the counters of a server and view. The series of all reasons exist from then on.
func newCounters(server, view string) *counters {
	labels := prometheus.Labels{"server": server, "view": view}
	c := &counters{lookalikes: lookalikesTotal.MustCurryWith(labels), targets: targetsTotal.MustCurryWith(labels)}
	for reason, name := range passReasonNames {
		c.reasons[reason] = passedTotal.WithLabelValues(server, view, name)
	}
	return c
}

// begin makes every series that a policy can count in exist, at zero.
func (c *counters) begin(p *policy) {
	for _, mode := range p.modes() {
		c.beginMode(p, mode)
	}
}

func (c *counters) beginMode(p *policy, mode mode) {
	for _, kind := range p.kinds.List() {
		for _, record := range inspected {
			if p.inspect.has(record.qtype) {
				c.targetSeries(p, mode, kind, record.qtype)
			}
		}
	}
	qtypes := slices.Concat(countedTypes, p.types)
	if len(p.types) == 0 {
		qtypes = append(qtypes, dns.TypeNone) // stands for all others
	}
	for _, qtype := range qtypes {
		if !p.answers(qtype) {
			continue
		}
		for _, kind := range p.kinds.List() {
			c.series(p, mode, kind, qtype)
		}
	}
}

// series returns the counter of lookalikes of a policy.
func (c *counters) series(p *policy, mode mode, kind match.Kind, qtype uint16) prometheus.Counter {
	return c.lookalikes.WithLabelValues(p.name, p.action.String(), mode.String(), kind.String(), typeLabel(qtype))
}

// targetSeries returns the counter of records of a type that lead to lookalikes of a policy.
func (c *counters) targetSeries(p *policy, mode mode, kind match.Kind, record uint16) prometheus.Counter {
	return c.targets.WithLabelValues(p.name, p.action.String(), mode.String(), kind.String(), dns.TypeToString[record])
}

func (c *counters) target(d *decision) {
	c.targetSeries(d.policy, d.mode, d.match.Kind, d.target.Header().Rrtype).Inc()
}

func (c *counters) passed(reason passReason) { c.reasons[reason].Inc() }

func (c *counters) lookalike(d *decision, qtype uint16) {
	c.series(d.policy, d.mode, d.match.Kind, qtype).Inc()
}
