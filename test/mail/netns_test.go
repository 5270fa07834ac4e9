//go:build e2e

package mail_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// netns is a network namespace with one network card, a server's view of the world.
type netns struct {
	name string
}

// network is the three namespaces of a test case.
type network struct {
	relay, resolver, internet *netns
}

// newNetwork makes the namespaces of a test case. The bridge between them lies in the namespace internet, so nothing
// of it shows on the machine itself.
func newNetwork(t *testing.T) *network {
	t.Helper()
	internetAddrs := []string{rootServerAddr}
	for _, s := range servedSites() {
		internetAddrs = append(internetAddrs, s.addr)
	}
	n := &network{internet: newNetns(t, "internet")}
	n.internet.ip(t, "link add br0 type bridge")
	n.internet.addAddresses(t, "br0", internetAddrs...)

	n.relay = n.attach(t, "relay", relayAddr, relayAddr6)
	n.resolver = n.attach(t, "resolver", resolverAddr, sinkholeAddr, sinkholeAddr6, deadSinkholeAddr)
	return n
}

// attach makes a namespace with a cable to the bridge.
func (n *network) attach(t *testing.T, role string, addrs ...string) *netns {
	t.Helper()
	ns := newNetns(t, role)
	ns.ip(t, "link add eth0 type veth peer name "+role+" netns "+n.internet.name)
	n.internet.ip(t, "link set "+role+" master br0 up")
	ns.addAddresses(t, "eth0", addrs...)
	return ns
}

// netnsCount tells the namespaces of cases that run at the same time apart.
var netnsCount atomic.Int64

// newNetns makes an empty namespace, which goes when the test ends.
func newNetns(t *testing.T, role string) *netns {
	t.Helper()
	ns := &netns{name: fmt.Sprintf("%s%d-%d-%s", prefix, os.Getpid(), netnsCount.Add(1), role)}
	out, err := exec.Command("ip", "netns", "add", ns.name).CombinedOutput()
	require.NoErrorf(t, err, "making namespace %s: %s", ns.name, out)
	t.Cleanup(func() { assert.NoError(t, deleteNetns(ns.name)) })
	ns.ip(t, "link set lo up")
	return ns
}

// addAddresses gives a network card its addresses and turns it on.
func (ns *netns) addAddresses(t *testing.T, dev string, addrs ...string) {
	t.Helper()
	var lines []string
	for _, addr := range addrs {
		if strings.Contains(addr, ":") {
			// Without duplicate address detection, which takes a second or two.
			lines = append(lines, "address add "+addr+"/64 dev "+dev+" nodad")
			continue
		}
		lines = append(lines, "address add "+addr+"/24 dev "+dev)
	}
	ns.ip(t, append(lines, "link set "+dev+" up")...)
}

// ip configures the namespace's network, by lines of arguments.
func (ns *netns) ip(t *testing.T, lines ...string) {
	t.Helper()
	cmd := exec.Command("ip", "-n", ns.name, "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n"))
	out, err := cmd.CombinedOutput()
	require.NoErrorf(t, err, "ip -n %s: %q: %s", ns.name, lines, out)
}

// replaceEtc lets the programs in the namespace see content as /etc/name: ip netns exec mounts it there for them.
func (ns *netns) replaceEtc(t *testing.T, name, content string) {
	t.Helper()
	writeFile(t, filepath.Join(etcDir(ns.name), name), content)
}

// command prepares a program to run in the namespace.
func (ns *netns) command(name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", ns.name, name}, args...)...)
}

// run runs a program in the namespace and returns what it prints.
func (ns *netns) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := ns.command(name, args...).CombinedOutput()
	require.NoErrorf(t, err, "%s %s: %s", name, strings.Join(args, " "), out)
	return string(out)
}

// start runs a server in the namespace until the test ends, its output going to a file, which is shown if the test
// fails.
func (ns *netns) start(t *testing.T, output, name string, args ...string) {
	t.Helper()
	t.Cleanup(ns.launch(t, output, name, args...))
}

// launch is start, but returns what ends the server.
func (ns *netns) launch(t *testing.T, output, name string, args ...string) (end func()) {
	t.Helper()
	f, err := os.Create(output)
	require.NoError(t, err)
	defer f.Close()
	cmd := ns.command(name, args...)
	cmd.Stdout, cmd.Stderr = f, f
	require.NoError(t, cmd.Start())
	return func() {
		stop(cmd)
		if said := kit.ReadFile(t, output); t.Failed() && said != "" {
			t.Logf("%s holds:\n%s", output, said)
		}
	}
}

// stop ends a server, by force if it takes more than five seconds over it.
func stop(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	force := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
	defer force.Stop()
	_ = cmd.Wait() // A server ended by a signal is no failure.
}

// waitListening waits until something in the namespace accepts connections to the TCP port of addr, which is "*" for any.
func (ns *netns) waitListening(t *testing.T, addr string, port int) {
	t.Helper()
	kit.Eventually(t, fmt.Sprintf("a server on %s port %d", addr, port), func() bool { return ns.listens(t, addr, port) })
}

// listens looks into the kernel's tables of sockets. A program that does would take longer than the servers that are waited for.
func (ns *netns) listens(t *testing.T, addr string, port int) bool {
	t.Helper()
	var sockets strings.Builder
	ns.within(t, func() error {
		for _, table := range []string{"tcp", "tcp6"} {
			text, err := os.ReadFile("/proc/thread-self/net/" + table)
			if err != nil {
				return err
			}
			sockets.Write(text)
		}
		return nil
	})
	local := fmt.Sprintf(":%04X", port)
	if ip := net.ParseIP(addr).To4(); ip != nil {
		local = fmt.Sprintf("%02X%02X%02X%02X", ip[3], ip[2], ip[1], ip[0]) + local
	}
	const listening = "0A"
	for line := range strings.Lines(sockets.String()) {
		if f := strings.Fields(line); len(f) > 3 && strings.HasSuffix(f[1], local) && f[3] == listening {
			return true
		}
	}
	return false
}

// netnsNames lists the namespaces that carry our prefix.
func netnsNames() ([]string, error) {
	out, err := exec.Command("ip", "netns", "list").Output()
	if err != nil {
		return nil, fmt.Errorf("ip netns list (apt-get install iproute2 if ip is missing): %w", err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, nil
}

// deleteNetns ends the processes in a namespace and removes it.
func deleteNetns(name string) error {
	if err := killAll(name); err != nil {
		return err
	}
	if err := os.RemoveAll(etcDir(name)); err != nil {
		return err
	}
	if out, err := exec.Command("ip", "netns", "delete", name).CombinedOutput(); err != nil {
		return fmt.Errorf("deleting namespace %s: %w: %s", name, err, out)
	}
	return nil
}

// killAll ends the processes in a namespace, those included that start while it is at it.
func killAll(name string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 100 {
		out, err := exec.Command("ip", "netns", "pids", name).Output()
		if err != nil {
			return fmt.Errorf("listing the processes in %s: %w", name, err)
		}
		if len(out) == 0 {
			return nil
		}
		for field := range strings.FieldsSeq(string(out)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return err
			}
			_ = syscall.Kill(pid, syscall.SIGKILL) // It may have ended by itself.
		}
		<-tick.C
	}
	return fmt.Errorf("processes in %s do not end", name)
}

// etcDir is where ip netns exec looks for files that replace those in /etc.
func etcDir(name string) string {
	return filepath.Join("/etc/netns", name)
}
