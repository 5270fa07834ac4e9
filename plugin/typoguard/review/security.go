package review

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// maxBody bounds the body of a request.
const maxBody = 64 << 10

// headers are those of every answer. Nothing comes from elsewhere and nobody else may read, frame or post to the page.
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

// secure lets requests through to next only if they were meant for this page: by its address or one of its names, so that
// no name of somebody else's that leads here (DNS rebinding) makes a browser read it, and, if they would change anything, from
// the page itself. Authentication is before it: answers 401 of the exporter toolkit have no headers but its own.
func secure(next http.Handler, host string) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if !isMeant(r.Host, host) {
			http.Error(w, "421 unknown host name: use the server's IP address, or the host name configured for the review page", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// isMeant reports whether a Host header is an address, localhost, or the name of the page.
func isMeant(header, host string) bool {
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

// normalHost returns a host name as it is compared.
func normalHost(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }
