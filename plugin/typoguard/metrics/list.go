package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// ListQueries counts queries for list zones. The label zone is configured.
var ListQueries = promauto.NewCounterVec(prometheus.CounterOpts{
	Namespace: namespace,
	Subsystem: subsystem,
	Name:      "list_zone_queries_total",
	Help:      "Counter of queries for list zones, by result: hidden and monitored (listed), passed (not listed), failed, or other (not for a domain).",
}, []string{"server", "view", "zone", "result"})

// ListResult is what a query for a list zone was answered.
type ListResult string

// The results.
const (
	ListHidden    ListResult = "hidden"
	ListMonitored ListResult = "monitored"
	ListPassed    ListResult = "passed"
	ListFailed    ListResult = "failed" // it is not known whether the counterpart exists
	ListOther     ListResult = "other"  // the zone itself, its test entries, and what is no query
)

// BeginZone creates the series of a list zone, at zero.
func (c *Server) BeginZone(zone string) {
	for _, result := range []ListResult{ListHidden, ListMonitored, ListPassed, ListFailed, ListOther} {
		ListQueries.WithLabelValues(c.Name, c.View, zone, string(result))
	}
}

// ListQuery counts a query for a list zone.
func (c *Server) ListQuery(zone string, result ListResult) {
	ListQueries.WithLabelValues(c.Name, c.View, zone, string(result)).Inc()
}
