package typoguard

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// importsOf returns what the files match, without tests, import.
func importsOf(t *testing.T, pattern string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	imports := map[string][]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			imports[path] = append(imports[path], name)
		}
	}
	return imports
}

// TestImports: imports go one way. The engine knows nothing but the standard library and golang.org/x, and only the
// plugin's root package knows CoreDNS. The SMTP server knows nothing of ours but what a lookalike is, and histories and the
// page know nothing of the plugin.
func TestImports(t *testing.T) {
	for path, files := range importsOf(t, "match/*.go") {
		isStandard := !strings.Contains(strings.Split(path, "/")[0], ".")
		assert.True(t, isStandard || strings.HasPrefix(path, "golang.org/x/"), "%v import %s", files, path)
	}
	for path, files := range importsOf(t, "policy/*.go") {
		assert.NotContains(t, path, "coredns/", "%v", files)
		assert.NotContains(t, []string{"os", "io", "net", "net/http"}, path, "%v", files)
	}
	for path, files := range importsOf(t, "smtp/*.go") {
		if path != "github.com/typoguard/coredns-typoguard/plugin/typoguard/event" {
			assert.NotContains(t, path, "typoguard", "%v", files)
		}
		assert.NotContains(t, path, "miekg/dns", "%v", files)
		assert.NotContains(t, path, "prometheus", "%v", files)
	}
	for path, files := range importsOf(t, "event/*.go") {
		assert.NotContains(t, path, ".", "%v", files) // the standard library only
		assert.NotContains(t, []string{"os", "net"}, path, "%v", files)
	}
	for path, files := range importsOf(t, "sink/*.go") {
		assert.NotContains(t, path, "prometheus", "%v", files)
		assert.NotContains(t, path, "typoguard/match", "%v", files)
	}
	for folder, known := range map[string][]string{"history": {"clock", "event", "historyconfig"}, "review": {"event", "history", "historyconfig", "inherit", "match", "skeleton"}, "digest": {"clock", "event", "history", "historyconfig"}} {
		for path, files := range importsOf(t, folder+"/*.go") {
			if other, ours := strings.CutPrefix(path, "github.com/typoguard/coredns-typoguard/plugin/typoguard"); ours {
				assert.Contains(t, known, strings.TrimPrefix(other, "/"), "%v import %s", files, path)
			}
		}
	}
	subpackages, err := filepath.Glob("*/*.go")
	require.NoError(t, err)
	for _, file := range subpackages {
		for path := range importsOf(t, file) {
			assert.NotContains(t, path, "github.com/coredns/coredns/", file)
		}
	}
}

// TestOnlyAnswerBuildsMessages: one file makes answers, and one makes the questions that are asked on our own behalf.
func TestOnlyAnswerBuildsMessages(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		if name != "answer.go" && name != "lookup.go" && !strings.HasSuffix(name, "_test.go") {
			assert.NotContains(t, string(source), "new(dns.Msg)", name)
			assert.NotContains(t, string(source), "dns.Msg{", name)
		}
	}
}

// TestDependencies: who adds the plugin to a CoreDNS of their own gets a handful of modules with it that CoreDNS does not need.
func TestDependencies(t *testing.T) {
	own := dependencies(t, ".")
	coredns := dependencies(t, "github.com/coredns/coredns/plugin/metrics", "github.com/coredns/coredns/plugin/metadata", "github.com/coredns/coredns/plugin/dnstap")
	for module := range own {
		switch module {
		case "github.com/typoguard/coredns-typoguard", "go.mau.fi/util", "golang.org/x/net", "golang.org/x/text",
			"github.com/emersion/go-smtp", "github.com/emersion/go-sasl", "github.com/alecthomas/units", "github.com/jedisct1/go-minisign",
			"github.com/hashicorp/golang-lru/v2", "github.com/infobloxopen/go-trees", "golang.org/x/sync": // which the whole of CoreDNS needs too
		default:
			assert.Contains(t, coredns, module)
		}
	}
}

// dependencies returns the modules that packages are made of.
func dependencies(t *testing.T, packages ...string) map[string]bool {
	t.Helper()
	args := append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, packages...)
	out, err := exec.Command("go", args...).Output()
	require.NoError(t, err)
	modules := map[string]bool{}
	for module := range strings.FieldsSeq(string(out)) {
		modules[module] = true
	}
	return modules
}
