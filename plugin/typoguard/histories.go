package typoguard

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// Histories keeps histories of events in databases, and serves pages on which people review them. Package withhistory has
// them; this package does not link the databases and the web server, which take more than all the rest of the plugin.
type Histories interface {
	// Check returns an error for a DSN that is none, and else the name of the history: the DSN without its password. It has
	// no side effects.
	Check(dsn string) (name string, err error)
	// Open returns the target of the events of a history. It does not reach for the database yet.
	Open(HistoryConfig) (sink.Target, error)
	// CheckReview returns an error for a page that cannot be, without side effects.
	CheckReview(ReviewConfig) error
	// Listen serves a page from now on. An error to listen is final, one of the database is not.
	Listen(ReviewConfig) (ReviewServer, error)
}

// HistoryConfig is what the option history says.
type HistoryConfig struct {
	// DSN is the database: sqlite:///var/lib/typoguard/events.db, or postgres://user@host/database.
	DSN string
	// Age is how long events are kept, and Size how many octets they may take. 0 is for ever, and no bound.
	Age  time.Duration
	Size int64
	// Host is the resolver that reports.
	Host string
	// Logger takes what goes wrong when old events are removed.
	Logger *slog.Logger
}

// ReviewConfig is what the option review says.
type ReviewConfig struct {
	// Address is where the page is served, as HOST:PORT.
	Address string
	// WebConfig is a file of Prometheus's exporter-toolkit with TLS and users, or "".
	WebConfig string
	// Host is one more name by which browsers reach the page, or "".
	Host string
	// DSN is the history's.
	DSN string
	// Version is that of the program.
	Version string
	// Logger takes what goes wrong.
	Logger *slog.Logger
}

// ReviewServer is a page that is served.
type ReviewServer interface {
	// Addr is where it is.
	Addr() net.Addr
	// Close lets requests end until the context does, and leaves nothing open.
	Close(context.Context) error
}

// histories is who keeps histories, or nil. It is set before main begins, and never changes.
var histories Histories

// RegisterHistories makes the options history and review known. It is to be called once, from an init function, as plugins
// register themselves.
func RegisterHistories(h Histories) { histories = h }
