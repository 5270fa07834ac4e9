//go:build e2e

package soak_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// fault is something that goes wrong on a host.
type fault struct {
	name string
	rank rank
	// of is what it is a fault of: only one at a time.
	of string
	// begin makes it go wrong, and end right again; end may be nil if it does not last.
	begin, end func(ctx context.Context, s *storm) error
}

// faults returns all of them.
func (w *world) faults() []fault {
	var all []fault
	for i := range w.upstreams {
		all = append(all, w.upstreamFaults(i)...)
	}
	for _, file := range []string{protectFile, allowFile} {
		all = append(all, w.listFaults(file)...)
	}
	return slices.Concat(all, w.webFaults(), w.sinkFaults(), processFaults(), w.clockFaults())
}

// upstreamFaults are those of an upstream. Both may have one at the same time: then nobody knows anything.
func (w *world) upstreamFaults(i int) []fault {
	u := w.upstreams[i]
	of := fmt.Sprintf("upstream %d", i+1)
	all := []fault{{
		of + " gone", rough, of,
		func(context.Context, *storm) error { return u.stop() },
		func(context.Context, *storm) error { return u.start() },
	}}
	for name, m := range map[string]mood{"silent": silent, "slow": slow, "lying": lying, "truncating": truncating, "refusing": refusing} {
		all = append(all, fault{
			of + " " + name, rough, of,
			func(context.Context, *storm) error { u.be(m); return nil },
			func(context.Context, *storm) error { u.be(honest); return nil },
		})
	}
	return all
}

// hugeList is the number of suffixes of a huge list.
const hugeList = 50_000

// listFaults are those of a list file. None of them takes anything away.
func (w *world) listFaults(file string) []fault {
	of := file
	path := filepath.Join(w.lists, file)
	whole := contents(file)
	replace := func(content string) func(context.Context, *storm) error {
		return func(context.Context, *storm) error { return w.write(file, content) }
	}
	// A list that a reload of the Corefile would take must be right again before one.
	heal := func(context.Context, *storm) error { return errors.Join(os.RemoveAll(path), w.write(file, whole)) }
	return []fault{
		{of + " gone", harmless, of, func(context.Context, *storm) error { return os.Remove(path) }, heal},
		{of + " a pipe", harmless, of, func(context.Context, *storm) error {
			return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o644))
		}, heal},
		{of + " a directory", harmless, of, func(context.Context, *storm) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o755))
		}, heal},
		{of + " broken", harmless, of, replace(whole + "no suffix at all\n"), heal},
		{of + " binary", harmless, of, replace(randomBytes(4096)), heal},
		{of + " shrunk", harmless, of, replace(whole[:len(whole)/4]), heal},
		{of + " an error page", harmless, of, replace("unavailable\n"), heal},
		{of + " empty", harmless, of, replace(""), heal},
		{of + " huge", harmless, of, replace(whole + listOf("bulk", hugeList)), heal},
	}
}

// randomBytes returns bytes at random.
func randomBytes(n int) string {
	all := make([]byte, n)
	for i := range all {
		all[i] = byte(rand.Uint32())
	}
	return string(all)
}

// webFaults are those of the server of the fetched list.
func (w *world) webFaults() []fault {
	const of = "web server"
	whole := listOf("supplier", entries)
	heal := func(context.Context, *storm) error { w.web.tell(); return nil }
	answers := map[string]http.HandlerFunc{
		"fails":  func(to http.ResponseWriter, _ *http.Request) { to.WriteHeader(http.StatusServiceUnavailable) },
		"hangs":  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"closes": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"misleads": func(to http.ResponseWriter, _ *http.Request) {
			_, _ = to.Write([]byte("<html>Log in, please</html>\n"))
		},
		"forgets": func(to http.ResponseWriter, _ *http.Request) { _, _ = to.Write([]byte(whole[:len(whole)/4])) },
		"redirects": func(to http.ResponseWriter, r *http.Request) {
			http.Redirect(to, r, "http://127.0.0.1/", http.StatusFound)
		},
		"cuts off": func(to http.ResponseWriter, _ *http.Request) {
			to.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			_, _ = to.Write([]byte(whole[:len(whole)/2]))
		},
		"floods": func(to http.ResponseWriter, r *http.Request) {
			line := []byte(strings.Repeat("flood.example\n", 4096))
			for r.Context().Err() == nil {
				if _, err := to.Write(line); err != nil {
					return
				}
			}
		},
	}
	var all []fault
	for name, answer := range answers {
		all = append(all, fault{of + " " + name, harmless, of, func(context.Context, *storm) error { w.web.be(answer); return nil }, heal})
	}
	return all
}
