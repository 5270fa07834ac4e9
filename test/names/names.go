// Package names makes up domains for measurements. For the same random numbers they are the same, so that the figures of one run
// can be compared with those of another.
package names

import (
	"math/rand/v2"
	"os"
	"strings"
)

// Form is how domains are made: of syllables, and a top-level domain.
type Form struct {
	least, most int // syllables
	syllable    func(*rand.Rand) string
	topLevels   []string
}

// Compound makes domains such as marinerka.com, of parts that many names have.
var Compound = Form{
	least: 2, most: 5,
	syllable:  func(random *rand.Rand) string { return pick(random, parts) },
	topLevels: strings.Fields("com com com org net mil nl de gov example"),
}

var parts = strings.Fields("al ar ast ber ca co dal de en er fo gar ha im in ka lo ma men na ner or pa per ra ri sa si tech ter tra ul va ver wi")

// Mixed makes domains such as kudipso.co.uk, of open and closed syllables of all letters.
var Mixed = Form{
	least: 2, most: 5,
	syllable: func(random *rand.Rand) string {
		const consonants = "bcdfghjklmnpqrstvwxz"
		syllable := letter(random, consonants) + letter(random, "aeiouy")
		if random.IntN(3) == 0 {
			syllable += letter(random, consonants)
		}
		return syllable
	},
	topLevels: strings.Fields("com com com com org net mil nl de gov co.uk example"),
}

// Open makes domains such as banike.mil, of syllables that end with one of some vowels: a consonant never stands beside another,
// nor a vowel. No top-level domain has an o or a u, which therefore set domains with these vowels apart from those with others.
func Open(vowels string) Form {
	return Form{
		least: 3, most: 5,
		syllable:  func(random *rand.Rand) string { return letter(random, "bdfghklmnprstv") + letter(random, vowels) },
		topLevels: strings.Fields("mil nl de net be"),
	}
}

// Make returns so many different domains. It never returns if there are fewer of the form.
func (f Form) Make(random *rand.Rand, count int) []string {
	seen := make(map[string]struct{}, count)
	domains := make([]string, 0, count)
	for len(domains) < count {
		domain := f.domain(random)
		if _, ok := seen[domain]; !ok {
			seen[domain] = struct{}{}
			domains = append(domains, domain)
		}
	}
	return domains
}

// domain returns a domain.
func (f Form) domain(random *rand.Rand) string {
	var b strings.Builder
	for range f.least + random.IntN(f.most-f.least+1) {
		b.WriteString(f.syllable(random))
	}
	b.WriteString("." + pick(random, f.topLevels))
	return b.String()
}

func pick(random *rand.Rand, from []string) string { return from[random.IntN(len(from))] }

func letter(random *rand.Rand, from string) string {
	i := random.IntN(len(from))
	return from[i : i+1]
}

// WriteLines writes a file of names, or of queries for them, one a line.
func WriteLines(path string, lines []string) error {
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}
