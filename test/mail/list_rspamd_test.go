//go:build e2e

package mail_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rspamdUser is the user of Debian's rspamd.
var rspamdUser = user{name: "_rspamd", id: 64907, home: "/var/lib/rspamd"}

// rspamdAddress is where rspamd takes messages to check.
const rspamdAddress = "127.0.0.1:11333"

// TestListRspamd: rspamd with the configuration in deploy/mail-servers refuses a message with a recipient who is on the list.
func TestListRspamd(t *testing.T) {
	t.Parallel()
	requireTools(t, nil)
	dir := caseDir(t)
	net := newNetwork(t)
	newInternet(t, net.internet, dir, false)
	newResolver(t, net, dir, listed)
	startRspamd(t, net.relay, dir)
	for _, tt := range []struct {
		name, want string
		recipients []string
	}{
		{"lookalike", "TYPOGUARD_LOOKALIKE", []string{"bob@army.ml"}},
		{"below a lookalike, in upper case", "TYPOGUARD_LOOKALIKE", []string{"BOB@MAIL.ARMY.ML"}},
		{"two hyphens", "TYPOGUARD_LOOKALIKE", []string{"bob@my--host.army.ml"}},
		{"no Punycode", "TYPOGUARD_LOOKALIKE", []string{"bob@xn--a.army.ml"}},
		{"underscore", "TYPOGUARD_LOOKALIKE", []string{"bob@my_host.army.ml"}},
		{"one of two", "TYPOGUARD_LOOKALIKE", []string{"bob@army.mil", "bob+tag@army.ml"}},
		{"monitored", "TYPOGUARD_TRIAL", []string{"bob@partnr.example"}},
		{"protected", "", []string{"bob@army.mil"}},
		{"any other", "", []string{"bob@example.org"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			verdict := checkMessage(t, net.relay, tt.recipients)
			for _, symbol := range []string{"TYPOGUARD_LOOKALIKE", "TYPOGUARD_TRIAL"} {
				assert.Equal(t, symbol == tt.want, verdict.Symbols[symbol] != nil, symbol)
			}
			assert.Equal(t, tt.want == "TYPOGUARD_LOOKALIKE", verdict.Action == "reject", verdict.Action)
			if tt.want == "TYPOGUARD_LOOKALIKE" {
				assert.Equal(t, "550 5.1.2 A recipient's domain looks mistyped. Please check the addresses", verdict.Messages["smtp_message"])
			}
		})
	}
}

// startRspamd starts rspamd with Debian's configuration and ours.
func startRspamd(t *testing.T, ns *netns, dir string) {
	t.Helper()
	j := newJail(t, ns, dir, bookworm, "rspamd", rspamdUser)
	etc := filepath.Join(dir, "etc")
	out, err := exec.Command("cp", "-a", filepath.Join(filepath.Dir(j.usr), "etc", "rspamd"), etc).CombinedOutput()
	require.NoErrorf(t, err, "copying the configuration: %s", out)
	for _, name := range []string{"rbl.conf", "force_actions.conf"} {
		writeFile(t, filepath.Join(etc, "local.d", name), deployed(t, "rspamd/"+name, "", ""))
	}
	writeFile(t, filepath.Join(etc, "local.d", "logging.inc"), "type = \"console\";\n")
	// By default it compiles all public suffixes at each start, for a minute.
	suffixes := filepath.Join(etc, "suffixes")
	writeFile(t, suffixes, "com\nexample\n")
	writeFile(t, filepath.Join(etc, "local.d", "options.inc"), fmt.Sprintf("disable_hyperscan = true;\nurl_tld = %q;\n", suffixes))
	for _, path := range []string{"run/rspamd", "var/lib/rspamd", "var/log/rspamd"} {
		makeDir(t, filepath.Join(j.root, path))
		out, err := exec.Command("chown", "-R", "64907:64907", filepath.Join(j.root, path)).CombinedOutput()
		require.NoErrorf(t, err, "chown: %s", out)
	}
	j.start(t, filepath.Join(dir, "rspamd.output"), "/usr/bin/rspamd", "-f", "-u", rspamdUser.name, "-g", rspamdUser.name,
		"-c", filepath.Join(etc, "rspamd.conf"), "--var=CONFDIR="+etc, "--var=LOCAL_CONFDIR="+etc)
	ns.waitListening(t, "*", 11333)
}

// verdict is what rspamd says about a message.
type verdict struct {
	Action   string
	Symbols  map[string]any
	Messages map[string]string
}

// checkMessage lets rspamd check a message to recipients, as an authenticated user sends it.
func checkMessage(t *testing.T, ns *netns, recipients []string) verdict {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return ns.dial(t, "tcp", rspamdAddress), nil }}}
	message := message{to: recipients[0], cc: recipients[1:]}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+rspamdAddress+"/checkv2", message.reader())
	require.NoError(t, err)
	request.Header.Set("From", sender)
	request.Header.Set("User", "alice")
	request.Header.Set("Ip", "127.0.0.1")
	for _, to := range recipients {
		request.Header.Add("Rcpt", to)
	}
	var found verdict
	reply, err := client.Do(request)
	require.NoError(t, err)
	defer reply.Body.Close()
	require.NoError(t, json.NewDecoder(reply.Body).Decode(&found))
	return found
}
