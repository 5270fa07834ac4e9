package typoguard

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// reviewFarewell is how long the requests to a page have to end when it closes.
const reviewFarewell = 2 * time.Second

// reviewPage is a page to review a history on, as it is configured.
type reviewPage struct {
	config  ReviewConfig
	history string // its name, to be shown instead of the DSN
	at      position
}

// String returns the settings of the page.
func (p *reviewPage) String() string {
	return fmt.Sprintf("web_config %q host %q history %s", p.config.WebConfig, p.config.Host, p.history)
}

// reviewServers are the pages that are served, by the addresses that were configured.
type reviewServers map[string]*openReview

// openReview is a page with the settings that it was opened with.
type openReview struct {
	config ReviewConfig
	server ReviewServer
}

// addReviews makes the pages of a block part of the instance. Policies share a page at the same address.
func (i *instance) addReviews(b *block) error {
	for _, s := range b.stanzas {
		if s.review == nil {
			continue
		}
		address := s.review.config.Address
		if other := i.reviews[address]; other != nil && other.config != s.review.config {
			return s.review.at.errorf("review: %s contradicts %s at %s; expected the same settings for both, which share %s", s.review, other, other.at, address)
		}
		i.reviews[address] = s.review
	}
	return nil
}

// serveReviews serves the instance's pages, of which it inherits those that are open already with the same settings: requests
// to them go on. Others that were open are closed before any new one is opened, since it may be for the same address.
//
// After an error those that are open stay the instance's, to be inherited in their turn.
func (i *instance) serveReviews(inherited reviewServers) error {
	i.pages = reviewServers{}
	for address, open := range inherited {
		if p := i.reviews[address]; p != nil && p.config == open.config {
			i.pages[address] = open
		}
	}
	for address, open := range inherited {
		if i.pages[address] == nil {
			open.close()
		}
	}
	for _, address := range slices.Sorted(maps.Keys(i.reviews)) {
		if i.pages[address] != nil {
			continue
		}
		config := i.reviews[address].config
		with := config
		with.Logger = newLogger(log)
		server, err := histories.Listen(with)
		if err != nil {
			return fmt.Errorf("review %s: %w", address, err)
		}
		i.pages[address] = &openReview{config, server}
	}
	return nil
}

// closeReviews closes all pages.
func (i *instance) closeReviews() {
	for _, open := range i.pages {
		open.close()
	}
	i.pages = nil
}

func (r *openReview) close() {
	ctx, cancel := context.WithTimeout(context.Background(), reviewFarewell)
	defer cancel()
	if err := r.server.Close(ctx); err != nil {
		log.Errorf("Closing the review page on %s: %v", r.server.Addr(), err)
	}
}
