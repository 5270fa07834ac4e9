package review

import (
	"context"
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// fresh is how long a summary is reused: a page that refreshes itself requests it twice, and several pages may be open.
const fresh = time.Second

// summaries caches the latest summaries.
type summaries struct {
	store *history.Store
	mu    sync.Mutex // guards last; never held during a database query
	last  map[summaryKey]*summaryMade
}

type summaryKey struct {
	span history.Span
	by   history.Dimension
}

// summaryMade is a cached summary, which never changes.
type summaryMade struct {
	at      time.Time
	totals  []history.Totals
	summary *history.Summary
	backlog *history.Backlog
}

func newSummaries(store *history.Store) *summaries {
	return &summaries{store: store, last: map[summaryKey]*summaryMade{}}
}

// of returns the totals, the summary of a span by a dimension, and what waits to be reviewed.
func (s *summaries) of(ctx context.Context, span history.Span, by history.Dimension) (*summaryMade, error) {
	key := summaryKey{span, by}
	s.mu.Lock()
	last := s.last[key]
	s.mu.Unlock()
	if last != nil && time.Since(last.at) < fresh {
		return last, nil
	}
	made := &summaryMade{}
	var err error
	if made.totals, err = s.store.Totals(ctx); err != nil {
		return nil, err
	}
	if made.summary, err = s.store.Summary(ctx, span, by); err != nil {
		return nil, err
	}
	if made.backlog, err = s.store.Backlog(ctx); err != nil {
		return nil, err
	}
	made.at = time.Now()
	s.mu.Lock()
	s.last[key] = made
	s.mu.Unlock()
	return made, nil
}
