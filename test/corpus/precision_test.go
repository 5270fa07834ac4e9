//go:build corpus

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
	ranks map[string]int // 0 is unranked
}

func loadPrecision(t *testing.T) *precision {
	t.Helper()
	folder := os.Getenv("PRECISION")
	if folder == "" {
		t.Skip("PRECISION is not set")
	}
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

// policyFor returns the policy that protects domains, at a distance if one of them is long enough for it.
func policyFor(t *testing.T, protect, options string, distance int) *typoguard.Block {
	t.Helper()
	const form = ". {\ntypoguard {\nprotect %s\ndistance %d\n%s\n}\n}"
	for ; ; distance-- {
		input := caddy.CaddyfileInput{Contents: fmt.Appendf(nil, form, protect, distance, options), Filepath: "Corefile", ServerTypeName: "dns"}
		blocks, err := typoguard.Load(input)
		if err == nil {
			return blocks[0]
		}
		require.Greater(t, distance, 1, err)
	}
}

// TestPrecision prints what each rule finds and hides, and holds the defaults to what was decided.
func TestPrecision(t *testing.T) {
	p := loadPrecision(t)
	require.NoError(t, dnsserver.SetDirectives([]string{"typoguard"}))
	all := match.DefaultKinds.Without(match.Multiple)
	rules := []struct{ name, options string }{{"defaults", ""}, {"popular block", "popular block"}, {"short report", "short report"}, {"default suffix", "kinds default suffix"}}
	for _, kind := range all.List() {
		var others []string
		for _, other := range all.Without(kind).List() {
			others = append(others, other.String())
		}
		rules = append(rules, struct{ name, options string }{"without " + kind.String(), "kinds " + strings.Join(others, " ")})
	}
	for _, distance := range []int{1, 2} {
		for _, rule := range rules {
			if distance == 2 && strings.HasPrefix(rule.options, "kinds") {
				continue
			}
			found, all, kinds := p.recall(t, rule.options, distance)
			hidden := p.hidden(t, rule.options, distance)
			t.Logf("distance %d, %s: found %d of %d %v; hidden of the first 1,000/10,000/100,000/others %v", distance, rule.name, found, all, kinds, hidden)
			if rule.options != "" {
				continue
			}
			bars := map[int][3]int{1: {426, 9, 410}, 2: {450, 30, 1300}}[distance]
			assert.GreaterOrEqual(t, found, bars[0])
			assert.LessOrEqual(t, hidden[0]+hidden[1], bars[1])
			assert.LessOrEqual(t, hidden[0]+hidden[1]+hidden[2]+hidden[3], bars[2])
		}
	}
}

// recall returns how many typos are hidden by a policy that protects what was meant, of how many, and by kind.
func (p *precision) recall(t *testing.T, options string, distance int) (found, all int, kinds map[string]int) {
	t.Helper()
	kinds = map[string]int{}
	for meant, typos := range p.meant {
		b := policyFor(t, meant, options, distance)
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
func (p *precision) hidden(t *testing.T, options string, distance int) (byRank [4]int) {
	t.Helper()
	for _, protect := range p.sets {
		b := policyFor(t, protect, options, distance)
		for name, rank := range p.ranks {
			d := b.Judge(&policy.Query{Name: name, Type: dns.TypeMX})
			switch {
			case !d.Enforced() || p.typos[name]:
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
