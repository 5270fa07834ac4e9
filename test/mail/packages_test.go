//go:build e2e

package mail_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// jail runs the programs of a Debian package that is not installed. Debian lets only one mail server be installed at a
// time, and that is Postfix; so the others are unpacked, and their programs run where everything looks as if their
// package were installed: its files in /usr, directories of its own in the place of /var/lib, /var/spool and /run, of /dev,
// too, if it needs the socket of syslog, and its users in /etc/passwd.
type jail struct {
	ns   *netns
	root string // has usr, var and run
}

// user is an entry of /etc/passwd, with a group of the same name.
type user struct {
	name string
	id   int
	home string
}

// unpackage downloads a Debian package, with what it needs and the machine lacks, and unpacks it.
func unpackage(t *testing.T, ns *netns, dir, pkg string, users ...user) *jail {
	t.Helper()
	j := &jail{ns: ns, root: filepath.Join(dir, pkg)}
	for _, d := range []string{"usr", "run", "var/lib", "var/spool"} {
		makeDir(t, filepath.Join(j.root, d))
	}
	for _, deb := range download(t, pkg) {
		out, err := exec.Command("dpkg", "-x", deb, j.root).CombinedOutput()
		require.NoErrorf(t, err, "unpacking %s: %s", deb, out)
	}
	passwd, group := readFile(t, "/etc/passwd"), readFile(t, "/etc/group")
	for _, u := range users {
		passwd += fmt.Sprintf("%s:x:%d:%d::%s:/usr/sbin/nologin\n", u.name, u.id, u.id, u.home)
		group += fmt.Sprintf("%s:x:%d:\n", u.name, u.id)
	}
	ns.replaceEtc(t, "passwd", passwd)
	ns.replaceEtc(t, "group", group)
	return j
}

// download asks apt for the files of a package and of what it needs and the machine lacks, once per run.
func download(t *testing.T, pkg string) []string {
	t.Helper()
	dir := filepath.Join(runDir, "packages", pkg)
	if _, err := os.Stat(dir); err != nil {
		makeDir(t, filepath.Join(dir, "partial"))
		// Debian's own timers use apt, too, and its mirrors do not always answer.
		out, err := exec.Command("apt-get", "-qq", "--yes", "--no-install-recommends", "--download-only", "-o", "DPkg::Lock::Timeout=120",
			"-o", "Acquire::Retries=5", "-o", "Dir::Cache::archives="+dir, "install", pkg).CombinedOutput()
		require.NoErrorf(t, err, "downloading %s (run apt-get update first): %s", pkg, out)
	}
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	require.NoError(t, err)
	require.NotEmptyf(t, debs, "apt-get downloaded nothing: is %s installed instead of postfix?", pkg)
	return debs
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

// shellArgs tells a shell to make the mounts and become the program.
func (j *jail) shellArgs(name string, args ...string) []string {
	const script = `set -e
root=$1
shift
mount -t overlay -o lowerdir="$root/usr:/usr" overlay /usr
mount --bind "$root/var/lib" /var/lib
mount --bind "$root/var/spool" /var/spool
mount --bind "$root/run" /run
[ ! -d "$root/dev" ] || mount --bind "$root/dev" /dev
exec "$@"`
	return append([]string{"-c", script, "sh", j.root, name}, args...)
}
