//go:build e2e

package dist_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// installCommands returns the commands of docs/install.md that lead from nothing to a bounce.
func installCommands(t *testing.T) []string {
	t.Helper()
	root, err := kit.Root()
	require.NoError(t, err)
	fence := regexp.MustCompile("(?s)\n```sh\n(.*?)\n```\n").FindStringSubmatch(kit.ReadFile(t, filepath.Join(root, "docs", "install.md")))
	require.NotNil(t, fence)
	return strings.Split(fence[1], "\n")
}

// TestDeb: from a bare Debian to a bounced lookalike by the commands of the documentation; then an upgrade that keeps what was edited, and a
// removal that says what is still to be done.
func TestDeb(t *testing.T) {
	commands := installCommands(t)
	require.LessOrEqual(t, len(commands), 10)
	deb := built(t, "*_amd64.deb")
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			h := newHost(t, release)
			kit.WriteFile(t, h.path("root/"+filepath.Base(deb)), kit.ReadFile(t, deb))

			var bounce string
			for _, command := range commands {
				before := h.read(t, "etc/resolv.conf")
				bounce = h.run(t, command)
				t.Logf("%s\n%s", command, bounce)
				if strings.HasPrefix(command, "dpkg") {
					assert.Equal(t, before, h.read(t, "etc/resolv.conf"))
				}
			}
			assert.Contains(t, bounce, "<bob@army.ml>: Host or domain name not found.")
			assert.Equal(t, "NXDOMAIN 0", ask(t, "127.0.0.1", "army.ml."))
			assert.Equal(t, "NOERROR 1", ask(t, "127.0.0.1", "army.mil."))
			assert.NotContains(t, internet.names(), "army.ml.")
			checkInstalled(t, h)

			upgrade(t, h, deb)
			remove(t, h)
		})
	}
}

// checkInstalled checks what is there besides the program.
func checkInstalled(t *testing.T, h host) {
	t.Helper()
	assert.Empty(t, h.run(t, "dpkg --verify coredns-typoguard | grep -v ' c '; true"), "files that differ from those in the package")
	owners := h.run(t, "stat -c '%U %G %a %n' /var/lib/typoguard /var/log/typoguard /usr/bin/coredns-typoguard /etc/coredns-typoguard/Corefile")
	assert.Equal(t, `coredns-typoguard coredns-typoguard 750 /var/lib/typoguard
coredns-typoguard coredns-typoguard 750 /var/log/typoguard
root root 755 /usr/bin/coredns-typoguard
root root 644 /etc/coredns-typoguard/Corefile
`, owners)
	uid := strings.TrimSpace(h.run(t, "id -u coredns-typoguard"))
	assert.Contains(t, h.run(t, "grep -h ^Uid: /proc/[0-9]*/status"), "Uid:\t"+uid+"\t", "the service does not run as its user")
	for _, section := range []string{"7", "8"} {
		page := h.run(t, "zcat /usr/share/man/man"+section+"/coredns-typoguard."+section+".gz")
		assert.Contains(t, page, "\n.SH NAME\n", section)
	}
	for _, command := range []string{"check", "advise", "audit", "rpz", "export", "doctor", "health"} {
		page := h.run(t, "zcat /usr/share/man/man8/coredns-typoguard-"+command+".8.gz")
		assert.Contains(t, page, "\ncoredns-typoguard-"+command+" \\- ", command)
		assert.Contains(t, page, "\n.SH EXIT STATUS\n", command)
	}
	// The same files, as systemd reads them.
	output(t, "systemd-sysusers", "--root="+h.root, "coredns-typoguard.conf")
	output(t, "systemd-tmpfiles", "--root="+h.root, "--create", "coredns-typoguard.conf")
	unit := output(t, "systemd-analyze", "security", "--offline=true", "--root="+h.root, "--threshold=25", "coredns-typoguard.service")
	assert.NotRegexp(t, "(?i)unknown (key|section)|failed to parse|ignoring", unit)
}

// upgrade installs the next version, in which the maintainers have changed one of two files that are edited here.
func upgrade(t *testing.T, h host, deb string) {
	t.Helper()
	next := filepath.Join(t.TempDir(), "next")
	output(t, "dpkg-deb", "--raw-extract", deb, next)
	output(t, "sed", "-i", "s/^Version: .*/&.next/", filepath.Join(next, "DEBIAN", "control"))
	output(t, "sed", "-i", "1i # the next version", filepath.Join(next, "etc/coredns-typoguard/Corefile"))
	output(t, "dpkg-deb", "--root-owner-group", "-Znone", "--build", next, h.path("root/next.deb"))

	h.run(t, "echo army.example >>/etc/coredns-typoguard/protect.txt")
	corefile, protect := h.read(t, "etc/coredns-typoguard/Corefile"), h.read(t, "etc/coredns-typoguard/protect.txt")
	h.run(t, "dpkg --force-confdef --force-confold --install next.deb")
	assert.Regexp(t, `\.next$`, h.run(t, "dpkg-query -W -f '${Version}' coredns-typoguard"))
	assert.Equal(t, corefile, h.read(t, "etc/coredns-typoguard/Corefile"))
	assert.Equal(t, protect, h.read(t, "etc/coredns-typoguard/protect.txt"))
	assert.Contains(t, h.read(t, "etc/coredns-typoguard/Corefile.dpkg-dist"), "# the next version")
}

// remove removes the package, first without what was edited, and then that, too.
func remove(t *testing.T, h host) {
	t.Helper()
	require.NoError(t, os.WriteFile(h.path("var/lib/typoguard/events.db"), nil, 0o600))
	out := h.run(t, "dpkg --remove coredns-typoguard")
	assert.Contains(t, out, "/etc/resolv.conf still names 127.0.0.1")
	assert.False(t, h.exists("usr/bin/coredns-typoguard"))
	assert.True(t, h.exists("etc/coredns-typoguard/protect.txt"))
	assert.True(t, h.exists("var/lib/typoguard/events.db"))

	h.run(t, "rm /etc/coredns-typoguard/Corefile.dpkg-dist; dpkg --purge coredns-typoguard")
	for _, path := range []string{"etc/coredns-typoguard", "var/lib/typoguard", "var/log/typoguard"} {
		assert.False(t, h.exists(path), path)
	}
	assert.Contains(t, h.read(t, "etc/passwd"), "\ncoredns-typoguard:")
}
