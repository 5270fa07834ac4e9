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
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

const (
	// queryTimeout is how long a request may wait for the database.
	queryTimeout = 10 * time.Second
	// maxQueries and maxExports are the numbers of concurrent database queries and exports.
	maxQueries = 4
	maxExports = 2
)

// site is the state that all requests share.
type site struct {
	store     *history.Store
	logger    *slog.Logger
	version   string
	webConfig string
	editors   []string // who may change anything; everybody if there are none
	assets    assets
	summaries *summaries
	names     *clientNames
	history   string // its DSN, without a password
	queries   chan struct{}
	exports   chan struct{}
	now       func() time.Time
	failing   atomic.Bool // whether the last database query failed
}

func newSite(config historyconfig.Page, store *history.Store) (*site, error) {
	ptr, err := newPTRNames(config.ClientsPTR)
	if err != nil {
		return nil, err
	}
	return &site{
		store: store, logger: config.Logger, version: config.Version, webConfig: config.WebConfig, editors: editorsOf(config), assets: vendored(),
		summaries: newSummaries(store), names: newClientNames(config.ClientsFile, ptr, config.Logger),
		history: history.WithoutPassword(config.DSN), queries: make(chan struct{}, maxQueries), exports: make(chan struct{}, maxExports), now: time.Now,
	}, nil
}

// close ends what goes on in the background.
func (s *site) close() { s.names.ptr.close() }

// answer is the answer to a request, complete before any of it is sent.
type answer struct {
	status      int
	contentType string
	body        []byte
	location    string // of a redirect
}

// handler answers a request. An error that is not a problem is a database error, whose details are only logged.
type handler func(context.Context, *http.Request) (*answer, error)

// problem is an error to show to the client.
type problem struct {
	status  int
	message string
}

func (p *problem) Error() string { return p.message }

// The problems of any request.
var (
	errNotFound = &problem{http.StatusNotFound, "Page not found."}
	errUnknown  = &problem{http.StatusNotFound, "Event not found. It may have expired and been removed."}
	errReviewed = &problem{http.StatusConflict, "Someone else reviewed this event in the meantime, and your changes were not saved. Check their review; to replace it with yours, save again."}
	errCursor   = &problem{http.StatusBadRequest, "This page of the list no longer exists. Start again from the first page."}
	errBusy     = &problem{http.StatusServiceUnavailable, "Too many requests at the same time. Try again in a few seconds."}
	errDatabase = &problem{http.StatusServiceUnavailable, "The event database is unreachable or too slow. DNS answers are not affected. Try again in a few seconds; the server's log has the cause."}
	errForm     = &problem{http.StatusBadRequest, "The form is malformed or too large."}
	errNoEditor = &problem{http.StatusForbidden, "You may read this page, but not change anything: you are none of its editors."}
	errMedia    = &problem{http.StatusUnsupportedMediaType, "Expected Content-Type: application/json."}
)

// handle returns an HTTP handler. The function tell makes the answer about a problem.
func (s *site) handle(h handler, tell func(*problem) (*answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := s.ask(r, h)
		if p := s.problemOf(r, err); p != nil {
			a, err = tell(p)
		}
		if err != nil { // of a template: a bug
			s.logger.Error("Rendering a review page failed", "err", err)
			http.Error(w, "500 internal error; the server's log has the cause", http.StatusInternalServerError)
			return
		}
		send(w, a)
	})
}

// ask calls a handler once it may query the database.
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

// answered records that the database answers, possibly again.
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

// problemOf returns the problem to show for an error; nil without an error, or if the error is a bug.
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

// logFailure logs a database error, but only once until the database answers again, because pages refresh themselves, and not if the
// client has gone away.
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
	_, _ = w.Write(a.body) //nolint:gosec // templates escaped it, or it is JSON; the client may be gone
}
