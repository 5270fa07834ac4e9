package main

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/caddy/caddyfile"
	"github.com/coredns/coredns/core/dnsserver"
	clog "github.com/coredns/coredns/plugin/pkg/log"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v2"
)

func init() { clog.Discard() }

// anyPort replaces the ports that documented Corefiles listen on by free ones, and files by those of useBinary.
var anyPort = strings.NewReplacer(
	"/etc/coredns-typoguard/protect.txt", "partners.txt", "/etc/coredns-typoguard/allow.txt", "legitimate.txt",
	"sqlite:///var/lib/typoguard/events.db", "sqlite://events.db", "dir /var/lib/typoguard", "dir .", "health  {\nlameduck 5s", "health 127.0.0.1:0 {\nlameduck 0s", "ready \n", "ready 127.0.0.1:0\n",
	".:1053", ".:0", "127.0.0.1:9153", "127.0.0.1:0", "0.0.0.0:9153", "127.0.0.1:0", "127.0.0.1:8181", "127.0.0.1:0", "127.0.0.1:2525", "127.0.0.1:0", "127.0.0.1:1025", "127.0.0.1:0", "127.0.0.1:8053", "127.0.0.1:0")

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

// documentedCorefiles returns the Corefiles in the documentation, by where they are.
func documentedCorefiles(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	documents, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	for _, name := range append(documents, "../../README.md", "../../plugin/typoguard/README.md", "../../deploy/coredns.io/typoguard.md") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for i, corefile := range fences(string(text), "corefile") {
			all[fmt.Sprintf("%s %d", strings.TrimPrefix(name, "../../"), i+1)] = corefile
		}
	}
	require.Greater(t, len(all), 10)
	for _, name := range []string{"Corefile.example", "deploy/package/Corefile", "deploy/image/Corefile", "deploy/compose/Corefile"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		all[name] = string(text)
	}
	all["deploy/helm/values.yaml"] = helmCorefile(t, "../../deploy/helm/values.yaml")
	return all
}

// helmCorefile returns the Corefile that the chart of CoreDNS makes of values.
func helmCorefile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var values struct {
		Servers []struct {
			Zones   []struct{ Zone string }
			Port    int
			Plugins []struct {
				Name, Parameters string
				ConfigBlock      string `yaml:"configBlock"`
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &values))
	require.NotEmpty(t, values.Servers)
	var corefile strings.Builder
	for _, server := range values.Servers {
		fmt.Fprintf(&corefile, "%s:%d {\n", server.Zones[0].Zone, server.Port)
		for _, plugin := range server.Plugins {
			fmt.Fprintf(&corefile, "%s %s", plugin.Name, plugin.Parameters)
			if plugin.ConfigBlock != "" {
				fmt.Fprintf(&corefile, " {\n%s\n}", plugin.ConfigBlock)
			}
			corefile.WriteString("\n")
		}
		corefile.WriteString("}\n")
	}
	return corefile.String()
}

// TestDocumentedCorefiles: every Corefile in the documentation starts, and none is an open resolver.
func TestDocumentedCorefiles(t *testing.T) {
	corefiles := documentedCorefiles(t)
	useBinary(t)
	for name, corefile := range corefiles {
		t.Run(name, func(t *testing.T) {
			blocks, err := caddyfile.Parse(name, strings.NewReader(corefile), nil)
			require.NoError(t, err)
			for _, block := range blocks {
				assert.True(t, bindsLoopback(block) || blocksStrangers(block),
					"the block of %s that begins in line %d has neither bind on loopback nor an acl that ends in block", block.Keys[0], firstLine(block))
			}
			startCorefile(t, anyPort.Replace(corefile))
		})
	}
}

// bindsLoopback reports whether a server block listens on addresses of loopback only.
func bindsLoopback(block caddyfile.ServerBlock) bool {
	tokens := block.Tokens["bind"]
	for _, token := range tokens {
		if addr, err := netip.ParseAddr(token.Text); token.Text != "bind" && (err != nil || !addr.IsLoopback()) {
			return false
		}
	}
	return len(tokens) > 1
}

