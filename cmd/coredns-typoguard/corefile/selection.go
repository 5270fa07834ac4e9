package corefile

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

// ErrMonitors is why a policy is not selected that is in mode monitor.
var ErrMonitors = errors.New("is in mode monitor; expected a policy in mode enforce")

// Select returns the policies of the chosen server block, or of the only one with policies, and the block: all of them, the one with a name,
// or those for the client at an address. It returns an error if there are none.
func (b *Blocks) Select(only, client string, monitors bool) (*rows.Selection, *typoguard.Block, error) {
	var addr netip.Addr
	var err error
	if client != "" {
		if addr, err = netip.ParseAddr(client); err != nil {
			return nil, nil, fmt.Errorf("client: %w; expected an IPv4 or IPv6 address", err)
		}
	}
	block, err := b.withPolicies()
	if err != nil {
		return nil, nil, err
	}
	s := rows.Select(block.Set, block.Suffixes, rows.Options{Only: only, Client: policy.ClientAt(addr), Monitors: monitors, Now: time.Now()})
	switch {
	case len(s.Policies) > 0:
		return s, block, nil
	case len(s.Monitored) > 0:
		return nil, nil, fmt.Errorf("policy %q %w", s.Monitored[0].Name, ErrMonitors)
	case only != "" && block.Set.Named(only) == nil:
		return nil, nil, fmt.Errorf("policy: no policy %q; expected one of %s", only, strings.Join(policy.Names(block.Set.Policies), ", "))
	}
	return nil, nil, fmt.Errorf("client: no policy applies to %s", addr)
}

// withPolicies returns the chosen server block, or otherwise the only one with policies.
func (b *Blocks) withPolicies() (*typoguard.Block, error) {
	if b.Chosen != nil {
		if b.Chosen.Set == nil {
			return nil, errors.New("server: the server block has no policy; expected one with a typoguard stanza")
		}
		return b.Chosen, nil
	}
	with := slices.DeleteFunc(slices.Clone(b.All), func(block *typoguard.Block) bool { return block.Set == nil })
	if len(with) > 1 {
		var keys []string
		for _, block := range with {
			keys = append(keys, block.Keys[0]+block.View)
		}
		return nil, fmt.Errorf("%d server blocks have policies; expected -server with the key, or the view, of one of %s", len(with), strings.Join(keys, ", "))
	}
	return with[0], nil
}
