package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

const (
	checkedNames = 200    // that every server must hide, half of them below a lookalike
	askedNames   = 10_000 // in the load
)

// job is what every server has to do.
type job struct {
	protected     []string
	protectedFile string   // has them, one a line
	zoneFile      string   // has their lookalikes, as a response policy zone
	rows          int      // of the zone
	checked       []string // lookalikes, and names below them
	queries       string   // the file of the load
}

// newJob makes the files of a job in a directory.
func newJob(dir string, domains int) (job, error) {
	j := job{
		protected:     words(domains),
		protectedFile: filepath.Join(dir, "protected"),
		zoneFile:      filepath.Join(dir, "zone"),
		queries:       filepath.Join(dir, "queries"),
	}
	names := lookalikes(j.protected)
	j.rows = 2 * len(names)
	// In any order but the zone's, in which neighbours are found faster. It is the same in every run.
	shuffled := make([]string, len(names))
	for i, n := range rand.New(rand.NewPCG(2, 2)).Perm(len(names)) {
		shuffled[i] = names[n]
	}
	for i, name := range shuffled[:min(checkedNames, len(shuffled))] {
		if i%2 == 1 {
			name = "mail." + name
		}
		j.checked = append(j.checked, name)
	}

	for path, write := range map[string]func(io.Writer){
		j.protectedFile: func(w io.Writer) { fmt.Fprintln(w, strings.Join(j.protected, "\n")) },
		j.zoneFile:      func(w io.Writer) { writeZone(w, names) },
		j.queries: func(w io.Writer) {
			for _, name := range shuffled[:min(askedNames, len(shuffled))] {
				fmt.Fprintln(w, name, "MX") // what a mail server asks first, and then no more
			}
		},
	} {
		if err := writeFile(path, write); err != nil {
			return job{}, err
		}
	}
	return j, nil
}

// variables returns what the configurations of servers say of the job.
func (j job) variables() map[string]string {
	return map[string]string{
		"policy":   "typoguard {\n        protect_file " + j.protectedFile + "\n    }",
		"zone":     j.zoneFile,
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

// writeFile makes a file of what a function writes.
func writeFile(path string, write func(io.Writer)) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	write(w)
	return errors.Join(w.Flush(), file.Close()) // the former fails if any write did
}

// writeZone writes a response policy zone that hides the names and all below them.
func writeZone(w io.Writer, names []string) {
	fmt.Fprintln(w, "$ORIGIN "+resolvers.ZoneName+".\n$TTL 60\n@ SOA localhost. nobody.invalid. 1 3600 600 604800 60\n@ NS localhost.")
	for _, name := range names {
		fmt.Fprintf(w, "%s CNAME .\n*.%[1]s CNAME .\n", name)
	}
}
