package review

import (
	"net/http"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// guard is what a page demands of its clients from its start on. The web-config file is read again for each request, and if it loses its
// users while the page is open, the exporter toolkit lets everybody in.
type guard struct {
	webConfig    string
	users, certs bool
}

// newGuard returns what the web-config file of a page demands now.
func newGuard(config historyconfig.Page) (*guard, error) {
	g := &guard{webConfig: config.WebConfig}
	if config.WebConfig == "" {
		return g, nil
	}
	settings, err := readWebConfig(config.WebConfig)
	if err != nil {
		return nil, err
	}
	g.users, g.certs = len(settings.Users) > 0, settings.TLSConfig.ClientAuth == mutualTLS
	return g, nil
}

// holds reports whether a request has met all of it.
func (g *guard) holds(r *http.Request) bool {
	if g.certs && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0) {
		return false
	}
	if !g.users {
		return true
	}
	settings, err := readWebConfig(g.webConfig)
	return err == nil && len(settings.Users) > 0
}

// handler passes requests to next only while the guard holds.
func (g *guard) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.holds(r) {
			http.Error(w, "503 the web-config file no longer says who may read this: restore it, or restart the server", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}
