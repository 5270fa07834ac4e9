//go:build e2e

// Package soak_test lets a storm loose on a host that resolves with typoguard, and watches all the time that nothing of it takes the
// protection away, or legitimate mail. A stock server, the same binary without typoguard, goes through the same storm beside it: what that
// loses, typoguard may lose too, and no more.
//
// Everything runs in namespaces of its own, of the network, the processes and the mounts, so that nothing of it is left when it ends, however
// that may be.
//
// Not covered: a machine that stops, or whose memory the kernel takes.
package soak_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// ciSeed is the storm of make e2e: the same one each time, so that what fails there can be had again. make soak takes one by chance.
const ciSeed = 7

// The flags, which go behind -args.
var (
	lasts   = flag.Duration("for", time.Minute, "how long the storm lasts")
	seed    = flag.Uint64("seed", ciSeed, "the seed of the storm; 0 takes one by chance")
	story   = flag.Bool("story", false, "print what happened even if nothing was violated")
	reloads = flag.Int("reloads", 30, "how often the Corefile is reloaded under load")
)

// inside is set in the environment in the namespaces, to the directory of the run.
const inside = "TYPOGUARD_SOAK"

// buildLimit is how long building the binary may take. The time limit of the tests does not count yet.
const buildLimit = 30 * time.Minute

func TestMain(m *testing.M) {
	kit.Main("soak", inside, outside, func() (int, error) { return runTests(m) })
}

// outside builds the binary, and runs this program again in namespaces of its own.
func outside() (code int, err error) {
	dir, err := os.MkdirTemp("", "typoguard-soak-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// PostgreSQL runs as somebody else.
	if err := os.Chmod(dir, 0o755); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	if _, err := kit.BuildWrongClock(ctx); err != nil {
		return 0, err
	}
	if *seed == 0 {
		*seed = rand.Uint64N(1 << 32)
	}
	return kit.InNamespaces([]string{fmt.Sprintf("-seed=%d", *seed)}, []string{inside + "=" + dir})
}

// runTests runs the tests in the namespaces.
func runTests(m *testing.M) (int, error) {
	return m.Run(), nil
}

// makeDir makes a directory of a test. Its path is short, since PostgreSQL has a socket in it.
func makeDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp(os.Getenv(inside), "") //nolint:usetesting // tb.TempDir's paths are too long
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return filepath.Clean(dir)
}
