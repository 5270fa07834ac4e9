package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// The metrics of policies and their lists.
var (
	PolicySuffixes = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "policy_suffixes",
		Help:      "Number of suffixes in force, by policy and list; policies of the same name in several server blocks are added up.",
	}, []string{"policy", "list"})
	PolicyExpiring = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "policy_expiring_suffixes",
		Help:      "Number of suffixes in force that expire within 7 days, by policy and list.",
	}, []string{"policy", "list"})
	PolicyTrialEnds = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "policy_monitor_until_timestamp_seconds",
		Help:      "Unix time at which mode monitor ends and the policy enforces.",
	}, []string{"policy"})
	PolicyKnown = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "policy_known_domains",
		Help:      "Number of known domains that look like suffixes of a policy, by result: hidden, popular (they pass) or typo (hidden, as they should be).",
	}, []string{"policy", "result"})
	PolicyReloads = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "policy_reloads_total",
		Help:      "Counter of reloads of changed list files, by result.",
	}, []string{"result"})
	PolicyReloadSuccessful = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "policy_last_reload_successful",
		Help:      "Whether the current list files of a policy are in force (1), or an older version because of an error (0).",
	}, []string{"policy"})
	PolicyInfo = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "policy_info",
		Help:      "Policies in force, always 1. The hash is the same on all hosts that have the same policy.",
	}, []string{"policy", "hash", "mode", "action", "version"})
	ListSuccess = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "list_last_success_timestamp_seconds",
		Help:      "Unix time at which a list of a policy was last found to be up to date, or 0 if not since the start.",
	}, []string{"policy", "list"})
	ListInterval = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "list_check_interval_seconds",
		Help:      "How often a list of a policy is checked.",
	}, []string{"policy", "list"})
	PolicyReloadTime = promauto.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "policy_reload_timestamp_seconds",
		Help:      "Unix time at which the suffixes of a policy were last put in force.",
	})
)

// ResetPolicies removes the series of policies from before a reload, and creates those of reloads.
func ResetPolicies() {
	PolicySuffixes.Reset()
	PolicyReloadSuccessful.Reset()
	PolicyTrialEnds.Reset()
	PolicyExpiring.Reset()
	PolicyKnown.Reset()
	PolicyInfo.Reset()
	ListSuccess.Reset()
	ListInterval.Reset()
	PolicyReloads.WithLabelValues(ResultOK)
	PolicyReloads.WithLabelValues(ResultError)
}

// BeginPolicy creates the series of a policy's events and refusals, at zero.
func BeginPolicy(p *policy.Policy, hasListener bool) {
	NewClients.WithLabelValues(p.Name)
	EventsDropped.WithLabelValues(handover)
	if !p.MonitorUntil.IsZero() {
		PolicyTrialEnds.WithLabelValues(p.Name).Set(float64(p.MonitorUntil.Unix()))
	}
	if hasListener {
		for _, kind := range p.Kinds.List() {
			SMTPRejected.WithLabelValues(p.Name, kind.String())
		}
	}
}

// SetLoaded sets the time at which the suffixes of a policy were last put in force.
func SetLoaded(at time.Time) {
	PolicyReloadTime.Set(float64(at.UnixNano()) / float64(time.Second))
}

// SetKnown sets the gauges of known domains.
func SetKnown(name string, counts policy.KnownCounts) {
	PolicyKnown.WithLabelValues(name, "hidden").Set(float64(counts.Hidden))
	PolicyKnown.WithLabelValues(name, "popular").Set(float64(counts.Passing))
	PolicyKnown.WithLabelValues(name, "typo").Set(float64(counts.Typos))
}

// SetListSuccess sets the time at which a list was last found to be up to date; zero is not since the start.
func SetListSuccess(policyName, list string, at time.Time) {
	seconds := 0.0
	if !at.IsZero() {
		seconds = float64(at.Unix())
	}
	ListSuccess.WithLabelValues(policyName, list).Set(seconds)
}

// SetPolicy sets the gauges of the lists of a policy.
func SetPolicy(name string, sizes policy.Sizes, upToDate bool) {
	PolicySuffixes.WithLabelValues(name, "protect").Set(float64(sizes.Protected))
	PolicySuffixes.WithLabelValues(name, "allow").Set(float64(sizes.Allowed))
	PolicyExpiring.WithLabelValues(name, "protect").Set(float64(sizes.ExpiringProtected))
	PolicyExpiring.WithLabelValues(name, "allow").Set(float64(sizes.ExpiringAllowed))
	successful := 0.0
	if upToDate {
		successful = 1
	}
	PolicyReloadSuccessful.WithLabelValues(name).Set(successful)
}
