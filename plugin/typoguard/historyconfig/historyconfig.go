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

// Digest says what to sum up in a mail, when, and how to send it.
type Digest struct {
	// Name identifies it in logs and metrics, and in the database, by which resolvers agree on who sends it.
	Name string
	// To has the addresses of the recipients, with a comma between them, and From is that of the sender.
	To, From string
	// Relay is the mail server that takes it: smtp://HOST[:PORT], with STARTTLS unless Clear is set, or smtps://HOST[:PORT].
	Relay string
	Clear bool
	// CA is a file with the authorities for the server's certificate; "" means those of the system.
	CA string
	// Login is USER:PASSWORD; "" for none.
	Login string
	// Every is "day", or the name of a day of the week, and At the time of day, such as "07:00", in the time zone Zone; "" is the
	// server's.
	Every, At, Zone string
	// URL is where people find the review page; "" for no links to it.
	URL string
	// Policies are those whose events are summed up, with a line break between them.
	Policies string
	// DSN is that of their history.
	DSN string
	// Host is the resolver that sends it.
	Host string
	// Logger logs when it cannot be sent.
	Logger *slog.Logger
	// Observer learns of what becomes of it.
	Observer DigestObserver
}

// DigestObserver learns of what becomes of a digest. Its methods must not block.
type DigestObserver interface {
	// Sent is called when this resolver has sent one.
	Sent()
	// Failed is called for every attempt to send one that failed.
	Failed()
	// Overdue is called with true after such an attempt, and with false as soon as it was sent, by any resolver, or is too old.
	Overdue(bool)
}
