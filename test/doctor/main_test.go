//go:build e2e

// Package doctor_test plants faults on a host, one at a time, and has the command doctor find them. The host is in namespaces of its own,
// with the release binary, Unbound and dnsmasq on addresses of loopback, at port 53.
package doctor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// inside is set in the environment in the namespaces, to the directory of the run.
const inside = "TYPOGUARD_DOCTOR"

// binary is the path of the release binary. It has the name under which it is installed.
var binary string

func TestMain(m *testing.M) {
	kit.Main("doctor", inside, outside, func() (int, error) { return runTests(m, os.Getenv(inside)) })
}

// outside builds the binary, and runs this program again in namespaces of its own.
func outside() (code int, err error) {
	if err := resolvers.CheckPrograms(nil, map[string]string{"ip": "iproute2", "unbound": "unbound", "dnsmasq": "dnsmasq-base", "musl-gcc": "musl-tools", "named": "bind9", "pdns_recursor": "pdns-recursor", "kresd": "knot-resolver"}); err != nil {
		return 0, err
	}
	built, err := kit.Build(context.Background())
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "typoguard-doctor-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Symlink(built, filepath.Join(dir, "coredns-typoguard")); err != nil {
		return 0, err
	}
	return kit.InNamespaces(nil, []string{inside + "=" + dir})
}

// runTests runs the tests in the namespaces, which end with this process.
func runTests(m *testing.M, dir string) (int, error) {
	binary = filepath.Join(dir, "coredns-typoguard")
	return m.Run(), nil
}
