// Package historyconfig has the configurations of a history and of its page. The plugin makes them of the options history and
// review, and must not link packages history and review, which take them: the database drivers and the web server are larger
// than all the rest.
package historyconfig

import (
	"log/slog"
	"time"
)

// Observer learns of what happens to a history.
type Observer interface {
	// Damaged is called when a damaged database is set aside, or has lost the end of its write-ahead log.
	Damaged()
}

// Store says where to store events, and for how long.
type Store struct {
	// DSN is the database: sqlite:///var/lib/typoguard/events.db, or postgres://user@host/database.
	DSN string
	// Age is how long events are kept; 0 means forever.
	Age time.Duration
	// Size is the maximum size of the events in bytes; 0 means no limit. In PostgreSQL it counts the rows of events, but neither
	// their indexes nor rows that VACUUM has yet to remove.
	Size int64
	// Host is the resolver that reports.
	Host string
	// Logger logs when removing old events fails and when it works again; it may be nil.
	Logger *slog.Logger
	// Observer learns of damage; it may be nil.
	Observer Observer
}

// Page says where to serve the page on which people review events.
type Page struct {
	// Address is "host:port". The host is an IP address or "localhost". Other than loopback addresses need a WebConfig.
	Address string
	// WebConfig is a file with TLS and basic authentication in the format of Prometheus's exporter toolkit, or "". The file and
	// its certificates are read again for new connections. Its http_headers cannot weaken those of the page.
	WebConfig string
	// Host is a host name that requests may use, besides IP addresses and "localhost"; "" for none.
	Host string
	// ClientsFile has the names of clients, one a line: an address or network, and its name. It is read again when it changes; "" for
	// none.
	ClientsFile string
	// ClientsPTR is the resolver that knows the names of clients that are not in the file: "system", or an address; "" for none.
	ClientsPTR string
	// Editors are the users who may change anything, with a line break between them; "" for everybody who can log in.
	Editors string
	// DSN is that of the history.
	DSN string
	// Version is shown on the page.
	Version string
	// Logger logs failures, and never names; it may be nil.
	Logger *slog.Logger
	// Observer learns of damage; it may be nil.
	Observer Observer
}
