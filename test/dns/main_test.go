// Package dns_test asks the built coredns-typoguard, running as a process of its own, over UDP, TCP, DoT and DoH, and
// watches what reaches its upstream.
//
// Everything stays on the loopback interface. A test writes a Corefile that names the host and ports of its server, its
// upstream and its files by variables (see server), so that no port is fixed and tests run side by side.
package dns_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// patience is how long what should happen at once may take, or within the second in which a list is looked at again.
const patience = 20 * time.Second

// fipsBinary goes behind -args.
var fipsBinary = flag.String("fips", "", "run all tests with this program, which make fips has built, in the mode in which it allows no other cryptography")

// built is what all tests share: the program and a certificate for its encrypted transports.
var built struct {
	program     program
	certificate certificate
}

// TestMain builds coredns-typoguard once and runs the tests.
func TestMain(m *testing.M) {
	flag.Parse()
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
	if *fipsBinary != "" {
		built.program = strict(*fipsBinary)
	} else if built.program.path, err = kit.Build(context.Background()); err != nil {
		return 0, err
	}
	if built.certificate, err = newCertificate(dir); err != nil {
		return 0, fmt.Errorf("making a certificate: %w", err)
	}
	return m.Run(), nil
}
