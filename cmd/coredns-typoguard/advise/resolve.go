package advise

import (
	"context"

	"github.com/miekg/dns"
	"golang.org/x/time/rate"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/resolver"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

// How many names are looked up with -resolve, in a second and in all.
const (
	lookupRate = 10
	maxLookups = 500
)

// lookUp fills in which hidden neighbours of the suffixes exist. Each suffix gets an equal share of the lookups.
func lookUp(ctx context.Context, all []*advice, r *resolver.Resolver) error {
	limit := rate.NewLimiter(lookupRate, 1)
	for i, a := range all {
		share := maxLookups / len(all)
		if i < maxLookups%len(all) {
			share++
		}
		if err := a.lookUp(ctx, share, limit, r); err != nil {
			return err
		}
	}
	return nil
}

// lookUp looks up at most so many hidden neighbours of the suffix, of all there are at equal intervals.
func (a *advice) lookUp(ctx context.Context, share int, limit *rate.Limiter, r *resolver.Resolver) error {
	var hidden []string
	rows.Neighbours(a.Suffix, func(name string) bool {
		if a.hides(name) {
			hidden = append(hidden, name)
		}
		return true
	})
	for i := range min(share, len(hidden)) {
		name := hidden[i*len(hidden)/min(share, len(hidden))]
		if err := limit.Wait(ctx); err != nil {
			return err
		}
		if r.Exists(dns.Fqdn(name), 0) != policy.Exists {
			continue
		}
		reply := r.Reply(name, mx)
		takesMail := reply != nil && len(reply.Answer) > 0
		a.Exist = append(a.Exist, existing{name, takesMail})
	}
	return nil
}
