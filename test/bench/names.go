package main

import (
	"errors"
	"math/rand/v2"
	"path/filepath"

	"github.com/typoguard/coredns-typoguard/test/names"
)

// ordinaryNames is how many domains are asked for that are like no protected one. The answers, three for each, fit into
// the cache, which holds 9984 by default.
const ordinaryNames = 1000

// files are the paths of the policy's list, and of queries in dnsperf's format.
type files struct{ protected, ordinary, lookalikes string }

// writeFiles makes the files, with the same names in every run. Ordinary domains are made as protected ones are, but with
// other vowels: having three letters at least that no protected domain has, they are no lookalikes.
func writeFiles(dir string, domains int) (files, error) {
	random := rand.New(rand.NewPCG(1, 1))
	protected := names.Open("aei").Make(random, domains)
	f := files{
		protected:  filepath.Join(dir, "protected"),
		ordinary:   filepath.Join(dir, "ordinary"),
		lookalikes: filepath.Join(dir, "lookalikes"),
	}
	return f, errors.Join(
		names.WriteLines(f.protected, protected),
		names.WriteLines(f.ordinary, deliveries(names.Open("ou").Make(random, ordinaryNames))),
		names.WriteLines(f.lookalikes, everyType(lookalikes(protected))),
	)
}

// lookalikes returns for each domain a name that is one edit away from it; the kinds of edit take turns. None is a word
// itself: the edit leaves two vowels or two consonants side by side, or a letter that no word has.
func lookalikes(domains []string) []string {
	names := make([]string, len(domains))
	for i, d := range domains {
		edited := [...]string{
			d[3:],                   // omission: baike.mil
			d[2:3] + d[2:],          // addition: bannike.mil
			"x" + d[3:],             // substitution: baxike.mil
			d[3:4] + d[2:3] + d[4:], // transposition: bainke.mil
		}
		names[i] = d[:2] + edited[i%len(edited)]
	}
	return names
}

// deliveries returns what a mail server asks to find the host that takes the mail of each domain.
func deliveries(domains []string) []string {
	var queries []string
	for _, d := range domains {
		queries = append(queries, d+" MX", "mx."+d+" A", "mx."+d+" AAAA")
	}
	return queries
}

// everyType returns queries for the names by all types that lead a mail server to a host.
func everyType(names []string) []string {
	var queries []string
	for _, name := range names {
		queries = append(queries, name+" MX", name+" A", name+" AAAA")
	}
	return queries
}
