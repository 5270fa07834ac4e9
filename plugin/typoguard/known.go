package typoguard

import (
	"context"
	"fmt"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// countKnown counts the known domains that the policies in force hide, and logs which ones. It takes a tenth of a second.
func (b *block) countKnown(ctx context.Context) {
	for name, counts := range b.set.Load().CountKnown(ctx) {
		if ctx.Err() != nil {
			return
		}
		metrics.SetKnown(name, counts)
		if counts.Hidden > 0 {
			log.Warningf("policy %q: %s", name, describeKnown(&counts))
		}
	}
}

// HiddenKnown says in one line for each policy that hides known domains which ones. It takes a tenth of a second.
func (b *Block) HiddenKnown(ctx context.Context) []string {
	if b.Set == nil {
		return nil
	}
	var lines []string
	all := b.Set.CountKnown(ctx)
	for _, p := range b.Set.Policies {
		if counts := all[p.Name]; counts.Hidden > 0 {
			lines = append(lines, fmt.Sprintf("policy %q: %s", p.Name, describeKnown(&counts)))
		}
	}
	return lines
}

// describeKnown says in one line which known domains are hidden.
func describeKnown(counts *policy.KnownCounts) string {
	var names []string
	for _, k := range counts.Worst {
		rank := "unranked"
		if k.Rank > 0 {
			rank = fmt.Sprintf("rank %d", k.Rank)
		}
		names = append(names, fmt.Sprintf("%s (%s, looks like %s)", k.Name, rank, k.Lookalike.Intended))
	}
	if more := counts.Hidden - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("known domains hidden: %d: %s; see coredns-typoguard advise", counts.Hidden, strings.Join(names, ", "))
}
