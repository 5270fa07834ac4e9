package review

import (
	"context"
	"net/http"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// newHandler returns the handler of all requests.
func newHandler(config historyconfig.Page, store *history.Store) http.Handler {
	return routes(newSite(config, store))
}

// routes maps requests to handlers. Other paths get 404, and other methods 405.
func routes(s *site) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", page(s, s.overview))
	mux.Handle("GET /events", page(s, s.list))
	mux.Handle("GET /events/{id}", page(s, s.detail))
	mux.Handle("POST /events/{id}/review", page(s, s.review))
	mux.Handle("POST /events/review", page(s, s.bulk))
	mux.Handle("POST /undo", page(s, s.undo))
	mux.Handle("GET /events.csv", s.export(writeCSV))
	mux.Handle("GET /events.json", s.export(writeJSON))
	mux.Handle("GET /assets/{version}/{name...}", s.assets)
	mux.Handle("GET /", page(s, func(context.Context, *http.Request) (*answer, error) { return nil, errNotFound }))

	mux.Handle("GET /api/v1/openapi.yaml", api(s, s.apiDescription))
	mux.Handle("GET /api/v1/summary", api(s, s.apiSummary))
	mux.Handle("GET /api/v1/events", api(s, s.apiEvents))
	mux.Handle("GET /api/v1/events/{id}", api(s, s.apiEvent))
	mux.Handle("PUT /api/v1/events/{id}/review", api(s, s.apiReview))
	mux.Handle("POST /api/v1/reviews", api(s, s.apiBulk))
	mux.Handle("POST /api/v1/undo", api(s, s.apiUndo))
	mux.Handle("GET /api/", api(s, func(context.Context, *http.Request) (*answer, error) { return nil, errNotFound }))
	return mux
}

// page returns a handler that answers with HTML.
func page(s *site, h handler) http.Handler { return s.handle(h, s.problemPage) }

// api returns a handler that answers with JSON.
func api(s *site, h handler) http.Handler { return s.handle(h, problemJSON) }
