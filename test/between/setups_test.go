//go:build e2e

package between_test

import (
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// setup is a forwarder between the mail servers and typoguard; direct is none.
type setup struct {
	resolvers.Forwarder
	release *resolvers.Release // whose packages it is unpacked from, if it is
}

// direct asks typoguard itself.
var direct = setup{Forwarder: resolvers.Forwarder{Name: "direct"}}

// excuses reports whether nothing can be said of signed names: a validator takes no unsigned word for them.
func (s setup) excuses() bool { return s.Validates && !s.Anchored }

// neverInstalled is the Debian package that is always unpacked: installed, it would become the resolver of the machine.
const neverInstalled = "systemd-resolved"

// setups returns direct, those that are installed, and those that are unpacked.
func setups() []setup {
	found := []setup{direct}
	for _, f := range resolvers.Forwarders() {
		if f.Debian != neverInstalled {
			found = append(found, setup{Forwarder: f})
		}
	}
	return append(found, unpackedSetups()...)
}

// unpackedSetups returns those of packages that are unpacked: systemd-resolved, and with -all everything of Debian 13.
func unpackedSetups() []setup {
	var found []setup
	add := func(name, suffix string, which func(resolvers.Forwarder) bool) {
		release := &resolvers.Release{Name: name, Dir: *packages}
		for _, f := range resolvers.Forwarders() {
			if which(f) {
				f = f.In(*release)
				f.Name += suffix
				found = append(found, setup{Forwarder: f, release: release})
			}
		}
	}
	add(resolvers.Bookworm, "", func(f resolvers.Forwarder) bool { return f.Debian == neverInstalled })
	if *all {
		add(resolvers.Trixie, " (13)", func(resolvers.Forwarder) bool { return true })
	}
	return found
}
