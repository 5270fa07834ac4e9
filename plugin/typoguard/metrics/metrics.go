// Package metrics has all metrics of the plugin, and the types that count in them. Metrics belong to the process: they are registered
// once and outlive every reload. No other package of the plugin imports Prometheus's client library.
package metrics

const (
	// namespace is the namespace of CoreDNS's own metrics.
	namespace = "coredns"
	subsystem = "typoguard"
)

// Values of the label result.
const (
	ResultOK    = "ok"
	ResultError = "error"
	ResultBusy  = "busy"
)
