package export

import (
	"context"
	"errors"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/resolver"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

// How many lookups are made at once, and in a second.
const (
	lookupsAtOnce = 16
	lookupRate    = 100
)

// registered returns the rows whose names exist, or of which that is not known, with the number of the latter. Exceptions stay.
func registered(ctx context.Context, rows []rows.Likely, r *resolver.Resolver) (kept []rows.Likely, unknown int, err error) {
	found := make([]policy.Existence, len(rows))
	limit := rate.NewLimiter(lookupRate, 1)
	var group errgroup.Group
	group.SetLimit(lookupsAtOnce)
	for i, row := range rows {
		if row.Passes {
			continue
		}
		if limit.Wait(ctx) != nil {
			break
		}
		group.Go(func() error {
			found[i] = r.Exists(dns.Fqdn(row.Name), 0)
			return nil
		})
	}
	_ = group.Wait() // no lookup returns an error
	if ctx.Err() != nil {
		return nil, 0, errors.New("interrupted; nothing was written")
	}
	for i, row := range rows {
		switch found[i] {
		case policy.Absent:
			continue
		case policy.Unknown:
			unknown++
		case policy.Exists, policy.NotChecked, policy.NoMail: // of which there may be names below
		}
		kept = append(kept, row)
	}
	return kept, unknown, nil
}
