//go:build e2e

package mail_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestListSpamAssassin: SpamAssassin with the configuration in deploy/mail-servers knows a message with a recipient who is on the list.
func TestListSpamAssassin(t *testing.T) {
	t.Parallel()
	requireTools(t, nil)
	dir := caseDir(t)
	net := newNetwork(t)
	newInternet(t, net.internet, dir, false)
	newResolver(t, net, dir, listed)
	net.relay.replaceEtc(t, "resolv.conf", "nameserver "+resolverAddr+"\n")
	j := newJail(t, net.relay, dir, bookworm, "spamassassin")
	site, rules := filepath.Join(dir, "site"), filepath.Join(dir, "rules")
	writeFile(t, filepath.Join(site, "typoguard.cf"), deployed(t, "spamassassin/typoguard.cf", "", ""))
	// All of Debian's rules take ten seconds to compile.
	writeFile(t, filepath.Join(rules, "plugins.pre"), "loadplugin Mail::SpamAssassin::Plugin::Check\n")
	writeFile(t, filepath.Join(rules, "rules.cf"), "util_rb_tld com example mil ml\ndns_available yes\nadd_header all Status tests=_TESTS_\n")
	writeFile(t, filepath.Join(dir, "preferences"), "")
	for _, tt := range []struct {
		name, to, cc string
		want         []string
	}{
		{"lookalike", "bob@army.ml", "", []string{"TYPOGUARD_LOOKALIKE"}},
		{"below a lookalike, in upper case", "BOB@MAIL.ARMY.ML", "", []string{"TYPOGUARD_LOOKALIKE"}},
		{"two hyphens", "bob@my--host.army.ml", "", []string{"TYPOGUARD_LOOKALIKE"}},
		{"no Punycode", "bob@xn--a.army.ml", "", []string{"TYPOGUARD_LOOKALIKE"}},
		{"underscore", "bob@my_host.army.ml", "", nil}, // SpamAssassin does not take it for an address
		{"one of two", "bob@army.mil", "Bob <bob+tag@army.ml>", []string{"TYPOGUARD_LOOKALIKE"}},
		{"two of three", "bob@army.mil, Bob <bob@army.ml>", "bob@partnr.example", []string{"TYPOGUARD_LOOKALIKE", "TYPOGUARD_TRIAL"}},
		{"monitored", "bob@partnr.example", "", []string{"TYPOGUARD_TRIAL"}},
		{"protected", "bob@army.mil", "bob@mail.army.mil", nil},
		{"any other", "bob@example.com", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := j.command("/usr/bin/spamassassin", "--test-mode", "--prefspath="+filepath.Join(dir, "preferences"), "--siteconfigpath="+site, "--configpath="+rules)
			check.Stdin = strings.NewReader("From: " + sender + "\nTo: " + tt.to + "\nCc: " + tt.cc + "\nSubject: travel plan\n\nPlan.\n")
			out, err := check.CombinedOutput()
			require.NoError(t, err, "%s", out)
			_, status, found := strings.Cut(string(out), "X-Spam-Status:")
			require.True(t, found, "%s", out)
			var got []string
			for _, rule := range []string{"TYPOGUARD_LOOKALIKE", "TYPOGUARD_TRIAL"} {
				if strings.Contains(status, rule) {
					got = append(got, rule)
				}
			}
			assert.Equal(t, tt.want, got, status)
		})
	}
}
