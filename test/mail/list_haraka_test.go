//go:build e2e

package mail_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// smartHostPlugin lets Haraka take all mail, and send it to the smart host.
const smartHostPlugin = `exports.hook_connect = (next, connection) => { connection.relaying = true; next() }
exports.hook_get_mx = (next) => next(OK, 'ADDRESS')
`

// TestListHaraka: Haraka with the plugin in deploy/mail-servers.
func TestListHaraka(t *testing.T) {
	t.Parallel()
	requireTools(t, map[string]string{"node": "nodejs", "npm": "npm"})
	cases := listCases(listCase{code: "501 "}, listCase{parameters: " SMTPUTF8", code: "550 5.1.2", text: did("xn--rmy-pla.mil")})
	testList(t, startListHaraka, notUnderstood(cases, "quoted local part", "underscore"), "250 ")
}

// startListHaraka starts Haraka with the plugin.
func startListHaraka(t *testing.T, ns *netns, dir string) mta {
	t.Helper()
	program, home := installHaraka(t), filepath.Join(dir, "haraka")
	out, err := exec.Command("node", program, "--install", home).CombinedOutput() // the files that it does not start without
	require.NoErrorf(t, err, "haraka --install: %s", out)
	for name, content := range map[string]string{
		"config/me":            "relay.corp.example\n",
		"config/smtp.ini":      "listen=127.0.0.1:25\nnodes=0\n",
		"config/plugins":       "typoguard\nsmarthost\n",
		"plugins/typoguard.js": deployed(t, "haraka/typoguard.js", "", ""),
		"plugins/smarthost.js": strings.ReplaceAll(smartHostPlugin, "ADDRESS", smartHost.addr),
	} {
		writeFile(t, filepath.Join(home, name), content)
	}
	h := &smtpOnly{output: filepath.Join(dir, "haraka.output")}
	ns.start(t, h.output, "node", program, "-c", home)
	return h
}
