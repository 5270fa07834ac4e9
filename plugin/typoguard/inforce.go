package typoguard

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// inForce describes the policy of a block at an index in one line.
func (b *block) inForce(i int) string {
	c, set := b.policies[i], b.set.Load()
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	mode := c.ModeAt(b.now())
	if mode == policy.Monitor && !c.MonitorUntil.IsZero() {
		add("mode %s until %s", mode, c.MonitorUntil.UTC().Format(time.RFC3339))
	} else {
		add("mode %s", mode)
	}
	add("%d protected", set.Sizes[i].Protected)
	add("%d allowed", set.Sizes[i].Allowed)
	add("action %s%s", c.Action, joinAddresses(c.Sinkhole))
	add("%s", clientsText(&c.Clients))
	if len(c.Clients.Forwarders) > 0 {
		add("client_subnet_from %s", some(networkTexts(c.Clients.Forwarders)))
	}
	for _, s := range b.lists[i].Sources {
		if !s.IsBuiltin() {
			add("list %s %s", s.Label(), ageText(s))
		}
	}
	for _, a := range c.smtp.addresses {
		add("smtp %s", a)
	}
	if c.Zone != "" {
		add("list zone %s", strings.TrimSuffix(c.Zone, "."))
	}
	if c.Feed != "" {
		add("feed %s", strings.TrimSuffix(c.Feed, "."))
	}
	if c.review != nil {
		add("review %s", c.review.Address)
	}
	add("hash %s", set.Hashes[i])
	return fmt.Sprintf("policy %q in force: %s", c.Name, strings.Join(parts, ", "))
}

// ageText says when a list was last up to date.
func ageText(s *suffixlist.Source) string {
	if s.Success().IsZero() {
		return "NOT up to date"
	}
	return "of " + s.Success().UTC().Format(time.RFC3339)
}

// clientsText says who the clients are.
func clientsText(c *policy.Clients) string {
	if c.Everybody() {
		return "all clients"
	}
	all := networkTexts(c.Networks)
	for _, label := range c.Labels {
		all = append(all, "metadata:"+label.String())
	}
	return "clients " + some(all)
}

// networkTexts returns networks as they stand in a Corefile.
func networkTexts(networks []netip.Prefix) []string {
	var all []string
	for _, network := range networks {
		all = append(all, network.String())
	}
	return all
}

func joinAddresses(addresses []netip.Addr) string {
	var text strings.Builder
	for _, a := range addresses {
		text.WriteString(" " + a.String())
	}
	return text.String()
}

// maxNamed is how many names a line of the log has.
const maxNamed = 8

// some returns the first of some names.
func some(names []string) string {
	if more := len(names) - maxNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), more)
	}
	return strings.Join(names, ", ")
}
