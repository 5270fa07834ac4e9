//go:build e2e

// Package between_test measures what mail servers are told when another resolver, with its cache and its validator, stands between them
// and typoguard: whether mail for a lookalike still finds the stranger, and whether that for anybody else still arrives.
//
// Everything runs in namespaces of its own, of the network, the processes and the mounts, so that nothing of it is left when it ends, however
// that may be.
package between_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// The flags, which go behind -args.
var (
	all      = flag.Bool("all", false, "measure every resolver with every action, those of Debian 13, too; without it a sample")
	randoms  = flag.Int("random", 1, "random orders of questions in each cell")
	seed     = flag.Uint64("seed", 0, "the seed of the first random order; 0 takes one by chance")
	shown    = flag.Int("failures", 10, "how many failures of a cell are listed")
	packages = flag.String("packages", "", "a directory where unpacked packages are kept for later runs")
)

// surroundings are what all cells have in common.
type surroundings struct {
	*internet
	dir    string
	binary string
	pairs  []pair
}

// world is set up by TestMain, inside of the namespaces.
var world *surroundings

// inside is set in the environment there, to the directory of the run.
const inside = "TYPOGUARD_BETWEEN"

func TestMain(m *testing.M) {
	kit.Main("between", inside, outside, func() (int, error) { return runTests(m, os.Getenv(inside)) })
}

// prepareLimit is how long all that comes before the tests may take, building and downloading included. Their own time limit does not
// count yet.
const prepareLimit = 30 * time.Minute

// outside prepares what needs the Internet, and runs this program again in namespaces of its own.
func outside() (code int, err error) {
	var products []resolvers.Product
	for _, f := range resolvers.Forwarders() {
		if f.Debian != neverInstalled {
			products = append(products, f.Product)
		}
	}
	if err := resolvers.CheckPrograms(products, map[string]string{"ip": "iproute2", "dnssec-signzone": "bind9-utils"}); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "typoguard-between-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, cancel := context.WithTimeout(context.Background(), prepareLimit)
	defer cancel()
	binary, err := kit.Build(ctx)
	if err != nil {
		return 0, err
	}
	if err := os.Symlink(binary, filepath.Join(dir, resolvers.Typoguard.Program)); err != nil {
		return 0, err
	}
	if *packages == "" {
		*packages = filepath.Join(dir, "packages")
	}
	if err := unpack(ctx); err != nil {
		return 0, err
	}
	return kit.InNamespaces([]string{"-packages=" + *packages}, []string{inside + "=" + dir})
}

// unpack unpacks what is not installed. Runs that share the directory of packages take turns.
func unpack(ctx context.Context) (err error) {
	if err := os.MkdirAll(*packages, 0o755); err != nil {
		return err
	}
	unlock, err := kit.Lock(ctx, filepath.Join(*packages, "lock"), kit.BuildLimit)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for _, s := range unpackedSetups() {
		if err := s.release.Unpack(ctx, s.Debian); err != nil {
			return err
		}
	}
	return nil
}

// runTests runs the tests in the namespaces.
func runTests(m *testing.M, dir string) (int, error) {
	for _, args := range [][]string{
		// BIND listens on addresses that a card has.
		{"address", "add", rootServer + "/8", "dev", "lo"},
		{"address", "add", topServer + "/8", "dev", "lo"},
		{"address", "add", childServer + "/8", "dev", "lo"},
		// systemd-resolved asks nobody while only the loopback address is up.
		{"link", "add", "eth0", "type", "veth", "peer", "name", "eth1"},
		{"address", "add", "192.168.53.1/24", "dev", "eth0"},
		{"link", "set", "eth0", "up"},
		{"link", "set", "eth1", "up"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return 0, fmt.Errorf("ip %v: %w: %s", args, err, out)
		}
	}
	// The namespace ends with this process, and so do all servers.
	world = &surroundings{dir: dir, binary: filepath.Join(dir, resolvers.Typoguard.Program), pairs: newPairs(len(orders) + *randoms)}
	zones := filepath.Join(dir, "zones")
	if err := os.Mkdir(zones, 0o755); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), prepareLimit)
	defer cancel()
	var err error
	if world.internet, err = newInternet(ctx, zones, world.pairs); err != nil {
		return 0, err
	}
	defer world.stop()
	return m.Run(), nil
}
