//go:build e2e

package mail_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestAuditCourier: what audit reads in the log of Courier is what became of the messages.
func TestAuditCourier(t *testing.T) {
	requireTools(t, map[string]string{"rsyslogd": "rsyslog"})
	checkLog(t, newCourier, map[string]tried{armyML.domain: {1, 1}, navyML.domain: {1, 1}, nowhere.domain: {1, 0, 1}})
}

// courierUser is the user of Debian's Courier.
var courierUser = user{name: "courier", id: 64908, home: "/var/lib/courier"}

// newCourier starts Courier of Debian 12.
func newCourier(t *testing.T, ns *netns, dir string) mta {
	t.Helper()
	j := newJail(t, ns, dir, bookworm, "courier-mta", courierUser, aliceUser)
	log := filepath.Join(dir, "courier.log")
	j.startSyslog(t, log)
	etc := filepath.Join(j.root, "etc")
	out, err := exec.Command("cp", "-a", filepath.Join(filepath.Dir(j.usr), "etc"), j.root).CombinedOutput()
	require.NoErrorf(t, err, "copying etc: %s", out)
	for name, content := range map[string]string{
		"courier/me": "relay.corp.example\n", "courier/defaultdomain": "corp.example\n", "courier/locals": "localhost\ncorp.example\n",
		"courier/dsnfrom": "postmaster@corp.example\n",
	} {
		writeFile(t, filepath.Join(etc, name), content)
	}
	for _, name := range []string{"passwd", "group", "resolv.conf"} { // an overlay does not see what is mounted on these
		writeFile(t, filepath.Join(etc, name), kit.ReadFile(t, filepath.Join(etcDir(ns.name), name)))
	}
	// The package's installation makes these.
	owner := strconv.Itoa(courierUser.id)
	for _, d := range []string{"var/lib/courier/tmp", "var/lib/courier/msgs", "var/lib/courier/msgq", "var/lib/courier/track", "var/lib/courier/allfilters", "var/lib/courier/filters", "run/courier"} {
		makeDir(t, filepath.Join(j.root, d))
	}
	for _, d := range []string{"var/lib/courier", "run/courier", "etc/courier"} {
		out, err := exec.Command("chown", "-R", owner+":"+owner, filepath.Join(j.root, d)).CombinedOutput()
		require.NoErrorf(t, err, "chown: %s", out)
	}
	c := &courier{jail: j}
	for name, mode := range map[string]os.FileMode{"lib/courier/courier/submitmkdir": 0o755 | os.ModeSetuid, "sbin/sendmail": 0o755 | os.ModeSetgid} {
		require.NoError(t, os.Chown(filepath.Join(j.usr, name), map[bool]int{true: courierUser.id}[mode&os.ModeSetuid != 0], courierUser.id))
		require.NoError(t, os.Chmod(filepath.Join(j.usr, name), mode))
	}
	said, err := c.command("/usr/sbin/courier", "start").CombinedOutput()
	require.NoErrorf(t, err, "courier start: %s", said)
	return &logger{file: log, send: func(t *testing.T, m message) {
		t.Helper()
		m.submitTo(t, c.command("/usr/sbin/sendmail", "-f", sender, m.to))
	}}
}

// courier is Debian's Courier, whose configuration is in /etc.
type courier struct{ jail *jail }

// command prepares a program that sees the configuration.
func (c *courier) command(name string, args ...string) *exec.Cmd {
	const script = `mount -t overlay -o lowerdir="$1:/etc" overlay /etc && shift && exec "$@"`
	return c.jail.command("sh", append([]string{"-c", script, "sh", filepath.Join(c.jail.root, "etc"), name}, args...)...)
}
