//go:build e2e

package mail_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// maddyModule is the module of maddy that is tested. Debian has no package of it.
const maddyModule = "github.com/foxcpp/maddy@v0.8.1"

// maddyWords are what maddy says of every lookalike.
const maddyWords = "The recipient's domain looks mistyped. Please check the address"

// listMaddy is a running maddy, which only takes mail by SMTP.
type listMaddy struct{ output string }

// TestListMaddy: maddy with the configuration in deploy/mail-servers.
func TestListMaddy(t *testing.T) {
	t.Parallel()
	requireTools(t, map[string]string{"dig": "bind9-dnsutils"})
	program := buildMaddy(t)
	start := func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		return startListMaddy(t, ns, dir, program)
	}
	cases := listCases(listCase{code: "550 5.1.2"}, listCase{parameters: " SMTPUTF8", code: "550 5.1.2"})
	for i := range cases {
		if strings.HasPrefix(cases[i].code, "550 ") {
			cases[i].text = maddyWords
		}
	}
	testList(t, start, cases, "250 ")
}

// buildMaddy builds maddy, as its own go.sum has it, and returns the program.
func buildMaddy(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", maddyModule).Output()
	var module struct{ Dir, Error string }
	require.NoErrorf(t, json.Unmarshal(out, &module), "go mod download: %s", err)
	if strings.Contains(module.Error, "not available") { // what some proxies have to say of modules that nobody has approved
		t.Skipf("the Go module proxy does not serve %s: %s", maddyModule, module.Error)
	}
	require.Empty(t, module.Error)
	program := filepath.Join(runDir, "maddy")
	build := exec.Command("go", "build", "-C", module.Dir, "-o", program, "./cmd/maddy")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	out, err = build.CombinedOutput()
	require.NoErrorf(t, err, "go build: %s", out)
	return program
}

// startListMaddy starts maddy with the configuration, and everything for the smart host.
func startListMaddy(t *testing.T, ns *netns, dir, program string) mta {
	t.Helper()
	script := filepath.Join(dir, "typoguard-rcpt")
	writeFile(t, script, deployed(t, "maddy/typoguard-rcpt", "", ""))
	require.NoError(t, os.Chmod(script, 0o755))
	conf := filepath.Join(dir, "maddy.conf")
	writeFile(t, conf, fmt.Sprintf(`hostname relay.corp.example
state_dir %[1]s/state
runtime_dir %[1]s/run
tls off
log stderr
%[2]s
smtp tcp://127.0.0.1:25 {
    check {
        import typoguard
    }
    default_source {
        default_destination {
            deliver_to smtp tcp://%[3]s:25 {
                starttls no
            }
        }
    }
}
`, dir, deployed(t, "maddy/typoguard.conf", "/usr/local/libexec/typoguard-rcpt", script), smartHost.addr))
	m := &listMaddy{output: filepath.Join(dir, "maddy.output")}
	ns.start(t, m.output, program, "-config", conf, "run")
	return m
}

func (m *listMaddy) submit(t *testing.T, _ message) {
	t.Helper()
	require.Fail(t, "maddy takes mail by SMTP only")
}

func (m *listMaddy) fate(t *testing.T, sent message) string {
	t.Helper()
	return lastLine(kit.ReadFile(t, m.output), sent.to)
}

func (m *listMaddy) queued(*testing.T) string { return "" }
func (m *listMaddy) maildir() string          { return "" }
func (m *listMaddy) log() string              { return m.output }
