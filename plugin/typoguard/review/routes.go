package review

import (
	"context"
	"net/http"
)

// routes maps requests to handlers. Other paths get 404, and other methods 405.
func routes(s *site) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", page(s, s.overview))
	mux.Handle("GET /events", page(s, s.list))
	mux.Handle("GET /events/{id}", page(s, s.detail))
	mux.Handle("POST /events/{id}/review", page(s, s.editor(s.review)))
	mux.Handle("POST /events/review", page(s, s.editor(s.bulk)))
	mux.Handle("POST /undo", page(s, s.editor(s.undo)))
	mux.Handle("POST /events/{id}/allow", page(s, s.editor(s.allow)))
	mux.Handle("POST /events/{id}/assign", page(s, s.editor(s.assign)))
	mux.Handle("GET /allowed", page(s, s.allowed))
	mux.Handle("POST /allowed/revoke", page(s, s.editor(s.revoke)))
	mux.Handle("GET /allowed/{policy}", s.handle(s.allowList, plainProblem))
	mux.Handle("GET /events.csv", s.export(writeCSV))
	mux.Handle("GET /events.json", s.export(writeJSON))
	mux.Handle("GET /assets/{version}/{name...}", s.assets)
	mux.Handle("GET /", page(s, func(context.Context, *http.Request) (*answer, error) { return nil, errNotFound }))

	mux.Handle("GET /api/v1/openapi.yaml", api(s, s.apiDescription))
	mux.Handle("GET /api/v1/summary", api(s, s.apiSummary))
	mux.Handle("GET /api/v1/events", api(s, s.apiEvents))
	mux.Handle("GET /api/v1/events/{id}", api(s, s.apiEvent))
	mux.Handle("PUT /api/v1/events/{id}/review", api(s, s.editor(s.apiReview)))
	mux.Handle("POST /api/v1/reviews", api(s, s.editor(s.apiBulk)))
	mux.Handle("POST /api/v1/undo", api(s, s.editor(s.apiUndo)))
	mux.Handle("GET /api/v1/decisions", api(s, s.apiDecisions))
	mux.Handle("PUT /api/v1/decisions", api(s, s.editor(s.apiDecide)))
	mux.Handle("PUT /api/v1/events/{id}/allow", api(s, s.editor(s.apiAllow)))
	mux.Handle("PUT /api/v1/events/{id}/assignee", api(s, s.editor(s.apiAssign)))
	mux.Handle("GET /api/v1/allowed", api(s, s.apiAllowed))
	mux.Handle("DELETE /api/v1/allowed", api(s, s.editor(s.apiRevoke)))
	mux.Handle("GET /api/v1/journal", api(s, s.apiJournal))
	mux.Handle("GET /api/", api(s, func(context.Context, *http.Request) (*answer, error) { return nil, errNotFound }))
	return mux
}

// page returns a handler that answers with HTML.
func page(s *site, h handler) http.Handler { return s.handle(h, s.problemPage) }

// api returns a handler that answers with JSON.
func api(s *site, h handler) http.Handler { return s.handle(h, problemJSON) }
