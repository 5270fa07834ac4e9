package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	clog "github.com/coredns/coredns/plugin/pkg/log"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func init() { clog.Discard() }

// anyPort replaces the ports that documented Corefiles listen on by free ones.
var anyPort = strings.NewReplacer(".:1053", ".:0", "127.0.0.1:9153", "127.0.0.1:0", "127.0.0.1:8181", "127.0.0.1:0", "127.0.0.1:2525", "127.0.0.1:0", "127.0.0.1:1025", "127.0.0.1:0", "127.0.0.1:8053", "127.0.0.1:0")

// useBinary makes caddy start servers as the binary does, in a directory with the list files of the documentation.
func useBinary(t *testing.T) {
	t.Helper()
	directivesBefore, portBefore, version := dnsserver.Directives, dnsserver.Port, caddy.AppVersion
	quiet, dnsQuiet := caddy.Quiet, dnsserver.Quiet
	t.Cleanup(func() {
		dnsserver.Directives, dnsserver.Port, caddy.AppVersion = directivesBefore, portBefore, version
		caddy.Quiet, dnsserver.Quiet = quiet, dnsQuiet
	})
	require.NoError(t, configure())
	dnsserver.Port, caddy.Quiet, dnsserver.Quiet = "0", true, true

	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("partners.txt", []byte("army.mil\n"), 0o600))
	require.NoError(t, os.WriteFile("legitimate.txt", []byte("gov.ml\n"), 0o600))
}

// startCorefile starts a server until the test ends.
func startCorefile(t *testing.T, corefile string) *caddy.Instance {
	t.Helper()
	instance, err := caddy.Start(caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(corefile), ServerTypeName: "dns"})
	require.NoError(t, err, corefile)
	caddytest.AwaitServing(t, instance)
	t.Cleanup(func() { caddytest.Stop(t, instance) })
	return instance
}

// fences returns the code blocks of a document in a language, without their indentation.
func fences(document, language string) []string {
	var all []string
	for _, m := range regexp.MustCompile("(?ms)^( *)(?:```|~~~) ?"+language+"$(.*?)^ *(?:```|~~~)$").FindAllStringSubmatch(document, -1) {
		all = append(all, strings.ReplaceAll(m[2], "\n"+m[1], "\n"))
	}
	return all
}

// TestDocumentedCorefiles: every Corefile in the documentation starts.
func TestDocumentedCorefiles(t *testing.T) {
	documents := map[string]int{"README.md": 3, "plugin/typoguard/README.md": 8} // and how many Corefiles are in them
	texts := map[string]string{}
	for name := range documents {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		texts[name] = string(text)
	}
	useBinary(t)
	for name, count := range documents {
		corefiles := fences(texts[name], "corefile")
		require.Len(t, corefiles, count, name)
		for _, corefile := range corefiles {
			t.Run(name, func(t *testing.T) { startCorefile(t, anyPort.Replace(corefile)) })
		}
	}
}

// TestExample: the example answers what it and the README say it does.
func TestExample(t *testing.T) {
	example, err := os.ReadFile("../../Corefile.example")
	require.NoError(t, err)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	useBinary(t)
	instance := startCorefile(t, anyPort.Replace(string(example)))
	ask := func(name string) *dns.Msg {
		reply, err := dns.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeMX).SetEdns0(1232, false), instance.Servers()[0].LocalAddr().String())
		require.NoError(t, err)
		return reply
	}

	hidden := ask("army.ml.")
	assert.Equal(t, dns.RcodeNameError, hidden.Rcode)
	require.Len(t, hidden.IsEdns0().Option, 1)
	explained := hidden.IsEdns0().Option[0].(*dns.EDNS0_EDE)
	text, _, found := strings.Cut(explained.ExtraText, ", id ") // which is another one every time
	require.True(t, found)
	assert.Contains(t, string(readme), "; EDE: 15 (Blocked): ("+text+", id ")
	assert.Contains(t, string(readme), strings.TrimSuffix(strings.SplitAfter(hidden.Ns[0].String(), "SOA")[1], "\n"))
	for _, name := range []string{"army.mil.", "gov.ml.", "navy.nk."} {
		reply := ask(name)
		assert.Equal(t, dns.RcodeSuccess, reply.Rcode, name)
		assert.Len(t, reply.Answer, 1, name)
	}
}

// TestReadmeTargets: the make targets that the README names exist.
func TestReadmeTargets(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	targets := regexp.MustCompile("(?:`|^)make\\s+([a-z0-9]+)").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, targets)
	for _, m := range targets {
		assert.Contains(t, string(makefile), "\n"+m[1]+":", m[0])
	}
}

// TestDocumentedCommands: what the README shows of the binary's commands is what they print, in a directory with the example
// as Corefile, and as mail.log what a real Postfix logged.
func TestDocumentedCommands(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	example, err := os.ReadFile("../../Corefile.example")
	require.NoError(t, err)
	var log []byte
	for _, name := range []string{"smtp", "bounced", "deferred"} {
		part, err := os.ReadFile("audit/logs/testdata/postfix-" + name + ".log")
		require.NoError(t, err)
		log = append(log, part...)
	}
	dir := t.TempDir()
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.Symlink(binary, filepath.Join(dir, "coredns-typoguard")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Corefile"), example, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mail.log"), log, 0o600))
	written := time.Date(2026, time.November, 22, 0, 9, 0, 0, time.UTC)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "mail.log"), written, written))

	commands := 0
	for _, session := range fences(string(readme), "console") {
		command, want, _ := strings.Cut(strings.TrimPrefix(session, "\n"), "\n")
		command, ok := strings.CutPrefix(command, "$ coredns-typoguard ")
		if !ok {
			continue
		}
		commands++
		t.Run(command, func(t *testing.T) {
			shell := exec.Command("sh", "-c", "./coredns-typoguard "+command)
			shell.Dir = dir
			shell.Env = append(os.Environ(), "TZ=UTC")
			got, _ := shell.Output() // which may fail: check does if a name would be blocked
			assert.Equal(t, want, string(got))
		})
	}
	assert.Equal(t, 5, commands)
}
