//go:build e2e

package mail_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// logger is a mail server of which only the log is of interest.
type logger struct {
	file string
	send func(*testing.T, message)
}

func (l *logger) submit(t *testing.T, m message) { t.Helper(); l.send(t, m) }
func (l *logger) log() string                    { return l.file }
func (l *logger) fate(t *testing.T, m message) string {
	t.Helper()
	return lastLine(kit.ReadFile(t, l.file), m.to)
}
func (l *logger) queued(t *testing.T) string { t.Helper(); return "" }
func (l *logger) maildir() string            { return "" }

// nowhere is a lookalike that does not exist.
var nowhere = site{domain: "nowhere.ml"}

// tried is how often mail to a lookalike was counted, delivered, bounced and deferred.
type tried [4]int

// checkLog sends a message to each of three lookalikes through a mail server, and checks what audit makes of its log in the
// end.
func checkLog(t *testing.T, start newMTA, want map[string]tried) {
	t.Helper()
	w := newWorld(t, unprotected, start)
	for _, s := range []site{armyML, navyML, nowhere} {
		w.relay.submit(t, mailTo(s))
	}
	var got map[string]tried
	kit.Eventually(t, "a log with what became of three messages", func() bool {
		got = auditLog(t, w.internet.dir, w.relay.log())
		return len(got) == len(want)
	})
	require.Equal(t, want, got, kit.ReadFile(t, w.relay.log()))
}

// auditLog lets the command audit read a log, of which it may doubt that there is all in it yet.
func auditLog(t *testing.T, dir, log string) map[string]tried {
	t.Helper()
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	corefile := filepath.Join(dir, "Corefile.audit")
	writeFile(t, corefile, ". {\n"+nxdomain.stanza+"\n}\n")
	out, err := exec.Command(binary, "audit", "-conf", corefile, "-json", log).Output()
	var status *exec.ExitError
	if errors.As(err, &status) && status.ExitCode() == 2 {
		return nil
	}
	var report struct {
		Lookalikes []struct {
			audited
			Count int `json:"count"`
		} `json:"lookalikes"`
		Lines struct {
			Unknown int `json:"unknown"`
		} `json:"lines"`
	}
	require.NoError(t, json.Unmarshal(out, &report), "%s", out)
	if report.Lines.Unknown > 0 { // the last line may not be whole yet
		t.Logf("lines that audit did not understand: %s", out)
		return nil
	}
	all := map[string]tried{}
	for _, l := range report.Lookalikes {
		all[l.Name] = tried{l.Count, l.Delivered, l.Bounced, l.Deferred}
	}
	return all
}
