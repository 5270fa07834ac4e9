package typoguard

import (
	"context"
	"net"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// Histories keeps histories of events in databases, and serves pages on which people review them. Package withhistory has
// them; this package does not link the databases and the web server, which take more than all the rest of the plugin.
type Histories interface {
	// Check returns an error for a DSN that is none, and else the name of the history: the DSN without its password. It has
	// no side effects.
	Check(dsn string) (name string, err error)
	// Open returns the target of the events of a history. It does not reach for the database yet.
	Open(historyconfig.Store) (sink.Target, error)
	// CheckReview returns an error for a page that cannot be, without side effects.
	CheckReview(historyconfig.Page) error
	// ReadAllowed returns the list of what a policy allows according to a history. It changes nothing, and leaves nothing open. The error
	// wraps fs.ErrNotExist if nothing was ever allowed there. The lookup may be nil.
	ReadAllowed(ctx context.Context, dsn, policy string, lookup suffixlist.Lookup) ([]byte, error)
	// WatchAllowed calls a function whenever that may have changed, until the context ends.
	WatchAllowed(ctx context.Context, dsn string, changed func())
	// CheckDigest returns an error for a digest that cannot be, without side effects.
	CheckDigest(historyconfig.Digest) error
	// OpenDigest sends a mail whenever one is due.
	OpenDigest(historyconfig.Digest) (DigestSender, error)
	// Listen serves a page from now on. An error to listen is final, one of the database is not.
	Listen(historyconfig.Page) (ReviewServer, error)
}

// ReviewServer is a page that is served.
type ReviewServer interface {
	// Addr is where it is.
	Addr() net.Addr
	// Close lets requests end until the context does, and leaves nothing open.
	Close(context.Context) error
}

// DigestSender sends the mails that sum up a history.
type DigestSender interface {
	// Close stops it, and leaves nothing open.
	Close() error
}

// histories is who keeps histories, or nil. It is set before main begins, and never changes.
var histories Histories

// RegisterHistories makes the options history and review known. It is to be called once, from an init function, as plugins
// register themselves.
func RegisterHistories(h Histories) { histories = h }
