package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/domain"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// maxTried bounds the protected suffixes of a policy from which a canary is made, and the allowed ones that are asked for.
const maxTried = 20

// canary is a lookalike that a policy hides.
type canary struct {
	name   string
	block  *typoguard.Block
	policy *policy.Policy
}

// canaries returns a canary for each policy that hides, and those that are given.
func (e *examination) canaries(given []string) ([]canary, error) {
	var all []canary
	for _, text := range given {
		name, err := domain.Of(text)
		if err != nil {
			return nil, fmt.Errorf("canary: %w", err)
		}
		block := e.blocks.For(name)
		if block == nil {
			return nil, fmt.Errorf("canary: no server block serves %s", name)
		}
		d := block.Judge(&policy.Query{Name: name, Type: dns.TypeMX})
		if !d.Enforced() {
			return nil, fmt.Errorf("canary: %s is not hidden by a policy; see coredns-typoguard check %s", name, name)
		}
		all = append(all, canary{dns.Fqdn(name), block, d.Policy})
	}
	for _, b := range e.blocks.Selected() {
		if b.Set == nil {
			continue
		}
		for i, p := range b.Set.Policies {
			if c, ok := e.canaryOf(b, i); ok {
				all = append(all, c)
				continue
			}
			e.explainMissing(p, all)
		}
	}
	return all, nil
}

// explainMissing says why a policy has no canary.
func (e *examination) explainMissing(p *policy.Policy, given []canary) {
	for _, c := range given {
		if c.policy == p {
			return
		}
	}
	switch {
	case p.ModeAt(time.Now()) == policy.Monitor:
		e.add(note, "corefile", fmt.Sprintf("policy %q only monitors: it hides nothing yet", p.Name), "")
	case p.Require != nil:
		e.add(note, "resolver", fmt.Sprintf("policy %q requires a counterpart, so none of its lookalikes is known to be hidden", p.Name),
			"give one with -canary whose counterpart exists")
	default:
		e.add(note, "resolver", fmt.Sprintf("policy %q hides none of the simplest lookalikes of its first suffixes", p.Name), "give one with -canary")
	}
}

// canaryOf returns a canary of a policy of a block.
func (e *examination) canaryOf(b *typoguard.Block, at int) (canary, bool) {
	p := b.Set.Policies[at]
	if p.Require != nil {
		return canary{}, false
	}
	tried := 0
	for suffix := range b.Suffixes[at].Protected.All() {
		if tried++; tried > maxTried {
			break
		}
		for _, name := range edits(suffix.Name) {
			d := b.Judge(&policy.Query{Name: name, Type: dns.TypeMX})
			if d.Enforced() && d.Policy == p && e.blocks.For(name) == b {
				return canary{dns.Fqdn(name), b, p}, true
			}
		}
	}
	return canary{}, false
}

// edits returns names one edit away from a suffix: one letter of its first label doubled, two swapped, or one left out. The name of
// somebody's domain is least likely among those with a doubled letter.
func edits(suffix string) []string {
	label, rest, _ := strings.Cut(suffix, ".")
	if rest != "" {
		rest = "." + rest
	}
	var all []string
	for i := len(label) - 1; i > 0; i-- {
		all = append(all, label[:i]+label[i:i+1]+label[i:]+rest)
	}
	for i := len(label) - 1; i > 1; i-- {
		all = append(all, label[:i-1]+label[i:i+1]+label[i-1:i]+label[i+1:]+rest)
	}
	for i := len(label) - 1; i > 0; i-- {
		all = append(all, label[:i]+label[i+1:]+rest)
	}
	return all
}

// endangered returns allowed domains below names that the policies of the block hide: a resolver that takes NXDOMAIN for all that is below
// loses them.
func endangered(b *typoguard.Block) []string {
	var all []string
	for _, s := range b.Suffixes {
		for allowed := range s.Allowed.All() {
			for at, end := dns.NextLabel(allowed.Name, 0); !end && len(all) < maxTried; at, end = dns.NextLabel(allowed.Name, at) {
				d := b.Judge(&policy.Query{Name: allowed.Name[at:], Type: dns.TypeMX})
				if d.Enforced() {
					all = append(all, allowed.Name)
					break
				}
			}
		}
	}
	return all
}
