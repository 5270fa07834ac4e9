//go:build e2e

// Package mail_test sends mail through a real mail server that asks the typoguard binary for its DNS, and looks where
// the mail went: into the mailbox of the right organisation, of the wrong one, or back to its sender.
//
// Every case has a small Internet of its own, in three network namespaces on one bridge, 10.53.0.0/24 and fd53::/64:
//
//	relay      the mail server under test, with the mailbox of alice@corp.example
//	resolver   coredns-typoguard, the relay's only name server, and the address that its action sinkhole answers with
//	internet   BIND, authoritative for everything, and the mail server of each foreign domain
//
// The tests need root, to make the namespaces, some Debian packages (a missing one is a failure that names it), and Debian's
// archive, from which the mail servers under test are downloaded.
package mail_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// prefix starts the name of everything a run leaves on the machine while it lasts: namespaces and directories.
const prefix = "typoguard-mail-"

// nobody is the user and group nobody of Debian, which owns the sender's mailbox.
const nobody = 65534

// runDir holds all files of this run. Mail servers give up root before they use them, so everybody may enter it.
var runDir string

// TestMain takes turns with other runs on this machine, removes what a killed one left, and runs the tests.
func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mail test:", err)
		code = 1
	}
	os.Exit(code)
}

// runTests runs the tests in a fresh run directory, holding the lock.
func runTests(m *testing.M) (code int, err error) {
	// Without root no test gets further than its first line, which says so; there is nothing to prepare for them.
	if os.Geteuid() != 0 {
		return m.Run(), nil
	}
	// Whatever carries our prefix while we hold the lock is a leftover.
	unlock, err := kit.Lock(context.Background(), filepath.Join(os.TempDir(), "typoguard-mail.lock"), kit.MailLimit)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := sweep(); err != nil {
		return 0, fmt.Errorf("removing what an earlier run left: %w", err)
	}
	defer func() { err = errors.Join(err, sweep()) }()

	if runDir, err = os.MkdirTemp("", prefix); err != nil {
		return 0, err
	}
	if err := os.Chmod(runDir, 0o755); err != nil {
		return 0, err
	}
	code = m.Run()
	fmt.Printf("What was seen:\n\n%s\n", &seen)
	if code == 0 {
		err = seen.checkDocs(flag.Lookup("test.run").Value.String() == "")
	}
	return code, err
}

// sweep removes every namespace and directory that carries our prefix, and ends the processes in those namespaces.
func sweep() error {
	names, err := netnsNames()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := deleteNetns(name); err != nil {
			return err
		}
	}
	_ = os.Remove(etcDir("")) // Unless somebody else has namespaces with files in it, too.
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// requireTools fails the test unless it runs as root and finds the tools of every case and those given; a value names
// the tool's Debian package.
func requireTools(t *testing.T, more map[string]string) {
	t.Helper()
	require.Zero(t, os.Geteuid(), "the mail tests make network namespaces: run them as root")
	tools := map[string]string{
		"ip": "iproute2", "ss": "iproute2", "named": "bind9", "dig": "bind9-dnsutils", "smtp-sink": "postfix",
	}
	maps.Copy(tools, more)
	missing := map[string]string{}
	for tool, pkg := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing[tool] = pkg
		}
	}
	require.Empty(t, missing, "tools are missing: apt-get install the packages listed with them")
}

// writeFile writes a file of the run that every user may read, together with the directories above it.
func writeFile(t *testing.T, path, content string) {
	t.Helper()
	makeDir(t, filepath.Dir(path))
	kit.WriteFile(t, path, content)
}

// keepLog copies a log into the directory that TYPOGUARD_SAMPLES names, if it does, under the name of the test: that is
// where the samples of the command audit are from.
func keepLog(t *testing.T, path string) {
	t.Helper()
	if dir := os.Getenv("TYPOGUARD_SAMPLES"); dir != "" {
		name := strings.ReplaceAll(strings.TrimPrefix(t.Name(), "Test"), "/", "-") + ".log"
		writeFile(t, filepath.Join(dir, name), kit.ReadFile(t, path))
	}
}

// lastLine returns the last line of a log that contains text, or nothing.
func lastLine(log, text string) string {
	i := strings.LastIndex(log, text)
	if i < 0 {
		return ""
	}
	start := strings.LastIndex(log[:i], "\n") + 1
	line, _, _ := strings.Cut(log[start:], "\n")
	return line
}

// makeDir makes a directory that every user may enter, together with those above it.
func makeDir(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(path, 0o755))
}

// caseDir makes the directory that holds the files of one test case. Its name is short because Postfix has sockets in
// it, whose paths may not be longer than 107 bytes.
func caseDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(runDir, "") //nolint:usetesting // t.TempDir's paths are too long
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}
