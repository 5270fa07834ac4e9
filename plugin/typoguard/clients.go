package typoguard

import (
	"net/netip"
	"slices"
)

// clients are those that a policy is for.
type clients struct {
	networks []netip.Prefix
	labels   []label
	// forwarders are the networks of those that are believed who their client is (EDNS Client Subnet, RFC 7871): anybody
	// can write anything there.
	forwarders []netip.Prefix
}

// label is metadata that clients have.
type label struct{ name, value string }

// client is who asks.
type client struct {
	addr     netip.Addr          // the zero address, which no network holds, if it has none
	subnet   netip.Prefix        // of the client that it asks for, if it says so
	metadata func(string) string // the value of a label; nil if there is none
	anybody  bool                // whoever it is, every policy is taken to be for it
}

// cover reports whether a client is one of them. Of a client subnet all must be.
func (c *clients) cover(who client) bool {
	if who.anybody || (len(c.networks) == 0 && len(c.labels) == 0) {
		return true
	}
	has := func(l label) bool { return who.metadata != nil && who.metadata(l.name) == l.value }
	if slices.ContainsFunc(c.labels, has) {
		return true
	}
	if who.subnet.IsValid() && contains(c.forwarders, who.addr) {
		return slices.ContainsFunc(c.networks, func(network netip.Prefix) bool {
			return network.Bits() <= who.subnet.Bits() && network.Contains(who.subnet.Addr())
		})
	}
	return contains(c.networks, who.addr)
}

// written returns the labels as they are written in a Corefile, without the prefix.
func (c *clients) written() []string {
	var written []string
	for _, l := range c.labels {
		written = append(written, l.name+"="+l.value)
	}
	return written
}

// contains reports whether one of the networks holds an address.
func contains(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}
