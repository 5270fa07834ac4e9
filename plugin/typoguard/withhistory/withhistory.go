// Package withhistory adds the options history and review to the typoguard plugin. Import it for its side effect:
//
//	import _ "github.com/typoguard/coredns-typoguard/plugin/typoguard/withhistory"
//
// The plugin does not import it, because the database drivers and the web server are larger than all the rest.
package withhistory

import (
	"context"
	"errors"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/digest"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/review"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

func init() { typoguard.RegisterHistories(histories{}) }

// histories implements typoguard.Histories.
type histories struct{}

// Check implements typoguard.Histories.
func (histories) Check(dsn string) (string, error) { return history.Check(dsn) }

// Open implements typoguard.Histories.
func (histories) Open(c historyconfig.Store) (sink.Target, error) { return history.Open(c) }

// CheckReview implements typoguard.Histories.
func (histories) CheckReview(c historyconfig.Page) error { return review.Check(c) }

// ReadAllowed implements typoguard.Histories.
func (histories) ReadAllowed(ctx context.Context, dsn, policy string, lookup suffixlist.Lookup) ([]byte, error) {
	return history.ReadAllowed(ctx, dsn, policy, history.Lookup(lookup))
}

// WatchAllowed implements typoguard.Histories.
func (histories) WatchAllowed(ctx context.Context, dsn string, changed func()) {
	history.WatchAllowed(ctx, dsn, changed)
}

// CheckDigest implements typoguard.Histories.
func (histories) CheckDigest(c historyconfig.Digest) error { return digest.Check(c) }

// OpenDigest implements typoguard.Histories. Like the page, it has a store of its own.
func (histories) OpenDigest(c historyconfig.Digest) (typoguard.DigestSender, error) {
	store, err := history.Open(historyconfig.Store{DSN: c.DSN, Host: c.Host, Logger: c.Logger})
	if err != nil {
		return nil, err
	}
	sender, err := digest.Open(c, store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return sender, nil
}

// Listen implements typoguard.Histories. The page has its own store, which removes no events; the store of the sink does.
func (histories) Listen(c historyconfig.Page) (typoguard.ReviewServer, error) {
	store, err := history.Open(historyconfig.Store{DSN: c.DSN, Logger: c.Logger, Observer: c.Observer})
	if err != nil {
		return nil, err
	}
	server, err := review.Listen(c, store)
	if err != nil {
		_ = store.Close() // it was never used
		return nil, err
	}
	return server, nil
}
