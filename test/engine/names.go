package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var (
	syllables = strings.Fields("al ar ast ber ca co dal de en er fo gar ha im in ka lo ma men na ner or pa per ra ri sa si tech ter tra ul va ver wi")
	topLevels = strings.Fields("com com com org net mil nl de gov example")
)

// words returns different domains such as marinerka.com, of two to five syllables. They are the same in every run.
func words(count int) []string {
	random := rand.New(rand.NewPCG(1, 1))
	seen := make(map[string]struct{}, count)
	var domains []string
	for len(domains) < count {
		var b strings.Builder
		for range 2 + random.IntN(4) {
			b.WriteString(syllables[random.IntN(len(syllables))])
		}
		b.WriteString("." + topLevels[random.IntN(len(topLevels))])
		if _, ok := seen[b.String()]; !ok {
			seen[b.String()] = struct{}{}
			domains = append(domains, b.String())
		}
	}
	return domains
}

// lookalikes returns one name for each domain, with a letter replaced by one that no domain has.
func lookalikes(domains []string) []string {
	names := make([]string, len(domains))
	for i, d := range domains {
		names[i] = d[:1] + "q" + d[2:]
	}
	return names
}

// unlike returns the names that are like no protected domain.
func unlike(find finder, names []string) ([]string, error) {
	var rest []string
	for _, name := range names {
		near, err := find(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !near {
			rest = append(rest, name)
		}
	}
	return rest, nil
}
