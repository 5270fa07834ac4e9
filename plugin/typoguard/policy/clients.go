package policy

import (
	"net/netip"
	"slices"
)

// Clients are the clients that a policy is for; without networks and labels everybody.
type Clients struct {
	Networks []netip.Prefix
	// Labels is metadata that a client has: one of them is enough.
	Labels []Label
	// Forwarders are the networks of those whose EDNS Client Subnet (RFC 7871) is believed: anybody can write one.
	Forwarders []netip.Prefix
}

// Label is a metadata label and the value it must have.
type Label struct{ Name, Value string }

// String returns the label as it is written in a Corefile, without the prefix.
func (l Label) String() string { return l.Name + "=" + l.Value }

// Client is the client that asks.
type Client struct {
	// Addr is the zero address, which no network contains, for a client that has none.
	Addr netip.Addr
	// Subnet is the client subnet that the query names; invalid without one.
	Subnet netip.Prefix
	// Metadata returns the value of a label; nil without metadata.
	Metadata func(label string) string
	// Anybody takes every policy to be for this client.
	Anybody bool
}

// ClientAt returns the client with an address, and anybody for the zero address.
func ClientAt(addr netip.Addr) *Client {
	return &Client{Addr: addr.Unmap().WithZone(""), Anybody: !addr.IsValid()}
}

// Everybody reports whether the policy is for everybody.
func (c *Clients) Everybody() bool { return len(c.Networks) == 0 && len(c.Labels) == 0 }

// Cover reports whether a client is one of them. A client subnet must lie in one of the networks as a whole.
func (c *Clients) Cover(client *Client) bool {
	if client.Anybody || c.Everybody() {
		return true
	}
	has := func(l Label) bool { return client.Metadata != nil && client.Metadata(l.Name) == l.Value }
	if slices.ContainsFunc(c.Labels, has) {
		return true
	}
	if c.believes(client) {
		return slices.ContainsFunc(c.Networks, func(network netip.Prefix) bool {
			return network.Bits() <= client.Subnet.Bits() && network.Contains(client.Subnet.Addr())
		})
	}
	return contains(c.Networks, client.Addr)
}

// Origin returns the address of the client that a query comes from: the first one of the client subnet if a believed
// forwarder names one, and then also the forwarder's.
func (c *Clients) Origin(client *Client) (addr, via netip.Addr) {
	if c.believes(client) {
		return client.Subnet.Addr(), client.Addr
	}
	return client.Addr, netip.Addr{}
}

// believes reports whether the client subnet of a query counts.
func (c *Clients) believes(client *Client) bool {
	return client.Subnet.IsValid() && contains(c.Forwarders, client.Addr)
}

// localOnly reports whether all of them are on this host.
func (c *Clients) localOnly() bool {
	remote := func(network netip.Prefix) bool {
		return !network.Addr().IsLoopback() || (network.Addr().Is4() && network.Bits() < 8)
	}
	return len(c.Networks) > 0 && len(c.Labels) == 0 && len(c.Forwarders) == 0 && !slices.ContainsFunc(c.Networks, remote)
}

// contains reports whether one of the networks contains an address.
func contains(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}
