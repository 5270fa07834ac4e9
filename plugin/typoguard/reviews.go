package typoguard

import (
	"context"
	"fmt"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pool"
)

// reviewShutdownTimeout is how long the requests to a closing page have to end.
const reviewShutdownTimeout = 2 * time.Second

// addReview adds the review page of a policy, if it has one, to the instance. Policies share a page at the same address.
func addReview(all map[string]*reviewConfig, c *reviewConfig) error {
	if c == nil {
		return nil
	}
	if other := all[c.Address]; other != nil && other.Page != c.Page {
		return c.at.Errorf("review: %s contradicts %s at %s; expected the same settings for both, which share %s", c, other, other.at, c.Address)
	}
	all[c.Address] = c
	return nil
}

// reviewPool holds the served pages, by configured address. At a reload, requests to them continue.
type reviewPool = pool.Pool[*reviewConfig, ReviewServer]

func newReviewPool() *reviewPool {
	return &reviewPool{
		Same:  func(a, b *reviewConfig) bool { return a.Page == b.Page },
		Open:  openReview,
		Close: closeReview,
	}
}

func openReview(c *reviewConfig) (ReviewServer, error) {
	config := c.Page
	config.Logger, config.Observer = newLogger(log), metrics.NewHistory(c.history)
	server, err := histories.Listen(config)
	if err != nil {
		return nil, fmt.Errorf("review %s: %w", c.Address, err)
	}
	return server, nil
}

func closeReview(server ReviewServer) {
	ctx, cancel := context.WithTimeout(context.Background(), reviewShutdownTimeout)
	defer cancel()
	if err := server.Close(ctx); err != nil {
		log.Errorf("closing the review page on %s: %v", server.Addr(), err)
	}
}
