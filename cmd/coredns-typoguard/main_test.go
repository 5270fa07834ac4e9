package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDirectives asserts the place of typoguard in the chain, by what must stand before and behind it.
func TestDirectives(t *testing.T) {
	order, err := directives(dnsserver.Directives)
	require.NoError(t, err)
	at := slices.Index(order, "typoguard")
	require.GreaterOrEqual(t, at, 0)
	assert.Equal(t, "cache", order[at+1], "client-scoped answers are never cached")
	for _, above := range []string{"metadata", "ready", "prometheus", "errors", "log", "dnstap", "dns64", "any", "tsig", "rewrite", "acl"} {
		assert.Less(t, slices.Index(order, above), at, above)
		assert.GreaterOrEqual(t, slices.Index(order, above), 0, above)
	}
	for _, below := range []string{"cache", "template", "hosts", "file", "auto", "secondary", "forward", "grpc", "erratic", "whoami"} {
		assert.Greater(t, slices.Index(order, below), at, below)
	}
	coredns := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return name == "typoguard" })
	theirs := slices.DeleteFunc(slices.Clone(dnsserver.Directives), func(name string) bool { return name == "tls" || !slices.Contains(linked, name) })
	assert.Equal(t, "tls", coredns[0], "typoguard adds a protocol to what it sets up")
	assert.Equal(t, theirs, coredns[1:], "the rest is in CoreDNS's order")
}

// TestTimeZones: the binary brings the time zones, without which the end of a day is that in UTC.
func TestTimeZones(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	assert.Contains(t, strings.Fields(string(out)), "time/tzdata")
}

func TestDirectivesMissing(t *testing.T) {
	_, err := directives([]string{"errors", "cache", "forward"})
	require.EqualError(t, err, "found 3 of the 47 linked directives in CoreDNS's list of plugins; expected all of them")
}

// TestPluginsAreLinked: every directive has a plugin behind it, and no plugin is linked that has no place in the order.
func TestPluginsAreLinked(t *testing.T) {
	before, version := dnsserver.Directives, caddy.AppVersion
	t.Cleanup(func() { dnsserver.Directives, caddy.AppVersion = before, version })
	require.NoError(t, configure())
	assert.Equal(t, "1.15.0+typoguard-devel", caddy.AppVersion)
	plugins := caddy.ListPlugins()["others"]
	for _, name := range dnsserver.Directives {
		assert.Contains(t, plugins, "dns."+name)
	}
	for _, name := range plugins {
		assert.Contains(t, dnsserver.Directives, name[len("dns."):])
	}
}
