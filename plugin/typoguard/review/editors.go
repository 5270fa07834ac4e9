package review

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// editorsOf returns who may change anything on a page; nil for everybody.
func editorsOf(config historyconfig.Page) []string {
	if config.Editors == "" {
		return nil
	}
	return strings.Split(config.Editors, "\n")
}

// edits reports whether whoever sent a request may change anything. A request asks once: the answer is that of the web-config file, which may
// change at any time.
func (s *site) edits(r *http.Request) bool {
	return s.editors == nil || slices.Contains(s.editors, s.reviewer(r))
}

// editor returns a handler that only editors reach.
func (s *site) editor(h handler) handler {
	return func(ctx context.Context, r *http.Request) (*answer, error) {
		if !s.edits(r) {
			return nil, errNoEditor
		}
		return h(ctx, r)
	}
}
