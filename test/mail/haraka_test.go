//go:build e2e

package mail_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestAuditHaraka: what audit reads in the log of Haraka is what became of the messages, in each of its formats.
func TestAuditHaraka(t *testing.T) {
	requireTools(t, map[string]string{"node": "nodejs", "npm": "npm", "smtp-source": "postfix"})
	haraka := installHaraka(t)
	for _, format := range []string{"default", "logfmt", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			checkLog(t, newHaraka(haraka, format), map[string]tried{armyML.domain: {1, 1}, navyML.domain: {1, 1}, nowhere.domain: {1, 0, 1}})
		})
	}
}

// installing is held by the test that installs Haraka.
var installing sync.Mutex

// installHaraka installs Haraka, once per run, as haraka/package-lock.json has it, and returns its program.
func installHaraka(t *testing.T) string {
	t.Helper()
	installing.Lock()
	defer installing.Unlock()
	dir := filepath.Join(runDir, "haraka")
	program := filepath.Join(dir, "node_modules", "Haraka", "bin", "haraka")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		writeFile(t, filepath.Join(dir, name), kit.ReadFile(t, filepath.Join("haraka", name)))
	}
	out, err := exec.Command("npm", "ci", "--prefix", dir, "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts").CombinedOutput()
	require.NoErrorf(t, err, "npm ci: %s", out)
	return program
}

// newHaraka starts Haraka, which relays whatever comes.
func newHaraka(program, format string) newMTA {
	return func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		conf := filepath.Join(dir, "haraka")
		out, err := exec.Command("node", program, "--install", conf).CombinedOutput() // the files that it does not start without
		require.NoErrorf(t, err, "haraka --install: %s", out)
		for name, content := range map[string]string{
			"config/me":       "relay.corp.example\n",
			"config/smtp.ini": "listen=127.0.0.1:25\nnodes=0\n",
			"config/log.ini":  fmt.Sprintf("[main]\nlevel=info\nformat=%s\n", format),
			"config/plugins":  "any_recipient\n",
			"plugins/any_recipient.js": `exports.hook_rcpt = (next, connection) => { connection.relaying = true; next(OK) }
`,
		} {
			writeFile(t, filepath.Join(conf, name), content)
		}
		log := filepath.Join(dir, "haraka.log")
		ns.start(t, log, "node", program, "-c", conf)
		ns.waitListening(t, "127.0.0.1", 25)
		return &logger{file: log, send: func(t *testing.T, m message) {
			t.Helper()
			ns.run(t, "smtp-source", "-f", sender, "-t", m.to, "127.0.0.1:25")
		}}
	}
}
