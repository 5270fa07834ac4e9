package review

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// maxBody bounds the body of a request.
const maxBody = 64 << 10

// headers are the headers of every answer. The page loads nothing from other origins, and none of them may read, frame or post to it.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Cache-Control":                "no-store",
}

// secure passes requests to next only if their host is an address or name of this page, so that no foreign name (DNS rebinding) makes
// a browser read it, and, if they would change anything, only if they come from the page itself. Authentication comes first: 401
// answers of the exporter toolkit have only its own headers.
func secure(next http.Handler, host string) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if !isOwnHost(r.Host, host) {
			http.Error(w, "421 unknown host name: use the server's IP address, or the host name configured for the review page", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// isOwnHost reports whether a Host header is an address, localhost, or the name of the page.
func isOwnHost(header, host string) bool {
	name := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	name = normalHost(name)
	return name == "localhost" || (host != "" && name == normalHost(host))
}

// normalHost returns a host name in the form to compare.
func normalHost(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }
