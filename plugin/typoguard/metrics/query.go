package metrics

import (
	"slices"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// The metrics of queries. Labels never come from a query: servers, views and policies are configured, and all others are from a fixed
// list.
var (
	LookalikesTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "lookalikes_total",
		Help:      "Counter of queries for lookalike names that a policy answered, or would have answered but for mode monitor, or because the name is popular.",
	}, []string{"server", "view", "policy", "action", "mode", "kind", "type"})
	PassedTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "passed_total",
		Help:      "Counter of queries passed on, by reason.",
	}, []string{"server", "view", "reason"})
	TargetsTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace,
		Subsystem: subsystem,
		Name:      "targets_total",
		Help:      "Counter of records in replies that led to a lookalike and were hidden, or would have been but for mode monitor.",
	}, []string{"server", "view", "policy", "action", "mode", "kind", "record"})
)

// AliasesCut counts replies in which an alias into or of a lookalike was cut or flattened, by the type of the alias.
var AliasesCut = promauto.NewCounterVec(prometheus.CounterOpts{
	Namespace: namespace,
	Subsystem: subsystem,
	Name:      "aliases_cut_total",
	Help:      "Counter of replies in which an alias of a lookalike, or an alias that leads to one, was cut or flattened, by record.",
}, []string{"record"})

// CountedTypes are the query types with their own series; all others are counted as otherType.
var CountedTypes = []uint16{
	dns.TypeA, dns.TypeAAAA, dns.TypeANY, dns.TypeCNAME, dns.TypeHTTPS, dns.TypeMX, dns.TypePTR, dns.TypeSRV, dns.TypeTLSA, dns.TypeTXT,
}

const otherType = "other"

// typeLabel returns the label of a query type.
func typeLabel(qtype uint16) string {
	if slices.Contains(CountedTypes, qtype) {
		return dns.TypeToString[qtype]
	}
	return otherType
}

// Server has the counters of one server and view. It is safe for concurrent use.
type Server struct {
	// Name is the server's address, and View its view.
	Name, View string

	lookalikes *prometheus.CounterVec
	targets    *prometheus.CounterVec
	begun      map[series]prometheus.Counter // of lookalikes; read-only while the server runs
	reasons    [policy.NotJudged + 1]prometheus.Counter
}

// series are the labels of a counter of lookalikes. To find it by them is several times as fast as by what Prometheus's library has.
type series struct {
	policy, kind string
	mode         policy.Mode
	label        string // of the type
}

// NewServer returns the counters of a server and view, and creates the series of all reasons.
func NewServer(server, view string) *Server {
	labels := prometheus.Labels{"server": server, "view": view}
	c := &Server{
		Name: server, View: view, begun: map[series]prometheus.Counter{},
		lookalikes: LookalikesTotal.MustCurryWith(labels), targets: TargetsTotal.MustCurryWith(labels),
	}
	for _, reason := range policy.ServerReasons() {
		c.reasons[reason] = PassedTotal.WithLabelValues(server, view, reason.String())
	}
	return c
}

// Begin creates all series of a policy, at zero.
func (c *Server) Begin(p *policy.Policy) {
	qtypes := slices.Concat(CountedTypes, p.Types, []uint16{dns.TypeNS, dns.TypeDNAME}) // which some policies answer without being told
	if len(p.Types) == 0 {
		qtypes = append(qtypes, dns.TypeNone) // for all others
	}
	for _, kind := range p.Kinds.List() {
		for _, mode := range p.Modes(kind) {
			for _, record := range p.Inspect.Types() {
				if mode == policy.Exempt {
					break // such a target is left as it is, and nobody is told
				}
				c.targetSeries(p, mode, kind.String(), record)
			}
			for _, qtype := range qtypes {
				if p.Answers(qtype) || (p.Zone != "" && (qtype == dns.TypeA || qtype == dns.TypeTXT)) {
					c.begun[series{p.Name, kind.String(), mode, typeLabel(qtype)}] = c.lookalikeSeries(p, mode, kind.String(), qtype)
				}
			}
		}
	}
}

// lookalikeSeries returns the counter of queries of a type for lookalikes of a policy.
func (c *Server) lookalikeSeries(p *policy.Policy, mode policy.Mode, kind string, qtype uint16) prometheus.Counter {
	return c.lookalikes.WithLabelValues(p.Name, p.Action.String(), mode.String(), kind, typeLabel(qtype))
}

// targetSeries returns the counter of records of a type that lead to lookalikes of a policy.
func (c *Server) targetSeries(p *policy.Policy, mode policy.Mode, kind string, record uint16) prometheus.Counter {
	return c.targets.WithLabelValues(p.Name, p.Action.String(), mode.String(), kind, dns.TypeToString[record])
}

// Passed counts a query that passes.
func (c *Server) Passed(reason policy.Reason) { c.reasons[reason].Inc() }

// Reported counts a lookalike: the name in a query of a type, or the target of a record in its reply.
func (c *Server) Reported(d *policy.Decision, qtype uint16, record dns.RR) {
	if record != nil {
		c.targetSeries(d.Policy, d.Mode, d.Lookalike.Kind, record.Header().Rrtype).Inc()
		return
	}
	if counter, ok := c.begun[series{d.Policy.Name, d.Lookalike.Kind, d.Mode, typeLabel(qtype)}]; ok {
		counter.Inc()
		return
	}
	c.lookalikeSeries(d.Policy, d.Mode, d.Lookalike.Kind, qtype).Inc()
}
