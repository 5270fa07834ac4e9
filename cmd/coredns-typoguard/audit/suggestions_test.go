package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// monthOfMail is what Postfix logs of four people who write to partners each day, and to typos of them.
func monthOfMail() string {
	var log strings.Builder
	id := 0
	send := func(day int, from, to string) {
		id++
		stamp := fmt.Sprintf("Nov %2d 10:%02d:%02d", day, id/60%60, id%60)
		fmt.Fprintf(&log, "%s relay postfix/qmgr[1]: %06X: from=<%s>, size=1, nrcpt=1 (queue active)\n", stamp, 0xA00000+id, from)
		log.WriteString(delivery(stamp, fmt.Sprintf("%06X", 0xA00000+id), to, "sent"))
	}
	for day := 1; day <= 20; day++ {
		for person := range 4 {
			from := fmt.Sprintf("person.%d@corp.example", person)
			send(day, from, fmt.Sprintf("general.%d@us.army.mil", person))
			send(day, from, fmt.Sprintf("buyer.%d@%spartner.example", person, [...]string{"", "post."}[person%2]))
		}
		send(day, "person.0@corp.example", "all@us.army.ml") // forwards
		if day%4 == 0 {
			send(day, "person.1@corp.example", "seller.1@partier.example")
			send(day, "person.2@corp.example", "seller.2@partier.example")
		}
	}
	send(3, "person.3@corp.example", "buyer.3@partnr.example")
	return log.String()
}

// TestSuggest: without any policy, logs tell what to protect, and what looks like it and is legitimate; no local part is shown unless
// that is wanted; and every reader of logs takes part.
func TestSuggest(t *testing.T) {
	t.Chdir(t.TempDir()) // without a Corefile
	log := "mail.log"
	require.NoError(t, os.WriteFile(log, []byte(monthOfMail()), 0o600))
	require.NoError(t, os.Chtimes(log, testEnd, testEnd))
	got := runCommand(t, "", "audit", "-suggest", ".", log)
	require.Equal(t, 0, got.status, got.errs)
	assert.Contains(t, got.out, "mail.log: 382 lines")
	assert.Contains(t, got.out, "\nprotect: 2 domains suggested: army.mil partner.example\n  in protect-suggested.txt\n")
	assert.Contains(t, got.out, "\nallow: 1 domain suggested: partier.example; not suggested, although mail was delivered: army.ml partnr.example\n  in allow-suggested.txt\n")
	assert.Contains(t, got.out, "\nprefixes: 1 name of hosts suggested: post\n  in prefixes-suggested.txt\n")
	protect, allow := read(t, "protect-suggested.txt"), read(t, "allow-suggested.txt")
	prefixes := read(t, "prefixes-suggested.txt")
	assert.Contains(t, prefixes, "\npost # before partner.example; 40 messages or queries on 20 days\n")
	assert.Contains(t, protect, "\narmy.mil # 80 delivered on 20 days; 4 senders: corp.example\npartner.example # ")
	assert.Contains(t, allow, "\npartier.example # looks like partner.example (substitution); 10 delivered on 5 days; 2 senders: corp.example; 2 recipients\n")
	assert.Contains(t, allow, "\n# army.ml # looks like army.mil (omission); another public suffix; 20 delivered on 20 days; 1 sender: corp.example; 1 recipient\n")
	assert.Contains(t, allow, "\n# partnr.example # looks like partner.example (omission); too little mail to tell; ")
	for _, text := range []string{got.out, protect, allow, prefixes} {
		assert.NotContains(t, text, "person")
		assert.NotContains(t, text, "buyer")
	}

	got = runCommand(t, "", "audit", "-suggest", ".", log)
	assert.Equal(t, 2, got.status)
	assert.Empty(t, got.out)
	assert.Contains(t, got.errs, "suggest: protect-suggested.txt exists, and a policy may use it")

	require.NoError(t, os.Mkdir("more", 0o700))
	got = runCommand(t, "", "audit", "-addresses", "-suggest", "more", log)
	require.Equal(t, 0, got.status, got.errs)
	assert.Contains(t, read(t, "more/protect-suggested.txt"), "4 senders: person.0@corp.example person.1@corp.example")

	// With a policy, what it has is not suggested again; the suggestions are valid lists of one.
	require.NoError(t, os.WriteFile("Corefile", []byte(". {\n typoguard {\n  protect_file protect-suggested.txt\n  allow_file allow-suggested.txt\n }\n}\n"), 0o600))
	require.NoError(t, os.Mkdir("again", 0o700))
	got = runCommand(t, "", "audit", "-suggest", "again", log)
	require.Equal(t, 0, got.status, got.errs)
	assert.Contains(t, got.out, "\nprotect: 0 domains suggested\n")
	assert.Contains(t, got.out, "\nallow: 0 domains suggested; not suggested, although mail was delivered: army.ml partnr.example\n")

	// And what they suggest as names of hosts, a policy hides before its domains.
	const hidden = "postpartner.example,post.partner.example,partner.example,1,boundary,"
	for options, want := range map[string]bool{"kinds default boundary\n  boundary_prefixes prefixes-suggested.txt": true, "kinds default boundary": false} {
		require.NoError(t, os.WriteFile("Corefile", []byte(". {\n typoguard {\n  protect_file protect-suggested.txt\n  "+options+"\n }\n}\n"), 0o600))
		got = runCommand(t, "postpartner.example\nmail.postpartner.example\nourpartner.example\n", "audit", "-csv", "-")
		require.Equal(t, 0, got.status, got.errs)
		assert.Equal(t, want, strings.Contains(got.out, hidden), got.out)
		assert.Equal(t, want, strings.Contains(got.out, "mail.post.partner.example"), got.out)
		assert.NotContains(t, got.out, "ourpartner.example")
	}
}

