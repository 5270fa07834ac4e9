package main

import (
	"math/rand/v2"
	"strings"
)

const consonants, vowels = "bdfghklmnprstv", "aeiou"

var topLevels = []string{"mil", "nl", "de", "net", "be"}

// words returns different domains such as banike.mil, of three to five syllables. They are the same in every run.
func words(count int) []string {
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
