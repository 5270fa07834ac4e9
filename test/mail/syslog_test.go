//go:build e2e

package mail_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// startSyslog gives the jail a /dev with a few devices and the socket of a syslog daemon, rsyslog, that writes what comes in
// to a file, as Debian's does.
func (j *jail) startSyslog(t *testing.T, log string) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("syslog has:\n%s", kit.ReadFile(t, log))
		}
	})
	dev := filepath.Join(j.root, "dev")
	makeDir(t, dev)
	out, err := exec.Command("cp", "-a", "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", dev).CombinedOutput()
	require.NoErrorf(t, err, "making devices: %s", out)
	conf := filepath.Join(j.root, "rsyslog.conf")
	writeFile(t, conf, fmt.Sprintf(`module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="%s/log")
*.* action(type="omfile" file="%s")
`, dev, log))
	j.ns.start(t, filepath.Join(j.root, "rsyslog.output"), "rsyslogd", "-n", "-i", "NONE", "-f", conf)
	kit.Eventually(t, "the socket of syslog", func() bool {
		_, err := os.Stat(filepath.Join(dev, "log"))
		return err == nil
	})
}
