package resolvers

import (
	"fmt"
	"slices"

	"github.com/miekg/dns"
)

// Forwarder is a resolver of its defaults that stands between clients and its only upstream. It caches, and it may validate.
type Forwarder struct {
	Product
	// Name tells it from the same product set up otherwise.
	Name string
	// Validates reports whether it validates, and Anchored whether it has negative trust anchors.
	Validates, Anchored bool
	// Stale lets it answer from what it knows no longer than its upstream cannot be reached, if the product can.
	Stale bool

	variables func(f Forwarder, a Anchors) map[string]string
}

// Anchors are what validators trust.
type Anchors struct {
	// Root is the record of the key of the root.
	Root *dns.DS
	// Negative are the domains below which anchored validators are to believe everything, without the last dots.
	Negative []string
}

// Variables returns those of Product, for a resolver that has an upstream at a port of an address.
func (f Forwarder) Variables(address, upstream string, a Anchors) map[string]string {
	if !f.Anchored {
		a.Negative = nil
	}
	variables := f.variables(f, a)
	variables["address"], variables["upstream"] = address, upstream
	if f.Stale {
		variables["stale"] = stale[f.Debian]
	}
	return variables
}

// stale are the settings for Stale, by Debian package. Not among them is Knot Resolver's module serve_stale, which must not be loaded
// (docs/resolvers.md).
var stale = map[string]string{
	forwardingUnbound.Debian:  "serve-expired: yes\n    serve-expired-client-timeout: 1800",
	forwardingBIND.Debian:     "stale-cache-enable yes;\n    stale-answer-enable yes;",
	forwardingPowerDNS.Debian: "serve-stale-extensions=20",
}

// In returns the forwarder as a release has it, whose package is unpacked.
func (f Forwarder) In(r Release) Forwarder {
	f.root = r.Root(f.Debian)
	if r.Name == Trixie && f.conf == forwardingPowerDNS.conf {
		// Version 5 has its settings in YAML, unless asked.
		f.args = append(slices.Clone(f.args), "--enable-old-settings")
	}
	return f
}

// The products as forwarders, which hide nothing. Those that have no package of their own here are unpacked.
var (
	forwardingUnbound = Product{
		Name: "Unbound", Program: "unbound", Debian: "unbound",
		conf: "forward/unbound", args: Unbound.args, version: Unbound.version,
	}
	forwardingBIND = Product{
		Name: "BIND 9", Program: "named", Debian: "bind9",
		conf: "forward/bind", args: BIND.args, version: BIND.version,
	}
	forwardingPowerDNS = Product{
		Name: "PowerDNS Recursor", Program: "pdns_recursor", Debian: "pdns-recursor",
		conf: "forward/powerdns", args: PowerDNS.args, version: PowerDNS.version,
	}
	forwardingKnot = Product{
		Name: "Knot Resolver", Program: "kresd", Debian: "knot-resolver",
		conf: "forward/knot", args: Knot.args, version: Knot.version,
	}
	dnsmasq = Product{
		Name: "dnsmasq", Program: "dnsmasq", Debian: "dnsmasq-base",
		conf: "forward/dnsmasq", args: []string{"--keep-in-foreground", "--log-facility=-", "--conf-file=$dir/dnsmasq.conf"},
		version: []string{"--version"},
	}
	resolved = Product{
		Name: "systemd-resolved", Program: "/usr/lib/systemd/systemd-resolved", Debian: "systemd-resolved",
		conf: "forward/resolved", version: []string{"--version"},
	}
)

// Forwarders returns every product in each way of validating that it has.
func Forwarders() []Forwarder {
	all := []Forwarder{
		{Name: "unbound", Product: forwardingUnbound, variables: unboundVariables},
		{Name: "bind", Product: forwardingBIND, variables: bindVariables},
		{Name: "pdns-off", Product: forwardingPowerDNS, variables: powerDNSVariables("off", "")},
		{Name: "pdns-process", Product: forwardingPowerDNS, variables: powerDNSVariables("process", "")},
		{Name: "pdns-nxyes", Product: forwardingPowerDNS, variables: powerDNSVariables("process", "nothing-below-nxdomain=yes")},
		{Name: "knot-stub", Product: forwardingKnot, variables: knotVariables("STUB")},
		{Name: "knot", Product: forwardingKnot, variables: knotVariables("FORWARD")},
		{Name: "dnsmasq", Product: dnsmasq, variables: dnsmasqVariables},
		{Name: "resolved", Product: resolved, variables: resolvedVariables},
	}
	for _, f := range []Forwarder{
		{Name: "unbound", Product: forwardingUnbound, variables: unboundVariables},
		{Name: "bind", Product: forwardingBIND, variables: bindVariables},
		{Name: "pdns", Product: forwardingPowerDNS, variables: powerDNSVariables("validate", "")},
		{Name: "knot", Product: forwardingKnot, variables: knotVariables("FORWARD")},
		{Name: "dnsmasq", Product: dnsmasq, variables: dnsmasqVariables},
		{Name: "resolved", Product: resolved, variables: resolvedVariables},
	} {
		name := f.Name
		f.Validates, f.Name = true, name+"-val"
		all = append(all, f)
		if f.Product.Name != dnsmasq.Name { // which has no negative trust anchors
			f.Anchored, f.Name = true, name+"-nta"
			all = append(all, f)
		}
	}
	return all
}

// ForwarderNamed returns the forwarder of a name.
func ForwarderNamed(name string) (Forwarder, error) {
	all := Forwarders()
	i := slices.IndexFunc(all, func(f Forwarder) bool { return f.Name == name })
	if i < 0 {
		return Forwarder{}, fmt.Errorf("no forwarder %q", name)
	}
	return all[i], nil
}
