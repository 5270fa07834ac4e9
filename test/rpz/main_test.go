//go:build e2e

// Package rpz_test gives the response policy zones that coredns-typoguard writes to BIND, Unbound, PowerDNS Recursor and
// Knot Resolver, and holds what they answer to what coredns-typoguard itself answers.
//
// All of them forward to one name server on the loopback address, which has records for every name: what passes and what
// is hidden can be told apart. Nothing leaves the host, and no root is needed. What is not installed is a failure that
// names the Debian package.
package rpz_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// peers are the servers that are given the zones.
var peers = []resolvers.Product{resolvers.BIND, resolvers.Unbound, resolvers.PowerDNS, resolvers.Knot}

// ours is the server whose answers the others are held to. Its program is built by TestMain.
var ours = resolvers.Typoguard

// TestMain builds coredns-typoguard, and runs the tests.
func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rpz test:", err)
		code = 1
	}
	os.Exit(code)
}

// runTests runs the tests, once the programs are there.
func runTests(m *testing.M) (code int, err error) {
	if err := resolvers.CheckPrograms(append(slices.Clone(peers), resolvers.FedNSD, resolvers.FedKnotDNS), nil); err != nil {
		return 0, err
	}
	if ours.Program, err = kit.Build(context.Background()); err != nil {
		return 0, err
	}
	return m.Run(), nil
}
