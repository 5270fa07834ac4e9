//go:build e2e

// Package dist_test tries what "make dist" has built as its users will: the packages in fresh Debian systems, by the commands of
// docs/install.md, with a real Postfix; and the image, unpacked into a directory.
//
// The tests run in namespaces of their own, of the network, the processes and the mounts, so that nothing of them is left when they end. What
// needs the Internet, the base systems, is prepared before, and kept in bin/ for later runs.
package dist_test

import (
	"context"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// The flags, which go behind -args.
var (
	dist  = flag.String("dist", "dist", "the directory that make dist has filled, below that of the repository")
	roots = flag.String("roots", "bin/roots", "the directory where base systems are kept, below that of the repository")
)

// releases are the releases of Debian that packages are tried on.
var releases = []string{"bookworm", "trixie"}

// inside is set in the environment of the process in the namespaces.
const inside = "TYPOGUARD_DIST"

// internet answers whatever the resolvers ask.
var internet *upstream

func TestMain(m *testing.M) {
	kit.Main("dist", inside, outside, func() (int, error) { return runTests(m) })
}

// outside prepares what needs the Internet, and runs this program again in namespaces of its own.
func outside() (int, error) {
	root, err := kit.Root()
	if err != nil {
		return 0, err
	}
	for _, release := range releases {
		if err := bootstrap(context.Background(), filepath.Join(root, *roots, release), release); err != nil {
			return 0, err
		}
	}
	return kit.InNamespaces(nil, []string{inside + "=yes"})
}

// runTests runs the tests in the namespaces.
func runTests(m *testing.M) (int, error) {
	if out, err := exec.Command("ip", "address", "add", upstreamAddress+"/32", "dev", "lo").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("ip: %w: %s", err, out)
	}
	var err error
	if internet, err = startUpstream(); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// built returns the path of the one file of dist/ that a pattern matches.
func built(t *testing.T, pattern string) string {
	t.Helper()
	root, err := kit.Root()
	require.NoError(t, err)
	found, err := filepath.Glob(filepath.Join(root, *dist, pattern))
	require.NoError(t, err)
	require.Len(t, found, 1, "%s in %s: run make dist first", pattern, *dist)
	return found[0]
}

// output runs a program, and returns what it prints. The test fails if the program does.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, strings.Join(args, " "), out)
	return string(out)
}
