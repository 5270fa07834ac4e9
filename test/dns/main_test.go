// Package dns_test asks the built coredns-typoguard, running as a process of its own, over UDP, TCP, DoT and DoH, and
// watches what reaches its upstream.
//
// Everything stays on the loopback interface. A test writes a Corefile that names the host and ports of its server, its
// upstream and its files by variables (see server), so that no port is fixed and tests run side by side.
package dns_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what should happen at once, or within the second a list is looked at again.
const patience = 20 * time.Second

// built is what all tests share: the binary and a certificate for its encrypted transports.
var built struct {
	binary      string
	certificate certificate
}

// TestMain builds coredns-typoguard once and runs the tests.
func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "dns test:", err)
		code = 1
	}
	os.Exit(code)
}

// runTests runs the tests with what they share in a directory that is gone afterwards.
func runTests(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "typoguard-dns-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if built.binary, err = buildBinary(dir); err != nil {
		return 0, fmt.Errorf("building coredns-typoguard: %w", err)
	}
	if built.certificate, err = newCertificate(dir); err != nil {
		return 0, fmt.Errorf("making a certificate: %w", err)
	}
	return m.Run(), nil
}

// buildBinary compiles coredns-typoguard as it is released, and returns its path.
func buildBinary(dir string) (string, error) {
	path := filepath.Join(dir, "coredns-typoguard")
	build := exec.Command("go", "build", "-tags=grpcnotrace", "-o", path, "./cmd/coredns-typoguard")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

// eventually asks until the answer is yes, and fails the test when it has not been for a while.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-deadline:
			require.FailNowf(t, "waited in vain", "%s in vain for %s", patience, what)
		}
	}
}