// blocksStrangers reports whether the last rule of a server block's acl blocks every client that the rules before it do not allow.
func blocksStrangers(block caddyfile.ServerBlock) bool {
	tokens := block.Tokens["acl"]
	n := len(tokens)
	return n > 3 && tokens[n-2].Text == "block" && tokens[n-2].Line > tokens[n-3].Line && tokens[n-1].Text == "}"
}

// firstLine returns the number of the first line of a server block that has a directive.
func firstLine(block caddyfile.ServerBlock) int {
	first := math.MaxInt
	for _, tokens := range block.Tokens {
		first = min(first, tokens[0].Line)
	}
	return first
}

// documentedSessions returns the sessions of a shell in the documents, each once.
func documentedSessions(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	var sessions []string
	for _, name := range append(names, "../../README.md") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, session := range fences(string(text), "console") {
			if !slices.Contains(sessions, session) {
				sessions = append(sessions, session)
			}
		}
	}
	return sessions
}

// TestReadmeLength: README is what somebody reads who wonders whether to go on reading; the rest is in docs.
func TestReadmeLength(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	assert.LessOrEqual(t, strings.Count(string(readme), "\n"), 180)
}

// TestLinks: what the documents link to is there, headings included.
func TestLinks(t *testing.T) {
	names, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	names = append(names, "../../README.md", "../../CONTRIBUTING.md", "../../CHANGELOG.md", "../../SECURITY.md", "../../plugin/typoguard/README.md")
	links := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	count := 0
	for _, name := range names {
		for _, link := range links.FindAllStringSubmatch(prose(t, name), -1) {
			target := name
			if link[1] != "" {
				target = filepath.Join(filepath.Dir(name), link[1])
			}
			count++
			if _, err := os.Stat(target); !assert.NoError(t, err, "%s: %s", name, link[0]) || link[2] == "" {
				continue
			}
			assert.Contains(t, headings(prose(t, target)), strings.TrimPrefix(link[2], "#"), "%s: %s", name, link[0])
		}
	}
	assert.Greater(t, count, 50)
}

// prose returns a document without its code blocks.
func prose(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return regexp.MustCompile("(?ms)^ *(?:```|~~~).*?^ *(?:```|~~~)$").ReplaceAllString(string(text), "")
}

// headings returns the anchors of a document's headings, as GitHub makes them.
func headings(document string) []string {
	var all []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(document, -1) {
		anchor := regexp.MustCompile(`[^a-z0-9_ -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		all = append(all, strings.ReplaceAll(anchor, " ", "-"))
	}
	return all
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

// TestChangelog: the change log has the form of Keep a Changelog: what is unreleased first, then versions with their dates, the latest
// first, and no kind of change twice, which a merge leaves behind.
func TestChangelog(t *testing.T) {
	text, err := os.ReadFile("../../CHANGELOG.md")
	require.NoError(t, err)
	sections := strings.Split(string(text), "\n## ")[1:]
	require.NotEmpty(t, sections)
	var dates []string
	for i, section := range sections {
		title, body, _ := strings.Cut(section, "\n")
		if i > 0 {
			release := regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+ - (20[0-9]{2}-[0-9]{2}-[0-9]{2})$`).FindStringSubmatch(title)
			require.NotNil(t, release, title)
			dates = append(dates, release[1])
		} else {
			assert.Equal(t, "Unreleased", title)
		}
		var kinds []string
		for _, heading := range regexp.MustCompile(`(?m)^### (.*)$`).FindAllStringSubmatch(body, -1) {
			assert.NotContains(t, kinds, heading[1], "in %s", title)
			assert.Contains(t, []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}, heading[1], "in %s", title)
			kinds = append(kinds, heading[1])
		}
	}
	assert.True(t, slices.IsSortedFunc(dates, func(a, b string) int { return strings.Compare(b, a) }), "versions %s", dates)
}

// TestDocumentedCommands: what the documents show of the binary's commands is what they print, in a directory with the example
// as Corefile, and as mail.log what a real Postfix logged.
func TestDocumentedCommands(t *testing.T) {
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
	for _, session := range documentedSessions(t) {
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