// TestSuggestDoubts: what the report may lack, the suggestions may lack, too.
func TestSuggestDoubts(t *testing.T) {
	samples, err := filepath.Abs("testdata/cases")
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	tests := []struct {
		name, stdin string
		status      int
		args        []string
		out, errs   string
	}{
		{"without a time", "army.mil\narmy.ml\n", 3, []string{"-"}, "warning: there is no mail with a time stamp, without which nothing is suggested\n", ""},
		{"nothing delivered", "", 3, []string{filepath.Join(samples, "stunnel.log")}, "the log of a mail server without any delivery", ""},
		{"cut off", "", 2, []string{filepath.Join(samples, "pf-small-trunc.log.gz")}, "NOT READ TO ITS END", "is cut off"},
		{"missing", "", 2, []string{"missing"}, "", "open missing: no such file or directory"},
		{"JSON", "", 2, []string{"-json", "-"}, "", "suggest, and json or csv; expected only one of them"},
		{"no such Corefile", "", 2, []string{"-conf", "missing", "-"}, "", "conf: open missing: no such file or directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := runCommand(t, tt.stdin, append([]string{"audit", "-suggest", t.TempDir()}, tt.args...)...)
			assert.Equal(t, tt.status, got.status)
			assert.Contains(t, got.out, tt.out)
			assert.Contains(t, got.errs, tt.errs)
			if tt.out == "" {
				assert.Empty(t, got.out)
			}
		})
	}
}

// TestSuggestFromSamples: what real servers logged counts, whichever it was.
func TestSuggestFromSamples(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-suggest", dir}
	for _, name := range []string{"postfix-delivered", "exim-delivered", "sendmail-delivered", "opensmtpd-delivered", "courier", "postfix-bounced", "unbound"} {
		args = append(args, filepath.Join("logs", "testdata", name+".log"))
	}
	got := runAudit(t, "", args...)
	require.Equal(t, 0, got.status, got.errs)
	allow := read(t, filepath.Join(dir, "allow-suggested.txt"))
	assert.Regexp(t, `\n# army\.ml # looks like army\.mil \(omission\); another public suffix; 5 delivered on \d days?; asked for 2 times on 1 day; 1 bounced; 1 sender: corp\.example; 1 recipient\n`, allow)
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Clean(name))
	require.NoError(t, err)
	return string(content)
}
