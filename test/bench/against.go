package main

import (
	"context"
	"fmt"
	"io"
)

// aliases is a cache of names that are all aliases. It is filled as resolver is.
const aliases = `    cache
    template IN MX . {
        match ^host[.]
        answer "{{ .Name }} 3600 IN MX 10 mx.{{ .Name }}"
        fallthrough
    }
    template IN A . {
        match ^host[.]
        answer "{{ .Name }} 3600 IN A 192.0.2.1"
        fallthrough
    }
    template IN AAAA . {
        match ^host[.]
        answer "{{ .Name }} 3600 IN AAAA 2001:db8::1"
        fallthrough
    }
    template IN ANY . {
        answer "{{ .Name }} 3600 IN CNAME host.{{ .Name }}"
    }
`

// measureAgainst compares a policy in this binary and in another one.
func measureAgainst(ctx context.Context, binary string, cpus cpus, files files, s settings) ([]result, error) {
	guarded := usual + policy(files.protected, s.distance, "")
	plugins := []string{guarded + resolver, guarded + aliases}
	ours, stop, err := startAll(ctx, binary, cpus.servers, plugins...)
	if err != nil {
		return nil, err
	}
	defer stop()
	theirs, stop, err := startAll(ctx, s.against, cpus.servers, plugins...)
	if err != nil {
		return nil, err
	}
	defer stop()
	return compareAll(ctx, cpus.load, s, []comparison{
		{name: "ordinary names, against the other binary", queries: files.ordinary, rcode: "NOERROR", ours: ours[0], theirs: theirs[0], required: 0.99},
		{name: "aliases, against the other binary", queries: files.ordinary, rcode: "NOERROR", ours: ours[1], theirs: theirs[1], required: 0.9},
	})
}

// printDifferences prints how much more CPU time an answer takes than one of the other server.
func printDifferences(w io.Writer, results []result) {
	fmt.Fprintln(w)
	for _, r := range results {
		more := func(p pair) float64 { return 1e6 * (p.ours.perAnswer() - p.theirs.perAnswer()) }
		values := r.values(more)
		fmt.Fprintf(w, "%s: %+.2f µs of CPU time for each answer, from %+.2f to %+.2f\n", r.name, r.median(more), values[0], values[len(values)-1])
	}
}
