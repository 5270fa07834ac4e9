// Package caddytest runs servers of CoreDNS within the process of a test.
package caddytest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	_ "github.com/coredns/coredns/plugin/acl"  // feeds need it, or tsig
	_ "github.com/coredns/coredns/plugin/bind" // the servers listen on loopback only
	_ "github.com/coredns/coredns/plugin/minimal"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	_ "github.com/coredns/coredns/plugin/root" // and their files are in a directory
	_ "github.com/coredns/coredns/plugin/tls"
	_ "github.com/coredns/coredns/plugin/transfer"
	_ "github.com/coredns/coredns/plugin/tsig"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Failing is a directive whose argument, "setup" or "startup", says in which phase of a start it fails.
const Failing = "test_failing"

var registerFailing = sync.OnceFunc(func() {
	plugin.Register(Failing, func(c *caddy.Controller) error {
		c.Next()
		c.NextArg()
		switch c.Val() {
		case "setup":
			return errors.New("setup failed on purpose")
		case "startup":
			c.OnStartup(func() error { return errors.New("startup failed on purpose") })
		}
		return nil
	})
})

// UseDirectives makes caddy know, until the test ends, typoguard, some plugins of CoreDNS, and the failing directive. That
// stands behind typoguard, so that typoguard has been set up, and its hooks have run, when the start fails.
func UseDirectives(t *testing.T) {
	t.Helper()
	registerFailing()
	before, quiet, dnsQuiet := dnsserver.Directives, caddy.Quiet, dnsserver.Quiet
	t.Cleanup(func() { dnsserver.Directives, caddy.Quiet, dnsserver.Quiet = before, quiet, dnsQuiet })
	require.NoError(t, dnsserver.SetDirectives([]string{"root", "bind", "tls", "acl", "tsig", "typoguard", Failing, "minimal", "transfer"}))
	caddy.Quiet, dnsserver.Quiet = true, true
}

// Main runs the tests of a package that reads Corefiles with typoguard alone, and starts no server.
func Main(m *testing.M) {
	clog.Discard()
	if err := dnsserver.SetDirectives([]string{"typoguard"}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Corefile returns a Corefile with one server on a free port of loopback, which has some lines in its block.
func Corefile(lines string) caddy.CaddyfileInput {
	return caddy.CaddyfileInput{Filepath: "Corefile", ServerTypeName: "dns", Contents: fmt.Appendf(nil, ".:0 {\nbind 127.0.0.1\n%s\n}\n", lines)}
}

// Start starts a server. The returned function stops it, or what took its place.
func Start(t *testing.T, input caddy.Input) (*caddy.Instance, func(*caddy.Instance)) {
	t.Helper()
	instance, err := caddy.Start(input)
	require.NoError(t, err)
	AwaitServing(t, instance)
	return instance, func(instance *caddy.Instance) { Stop(t, instance) }
}

// Stop stops a server.
func Stop(t *testing.T, instance *caddy.Instance) {
	t.Helper()
	assert.Empty(t, instance.ShutdownCallbacks())
	require.NoError(t, instance.Stop())
	instance.Wait()
}

// Restart puts another Corefile in force.
func Restart(t *testing.T, instance *caddy.Instance, input caddy.Input) *caddy.Instance {
	t.Helper()
	next, err := instance.Restart(input)
	require.NoError(t, err)
	AwaitServing(t, next)
	return next
}

// AwaitServing returns when every socket has answered. A server of CoreDNS that is stopped before it has begun to serve goes on
// for ever. The opcode is one that no plugin sees, so that nothing is forwarded or counted.
func AwaitServing(t *testing.T, instance *caddy.Instance) {
	t.Helper()
	probe := new(dns.Msg).SetQuestion(".", dns.TypeNS)
	probe.Opcode = dns.OpcodeStatus
	for _, server := range instance.Servers() {
		for network, addr := range map[string]net.Addr{"udp": server.LocalAddr(), "tcp": server.Addr()} {
			_, _, err := (&dns.Client{Net: network}).Exchange(probe, addr.String())
			require.NoError(t, err)
		}
	}
}
