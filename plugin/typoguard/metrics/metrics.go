// Package metrics has all metrics of the plugin, and what counts in them. They are the process's: registered once, they
// outlive every reload. It knows Prometheus, which no other package of the plugin does.
package metrics

const (
	// namespace is that of CoreDNS's own metrics.
	namespace = "coredns"
	subsystem = "typoguard"
)

// Values of the label result.
const (
	ResultOK    = "ok"
	ResultError = "error"
	ResultBusy  = "busy"
)
