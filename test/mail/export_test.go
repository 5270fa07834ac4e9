//go:build e2e

package mail_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// exportCases are recipients of which a mail server with an export thinks as the policy does.
var exportCases = []listCase{
	{name: "lookalike", recipient: "<bob@army.ml>", code: "550 5.1.2", text: "did you mean .mil?"},
	{name: "below a lookalike", recipient: "<bob@mail.army.ml>", code: "550 5.1.2", text: "did you mean .mil?"},
	{name: "of a full domain", recipient: "<bob@mindf.nl>", code: "550 5.1.2", text: "did you mean mindef.nl?"},
	{name: "below that", recipient: "<bob@mail.mindf.nl>", code: "550 5.1.2", text: "did you mean mindef.nl?"},
	{name: "upper case", recipient: "<BOB@MAIL.Mindf.NL>", code: "550 5.1.2", text: "did you mean mindef.nl?"},
	{name: "plus address", recipient: "<bob+tag@army.ml>", code: "550 5.1.2", text: "did you mean .mil?"},
	{name: "protected", recipient: "<bob@army.mil>", code: "250"},
	{name: "allowed below a lookalike", recipient: "<bob@gov.ml>", code: "250"},
	{name: "below that, too", recipient: "<bob@mail.gov.ml>", code: "250"},
	{name: "any other", recipient: "<bob@example.org>", code: "250"},
}

// exported returns the list that the command export writes.
func exported(t *testing.T, dir, format string) string {
	t.Helper()
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	corefile := filepath.Join(dir, "Corefile.export")
	writeFile(t, corefile, ".:53 {\n"+stanza("protect mil mindef.nl", "allow gov.ml")+"\n}\n")
	out, err := exec.Command(binary, "export", "-conf", corefile, format).Output()
	require.NoError(t, err)
	return string(out)
}

// TestExportPostfix: Postfix with the export refuses what the policy hides, whether a domain in its maps also stands for those below it or not.
func TestExportPostfix(t *testing.T) {
	t.Parallel()
	requireTools(t, nil)
	for name, more := range map[string]string{"parents": "", "dots": "parent_domain_matches_subdomains =\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, relay := newListeningWorld(t, unprotected, func(t *testing.T, ns *netns, dir string) mta {
				t.Helper()
				list := filepath.Join(dir, "typoguard")
				writeFile(t, list, exported(t, dir, "postfix"))
				j := newJail(t, ns, dir, bookworm, "postfix")
				out, err := j.command("postmap", "-c", "/etc/postfix", "hash:"+list).CombinedOutput()
				require.NoErrorf(t, err, "postmap: %s", out)
				return startPostfix(t, j, dir, fmt.Sprintf(
					"relayhost = [%s]\nsmtpd_recipient_restrictions = check_recipient_access hash:%s, permit_mynetworks, reject\n%s", smartHost.addr, list, more))
			})
			checkRecipients(t, relay, exportCases)
		})
	}
}

// TestExportExim: Exim with the export, and the lines of an ACL that it begins with, refuses what the policy hides.
func TestExportExim(t *testing.T) {
	t.Parallel()
	requireTools(t, nil)
	_, relay := newListeningWorld(t, unprotected, func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		list, text := filepath.Join(dir, "typoguard"), exported(t, dir, "exim")
		writeFile(t, list, text)
		var acl strings.Builder
		for line := range strings.Lines(text) {
			if rule, ok := strings.CutPrefix(line, "# "); ok && (strings.HasPrefix(rule, "deny ") || strings.HasPrefix(rule, "     ")) {
				acl.WriteString("  " + strings.ReplaceAll(rule, "/etc/exim4/typoguard", list))
			}
		}
		return startEximDaemon(t, ns, dir, acl.String())
	})
	checkRecipients(t, relay, exportCases)
}
