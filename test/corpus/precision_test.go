//go:build corpus && precision

package corpus_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/klauspost/compress/zstd"
	"github.com/miekg/dns"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// precision is the data that cannot be distributed, because of its ranks, in the directory that PRECISION names: typos with what was
// meant (pairs.tsv), sets of protected domains (sets.json), and real domains with their ranks (universe.tsv.zst).
type precision struct {
	meant map[string][]string // typos by what was meant
	typos map[string]bool
	sets  map[string]string
	ranks map[string]int      // 0 is unranked
	near  map[string][]string // by set, the real domains that look like one of it to any of the rules
}

func loadPrecision(t *testing.T) *precision {
	t.Helper()
	folder := os.Getenv("PRECISION")
	require.NotEmpty(t, folder, "expected the directory of the data in PRECISION")
	p := &precision{meant: map[string][]string{}, typos: map[string]bool{}, ranks: map[string]int{}}
	pairs, err := os.ReadFile(filepath.Join(folder, "pairs.tsv"))
	require.NoError(t, err)
	for line := range strings.Lines(string(pairs)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		p.meant[fields[1]] = append(p.meant[fields[1]], fields[0])
		p.typos[fields[0]] = true
	}
	sets, err := os.ReadFile(filepath.Join(folder, "sets.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(sets, &p.sets))
	file, err := os.Open(filepath.Join(folder, "universe.tsv.zst"))
	require.NoError(t, err)
	defer file.Close()
	unpacked, err := zstd.NewReader(file)
	require.NoError(t, err)
	defer unpacked.Close()
	lines := bufio.NewScanner(unpacked)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if p.ranks[fields[0]], err = strconv.Atoi(fields[1]); err != nil {
			p.ranks[fields[0]] = 0
		}
	}
	return p
}

// rule is a policy of which is measured what it finds and hides, but for what it protects.
type rule struct {
	name, options string
	kinds         match.Kinds // 0: without the option kinds
}

// text returns the options of a stanza at a distance.
func (r rule) text(distance int) string {
	if r.kinds == 0 {
		return r.options
	}
	kinds := r.kinds.Without(match.Suffix)
	if distance == 1 {
		kinds = r.kinds.Without(match.Multiple)
	}
	text := r.options + "\nkinds"
	for _, kind := range kinds.List() {
		text += " " + kind.String()
	}
	return text
}

// rulesAt returns the defaults at a distance, and what differs from them in one thing.
func rulesAt(distance int) []rule {
	defaults := match.DefaultKinds
	rules := []rule{{name: "the defaults"}, {name: "`popular block`", options: "popular block"}, {name: "`short report`", options: "short report"}}
	for _, kind := range []match.Kind{match.Suffix, match.Appended, match.Boundary} {
		if distance == 1 || kind != match.Suffix {
			rules = append(rules, rule{name: "with `" + kind.String() + "`", kinds: defaults.With(kind)})
		}
	}
	for _, kind := range defaults.List() {
		name := "without `" + kind.String() + "`"
		switch kind {
		case match.Adjacent, match.Multiple: // the one comes with substitution, and without the other the distance is 1
			continue
		case match.Substitution:
			name += ", with `adjacent`"
		}
		rules = append(rules, rule{name: name, kinds: defaults.Without(kind)})
	}
	return append(rules, rule{name: "without `substitution` and `adjacent`", kinds: defaults.Without(match.Substitution).Without(match.Adjacent)})
}

// policyFor returns the policy that protects domains, at a distance if one of them is long enough for it.
func policyFor(t *testing.T, protect string, r rule, distance int) *typoguard.Block {
	t.Helper()
	const form = ". {\ntypoguard {\nprotect %s\ndistance %d\n%s\n}\n}"
	for ; ; distance-- {
		input := caddy.CaddyfileInput{Contents: fmt.Appendf(nil, form, protect, distance, r.text(distance)), Filepath: "Corefile", ServerTypeName: "dns"}
		blocks, err := typoguard.Load(input)
		if err == nil {
			return blocks[0]
		}
		require.Greater(t, distance, 1, err)
	}
}

// TestPrecision prints what each rule finds and hides, holds the defaults to what was decided, and asserts that docs/lookalikes.md has what
// is measured.
func TestPrecision(t *testing.T) {
	p := loadPrecision(t)
	require.NoError(t, dnsserver.SetDirectives([]string{"typoguard"}))
	p.findNear(t)
	var rows [][]string
	for _, distance := range []int{1, 2} {
		for i, r := range rulesAt(distance) {
			found, all, kinds := p.recall(t, r, distance)
			hidden := p.hidden(t, r, distance)
			sum := hidden[0] + hidden[1] + hidden[2] + hidden[3]
			rows = append(rows, []string{
				fmt.Sprint(distance), r.name, number(found), number(sum), number(hidden[0]), number(hidden[1]), number(hidden[2]), number(hidden[3]),
			})
			t.Logf("distance %d, %s: found %d of %d %v; hidden %v", distance, r.name, found, all, kinds, hidden)
			if i > 0 {
				continue
			}
			bars := map[int][3]int{1: {426, 9, 410}, 2: {450, 30, 1300}}[distance]
			assert.GreaterOrEqual(t, found, bars[0])
			assert.LessOrEqual(t, hidden[0]+hidden[1], bars[1])
			assert.LessOrEqual(t, sum, bars[2])
		}
	}
	measured := table([]string{"distance", "policy", "typos found", "domains hidden", "of the top 1,000", "10,000", "100,000", "unranked"}, rows)
	t.Log("\n" + measured)
	checkQuoted(t, "lookalikes.md", "precision", measured)
}

// findNear finds the real domains that the rules can hide: most need no look at each of them.
func (p *precision) findNear(t *testing.T) {
	t.Helper()
	widest := rule{options: "popular block", kinds: match.DefaultKinds.With(match.Appended).With(match.Boundary)}
	p.near = map[string][]string{}
	for set, protect := range p.sets {
		b := policyFor(t, protect, widest, 2)
		for name := range p.ranks {
			if d := b.Judge(&policy.Query{Name: name, Type: dns.TypeMX}); d.Verdict == policy.Lookalike && !p.typos[name] {
				p.near[set] = append(p.near[set], name)
			}
		}
	}
}

// recall returns how many typos are hidden by a policy that protects what was meant, of how many, and by kind.
func (p *precision) recall(t *testing.T, r rule, distance int) (found, all int, kinds map[string]int) {
	t.Helper()
	kinds = map[string]int{}
	for meant, typos := range p.meant {
		b := policyFor(t, meant, r, distance)
		all += len(typos)
		for _, typo := range typos {
			if d := b.Judge(&policy.Query{Name: typo, Type: dns.TypeMX}); d.Enforced() {
				kinds[d.Lookalike.Kind]++
				found++
			}
		}
	}
	return found, all, kinds
}

// hidden returns how many real domains the sets hide, by rank.
func (p *precision) hidden(t *testing.T, r rule, distance int) (byRank [4]int) {
	t.Helper()
	for set, protect := range p.sets {
		b := policyFor(t, protect, r, distance)
		for _, name := range p.near[set] {
			d := b.Judge(&policy.Query{Name: name, Type: dns.TypeMX})
			switch rank := p.ranks[name]; {
			case !d.Enforced():
			case rank == 0:
				byRank[3]++
			case rank <= 1000:
				byRank[0]++
			case rank <= 10_000:
				byRank[1]++
			default:
				byRank[2]++
			}
		}
	}
	return byRank
}
