//go:build e2e

package mail_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// release is a release of Debian. Its packages are used whatever release the machine itself is.
type release string

const (
	bookworm release = resolvers.Bookworm
	trixie   release = resolvers.Trixie
)

// forEachRelease tests the mail servers of every release, at the same time, since they mostly wait.
func forEachRelease(t *testing.T, test func(*testing.T, release)) {
	t.Helper()
	for _, r := range []release{bookworm, trixie} {
		t.Run(string(r), func(t *testing.T) {
			t.Parallel()
			test(t, r)
		})
	}
}

// jail runs the programs of a Debian package that is not installed. Debian lets only one mail server be installed at a
// time, and only its own; so they are unpacked, and their programs run where everything looks as if their package were
// installed: its files in /usr, directories of its own in the place of /var/lib, /var/spool and /run, of /dev, too, if it
// needs the socket of syslog, and its users in /etc/passwd.
type jail struct {
	ns   *netns
	root string // has var and run
	usr  string // shared by all jails of the package
}

// user is an entry of /etc/passwd, with a group of the same name.
type user struct {
	name string
	id   int
	home string
}

// newJail makes a jail for a package of a release.
func newJail(t *testing.T, ns *netns, dir string, r release, pkg string, users ...user) *jail {
	t.Helper()
	files := r.unpack(t, pkg)
	j := &jail{ns: ns, root: filepath.Join(dir, pkg), usr: filepath.Join(files, "usr")}
	for _, d := range []string{"run", "var/lib", "var/spool"} {
		makeDir(t, filepath.Join(j.root, d))
	}
	out, err := exec.Command("cp", "-a", filepath.Join(files, "var"), j.root).CombinedOutput()
	require.NoErrorf(t, err, "copying var of %s: %s", pkg, out)
	passwd, group := kit.ReadFile(t, "/etc/passwd"), kit.ReadFile(t, "/etc/group")
	for _, u := range users {
		passwd += fmt.Sprintf("%s:x:%d:%d::%s:/usr/sbin/nologin\n", u.name, u.id, u.id, u.home)
		group += fmt.Sprintf("%s:x:%d:\n", u.name, u.id)
	}
	ns.replaceEtc(t, "passwd", passwd)
	ns.replaceEtc(t, "group", group)
	return j
}

// usedBy are further packages whose programs the configurations of mail servers need.
var usedBy = map[string][]string{"opensmtpd": {"bind9-dnsutils"}}

// unpacking is held by the test that unpacks a package of a release.
var unpacking = map[release]*sync.Mutex{bookworm: {}, trixie: {}}

// unpack downloads a package of the release and unpacks it, once per run, together with everything that it needs, and with what
// it and the tests run beside: the machine's C library may be too old for the package, and the package's for the machine's shell.
func (r release) unpack(t *testing.T, pkg string) string {
	t.Helper()
	unpacking[r].Lock()
	defer unpacking[r].Unlock()
	packages := resolvers.Release{Name: string(r), Dir: runDir}
	require.NoError(t, packages.Unpack(t.Context(), pkg, append([]string{"coreutils", "sed"}, usedBy[pkg]...)...))
	debs, err := filepath.Glob(filepath.Join(runDir, string(r), "debs", pkg+"_*.deb"))
	require.NoError(t, err)
	t.Logf("of Debian %s: %s", r, filepath.Base(strings.Join(debs, " ")))
	return packages.Root(pkg)
}

// command prepares a program to run in the jail. The mounts are seen by nobody else: ip netns exec gives every program
// it starts mounts of its own.
func (j *jail) command(name string, args ...string) *exec.Cmd {
	return j.ns.command("sh", j.shellArgs(name, args...)...)
}

// start runs a server in the jail until the test ends.
func (j *jail) start(t *testing.T, output, name string, args ...string) {
	t.Helper()
	j.ns.start(t, output, "sh", j.shellArgs(name, args...)...)
}

// shellArgs tells a shell to make the mounts and become the program. The one over /usr is the last: programs of the machine may
// not run on the C library of the package.
func (j *jail) shellArgs(name string, args ...string) []string {
	const script = `set -e
root=$1 usr=$2
shift 2
mount --bind "$root/var/lib" /var/lib
mount --bind "$root/var/spool" /var/spool
mount --bind "$root/run" /run
[ ! -d "$root/dev" ] || mount --bind "$root/dev" /dev
mount -t overlay -o lowerdir="$usr:/usr" overlay /usr
exec "$@"`
	return append([]string{"-c", script, "sh", j.root, j.usr, name}, args...)
}
