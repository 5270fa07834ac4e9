// Package withhistory adds the options history and review to the typoguard plugin. Import it for its side effect:
//
//	import _ "github.com/typoguard/coredns-typoguard/plugin/typoguard/withhistory"
//
// The plugin does not import it, because the database drivers and the web server are larger than all the rest.
package withhistory

import (
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/review"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

func init() { typoguard.RegisterHistories(histories{}) }

// histories implements typoguard.Histories.
type histories struct{}

// Check implements typoguard.Histories.
func (histories) Check(dsn string) (string, error) { return history.Check(dsn) }

// Open implements typoguard.Histories.
func (histories) Open(c typoguard.HistoryConfig) (sink.Target, error) {
	return history.Open(history.Config(c))
}

// CheckReview implements typoguard.Histories.
func (histories) CheckReview(c typoguard.ReviewConfig) error { return review.Check(page(c, nil)) }

// Listen implements typoguard.Histories. The page has its own store, which removes no events; the store of the sink does.
func (histories) Listen(c typoguard.ReviewConfig) (typoguard.ReviewServer, error) {
	store, err := history.Open(history.Config{DSN: c.DSN, Logger: c.Logger})
	if err != nil {
		return nil, err
	}
	server, err := review.Listen(page(c, store))
	if err != nil {
		_ = store.Close() // it was never used
		return nil, err
	}
	return server, nil
}

// page returns the configuration of a page.
func page(c typoguard.ReviewConfig, store *history.Store) review.Config {
	return review.Config{Address: c.Address, WebConfig: c.WebConfig, Host: c.Host, Store: store, Logger: c.Logger, Version: c.Version}
}
