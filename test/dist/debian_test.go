//go:build e2e

package dist_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// bootstrap makes a minimal system of a release of Debian, with what apt needs to install Postfix later without the Internet, unless
// that was done before.
func bootstrap(ctx context.Context, dir, release string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	partial := dir + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"debootstrap", "--variant=minbase", release, partial},
		{"chroot", partial, "apt-get", "-qq", "-o", "Acquire::Retries=5", "update"},
		{"chroot", partial, "apt-get", "-qq", "-o", "Acquire::Retries=5", "--yes", "--download-only", "install", "postfix"},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return os.Rename(partial, dir)
}

// host is a Debian system of its own, whose changes are gone when the test ends.
type host struct{ root string }

// newHost makes a host of a release.
func newHost(t *testing.T, release string) host {
	t.Helper()
	repository, err := kit.Root()
	require.NoError(t, err)
	dir := t.TempDir()
	// The temporary directory may be an overlay itself, and then cannot hold the changes of another.
	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, ""))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	for _, d := range []string{"root", "upper", "work"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, d), 0o755))
	}
	h := host{filepath.Join(dir, "root")}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", filepath.Join(repository, *roots, release), filepath.Join(dir, "upper"), filepath.Join(dir, "work"))
	require.NoError(t, syscall.Mount("overlay", h.root, "overlay", 0, options))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(h.root, syscall.MNT_DETACH)) })
	require.NoError(t, syscall.Mount("proc", filepath.Join(h.root, "proc"), "proc", 0, ""))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(filepath.Join(h.root, "proc"), syscall.MNT_DETACH)) })
	h.write(t, "etc/resolv.conf", "nameserver "+upstreamAddress+"\n")
	h.write(t, "usr/local/bin/systemctl", systemctl)
	require.NoError(t, os.Chmod(h.path("usr/local/bin/systemctl"), 0o755))
	t.Cleanup(func() { h.killAll(t) })
	return h
}

// killAll ends the processes that live in the host.
func (h host) killAll(t *testing.T) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/root")
	require.NoError(t, err)
	for _, link := range links {
		if root, err := os.Readlink(link); err != nil || root != h.root {
			continue // one of another host, or one that has ended
		}
		pid, err := strconv.Atoi(strings.Split(link, "/")[2])
		require.NoError(t, err)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	kit.Eventually(t, "nobody listens on port 53", func() bool { return kit.Closed(t, "127.0.0.1:53") })
}

// systemctl does, for the commands of docs/install.md, what systemd does with the unit, which cannot run in a chroot: the same command, user,
// directory and privileges.
const systemctl = `#!/bin/sh
set -eu
unit=/usr/lib/systemd/system/coredns-typoguard.service
setting() { sed -n "s|^$1=||p" "$unit"; }
case "$*" in
'enable --now coredns-typoguard')
	user=$(setting User)
	cd "$(setting WorkingDirectory)"
	setsid setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs \
		--inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service --bounding-set=-all,+net_bind_service \
		$(setting ExecStart) >/var/log/service.log 2>&1 </dev/null &
	for _ in $(seq 300); do
		! coredns-typoguard health -timeout 100ms 2>/dev/null || exit 0
		sleep 0.1
	done
	cat /var/log/service.log
	exit 1
	;;
'restart postfix')
	if [ -x /etc/init.d/postfix ]; then
		/etc/init.d/postfix restart
	else
		postfix stop || true
		postfix start
	fi
	;;
*) echo "systemctl $*: not known here"; exit 1 ;;
esac
`

// path returns the path of a file of the host.
func (h host) path(name string) string { return filepath.Join(h.root, name) }

// write writes a file of the host.
func (h host) write(t *testing.T, name, content string) {
	t.Helper()
	require.NoError(t, os.RemoveAll(h.path(name)))
	kit.WriteFile(t, h.path(name), content)
}

// read returns the content of a file of the host.
func (h host) read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(h.path(name))
	require.NoError(t, err)
	return string(content)
}

// exists reports whether the host has a file.
func (h host) exists(name string) bool {
	_, err := os.Lstat(h.path(name))
	return err == nil
}

// try runs shell commands in /root, and returns what they print.
func (h host) try(t *testing.T, commands string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*kit.Patience)
	defer cancel()
	// A daemon inherits the output, so it is a file rather than a pipe that would not end.
	log, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, "chroot", h.root, "sh", "-c", "cd /root\n"+commands)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "HOME=/root"}
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Run()
	require.NoError(t, log.Close())
	return kit.ReadFile(t, log.Name()), err
}

// run is try for commands that must succeed.
func (h host) run(t *testing.T, commands string) string {
	t.Helper()
	out, err := h.try(t, commands)
	require.NoError(t, err, "%s: %s", commands, out)
	return out
}
