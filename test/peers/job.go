package main

import (
	"context"
	"math/rand/v2"
	"path/filepath"

	"github.com/typoguard/coredns-typoguard/test/names"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

const (
	checkedNames = 200    // that every server must hide, half of them below a lookalike
	askedNames   = 10_000 // in the load
)

// job is what every server has to do.
type job struct {
	protected []string
	policy    string          // protects them
	zone      *resolvers.Zone // of the policy
	checked   []string        // lookalikes, and names below them
	queries   string          // the file of the load
}

// newJob makes the files of a job in a directory, the zone with our binary.
func newJob(ctx context.Context, dir, binary string, domains int) (job, error) {
	// The same ones in every run.
	j := job{protected: names.Open("aeiou").Make(rand.New(rand.NewPCG(1, 1)), domains), queries: filepath.Join(dir, "queries")}
	list := filepath.Join(dir, "protected")
	if err := names.WriteLines(list, j.protected); err != nil {
		return job{}, err
	}
	j.policy = "typoguard {\n        protect_file " + list + "\n    }"
	var err error
	if j.zone, err = resolvers.WriteZone(ctx, binary, j.policy, filepath.Join(dir, "zone")); err != nil {
		return job{}, err
	}
	// In any order but the zone's, in which neighbours are found faster. It is the same in every run.
	hidden := j.zone.Hidden
	rand.New(rand.NewPCG(2, 2)).Shuffle(len(hidden), func(i, k int) { hidden[i], hidden[k] = hidden[k], hidden[i] })
	for i, name := range hidden[:min(checkedNames, len(hidden))] {
		if i%2 == 1 {
			name = "mail." + name
		}
		j.checked = append(j.checked, name)
	}
	var queries []string
	for _, name := range hidden[:min(askedNames, len(hidden))] {
		queries = append(queries, name+" MX") // what a mail server asks first, and then no more
	}
	return j, names.WriteLines(j.queries, queries)
}

// variables returns what the configurations of servers say of the job.
func (j job) variables() map[string]string {
	return map[string]string{
		"policy":   j.policy,
		"zone":     j.zone.File,
		"upstream": noUpstream,
	}
}

// isHidden returns a function that reports whether the server at a port hides all the names. It asks for one of them
// until it does, and then for the next. Before the server serves, and while it loads, there may be no answer, or another.
func (j job) isHidden() func(port string) bool {
	left := j.checked
	return func(port string) bool {
		for len(left) > 0 {
			if hidden, err := hides(port, left[0]); err != nil || !hidden {
				return false
			}
			left = left[1:]
		}
		return true
	}
}
