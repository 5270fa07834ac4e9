package review

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

const (
	// queryTimeout is how long a request may wait for the database.
	queryTimeout = 10 * time.Second
	// maxQueries and maxExports are how many requests ask the database at a time.
	maxQueries = 4
	maxExports = 2
)

// site is what all requests have in common.
type site struct {
	store     *history.Store
	logger    *slog.Logger
	version   string
	webConfig string
	assets    assets
	summaries *summaries
	queries   chan struct{}
	exports   chan struct{}
	now       func() time.Time
	failing   atomic.Bool // whether the database did not answer last
}

func newSite(config Config) *site {
	return &site{
		store: config.Store, logger: config.Logger, version: config.Version, webConfig: config.WebConfig, assets: vendored(), summaries: newSummaries(config.Store),
		queries: make(chan struct{}, maxQueries), exports: make(chan struct{}, maxExports), now: time.Now,
	}
}

// answer is what a request is answered with. It is made as a whole before any of it is sent.
type answer struct {
	status      int
	contentType string
	body        []byte
	location    string // of a redirect
}

// handler makes the answer to a request. An error that is no problem is the database's: its details are logged only.
type handler func(context.Context, *http.Request) (*answer, error)

// problem is an error that whoever asks is told of.
type problem struct {
	status  int
	message string
}

func (p *problem) Error() string { return p.message }

// The problems that any request may have.
var (
	errNotFound = &problem{http.StatusNotFound, "Page not found."}
	errUnknown  = &problem{http.StatusNotFound, "Event not found. It may have expired and been removed."}
	errReviewed = &problem{http.StatusConflict, "Someone else reviewed this event in the meantime, and your changes were not saved. Check their review; to replace it with yours, save again."}
	errCursor   = &problem{http.StatusBadRequest, "This page of the list no longer exists. Start again from the first page."}
	errBusy     = &problem{http.StatusServiceUnavailable, "Too many requests at the same time. Try again in a few seconds."}
	errDatabase = &problem{http.StatusServiceUnavailable, "The event database is unreachable or too slow. DNS answers are not affected. Try again in a few seconds; the server's log has the cause."}
	errMedia    = &problem{http.StatusUnsupportedMediaType, "Expected Content-Type: application/json."}
)

// handle answers by a handler, or tells of a problem.
func (s *site) handle(h handler, tell func(*problem) (*answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := s.ask(r, h)
		if p := s.problemOf(r, err); p != nil {
			a, err = tell(p)
		}
		if err != nil { // of a template: a mistake of ours
			s.logger.Error("Rendering a review page failed", "err", err)
			http.Error(w, "500 internal error; the server's log has the cause", http.StatusInternalServerError)
			return
		}
		send(w, a)
	})
}

// ask calls a handler when it may ask the database.
func (s *site) ask(r *http.Request, h handler) (*answer, error) {
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	select {
	case s.queries <- struct{}{}:
		defer func() { <-s.queries }()
		return h(ctx, r)
	case <-ctx.Done():
		return nil, errBusy
	}
}

// answered notes that the database answers, or does again.
func (s *site) answered() {
	if s.failing.CompareAndSwap(true, false) {
		s.logger.Info("The event database is answering the review page again")
	}
}

// Errors that wrap errRender are template errors, and those that wrap errReader come from the client that reads an export.
var (
	errRender = errors.New("template")
	errReader = errors.New("the client stopped reading the export")
)

// problemOf returns what to tell of an error; nil if there is none, or it is a mistake of ours.
func (s *site) problemOf(r *http.Request, err error) *problem {
	var p *problem
	switch {
	case err == nil:
		s.answered()
		return nil
	case errors.Is(err, errRender):
		return nil
	case errors.As(err, &p):
		return p
	case errors.Is(err, history.ErrUnknown):
		s.answered()
		return errUnknown
	case errors.Is(err, history.ErrReviewed):
		s.answered()
		return errReviewed
	case errors.Is(err, history.ErrCursor):
		return errCursor
	}
	s.logFailure(r, err)
	return errDatabase
}

// logFailure logs an error of the database: once until it answers again, since pages ask again and again, and not if nobody
// waits for its answer any more.
func (s *site) logFailure(r *http.Request, err error) {
	if r.Context().Err() == nil && !errors.Is(err, errReader) && s.failing.CompareAndSwap(false, true) {
		s.logger.Error("The event database failed to answer the review page", "err", err)
	}
}

// send writes an answer.
func send(w http.ResponseWriter, a *answer) {
	h := w.Header()
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.contentType != "" {
		h.Set("Content-Type", a.contentType)
	}
	if a.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) //nolint:gosec // templates have escaped it, or it is JSON; who has gone away needs no answer
}
