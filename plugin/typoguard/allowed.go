package typoguard

import (
	"context"
	"fmt"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// allowFromOption is the name of the option that allows what people have allowed on the review page.
const allowFromOption = "allow_from"

// parseAllowFrom reads the place of a list: that of the policy's history, which may be named further below.
func parseAllowFrom(c *caddy.Controller, _ *policyConfig) error {
	place, err := args.One(c, historyOption)
	switch {
	case err != nil:
		return err
	case place != historyOption:
		return fmt.Errorf("%q; expected %s", place, historyOption)
	case histories == nil:
		return errNoHistories
	}
	return nil
}

// addAllowed adds the list of what the policy's history allows, if the stanza has the option.
func (c *policyConfig) addAllowed() error {
	at, ok := c.given[allowFromOption]
	if !ok {
		return nil
	}
	if c.history.dsn == "" {
		return at.Errorf("%s: the policy has no history; expected one in the same stanza, such as history sqlite:///var/lib/typoguard/events.db", allowFromOption)
	}
	dsn, policyName := c.history.dsn, c.Name
	c.lists.sources = append(c.lists.sources, &suffixlist.Source{
		Path: c.history.name + "#" + policyName, Option: allowFromOption, At: at,
		Stored: func(ctx context.Context, lookup suffixlist.Lookup) ([]byte, error) {
			return histories.ReadAllowed(ctx, dsn, policyName, lookup)
		},
	})
	return nil
}

// watchAllowed has the lists of policies reloaded soon after what their histories allow has changed. It watches each history once.
func (r *reloader) watchAllowed(ctx context.Context) {
	byDSN := map[string][]chan struct{}{}
	for _, b := range r.blocks {
		for i, c := range b.policies {
			if _, ok := c.given[allowFromOption]; ok && c.lists.reload > 0 {
				byDSN[c.history.dsn] = append(byDSN[c.history.dsn], b.look[i])
			}
		}
	}
	for dsn, looks := range byDSN {
		r.done.Go(func() {
			histories.WatchAllowed(ctx, dsn, func() {
				for _, look := range looks {
					wake(look)
				}
			})
		})
	}
}

// wake sends a signal, unless one is pending.
func wake(signal chan<- struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}
