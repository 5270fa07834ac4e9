package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// ordinaryNames is how many domains are asked for that are like no protected one. Their answers fit into the cache, which
// holds 9984 by default.
const ordinaryNames = 1000

const consonants = "bdfghklmnprstv"

// topLevels have neither an o nor a u: see measure.
var topLevels = []string{"mil", "nl", "de", "net", "be"}

// words returns different domains such as banike.mil, of three to five syllables with the given vowels. They are the same
// in every run.
func words(count int, vowels string) []string {
	random := rand.New(rand.NewPCG(1, 1))
	seen := make(map[string]struct{}, count)
	var domains []string
	for len(domains) < count {
		var b strings.Builder
		for range 3 + random.IntN(3) {
			b.WriteByte(consonants[random.IntN(len(consonants))])
			b.WriteByte(vowels[random.IntN(len(vowels))])
		}
		b.WriteString("." + topLevels[random.IntN(len(topLevels))])
		if _, ok := seen[b.String()]; !ok {
			seen[b.String()] = struct{}{}
			domains = append(domains, b.String())
		}
	}
	return domains
}

// lookalikes returns one name for each domain that is one edit away from it. All kinds of edit take turns. None is
// itself a word: the edit leaves two vowels or two consonants side by side, or a letter that words never have.
func lookalikes(domains []string) []string {
	names := make([]string, len(domains))
	for i, d := range domains {
		names[i] = d[:2] + [...]string{
			d[3:],                   // omission
			d[2:3] + d[2:],          // addition
			"x" + d[3:],             // substitution
			d[3:4] + d[2:3] + d[4:], // transposition
		}[i%4]
	}
	return names
}

// mailQueries returns what a mail server asks to deliver to each of the domains, in dnsperf's format.
func mailQueries(domains []string) []string {
	var queries []string
	for _, d := range domains {
		queries = append(queries, d+" MX", "mx."+d+" A", "mx."+d+" AAAA")
	}
	return queries
}

// everyType returns queries for the names by the types that lead a mail server to a host.
func everyType(names []string) []string {
	var queries []string
	for _, name := range names {
		queries = append(queries, name+" MX", name+" A", name+" AAAA")
	}
	return queries
}

// writeLines makes a file of the lines, and returns its path.
func writeLines(dir, name string, lines []string) (string, error) {
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}
