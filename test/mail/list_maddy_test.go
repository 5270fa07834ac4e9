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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maddyModule is the module of maddy that is tested. Debian has no package of it.
const maddyModule = "github.com/foxcpp/maddy@v0.8.1"

// maddyWords are what maddy says of every lookalike.
const maddyWords = "The recipient's domain looks mistyped. Please check the address"

// TestListMaddy: maddy with the configuration in deploy/mail-servers, and with the one that defers when the list cannot be asked.
func TestListMaddy(t *testing.T) {
	t.Parallel()
	requireTools(t, map[string]string{"dig": "bind9-dnsutils"})
	program := buildMaddy(t)
	newServer := func(unasked string) newMTA {
		return func(t *testing.T, ns *netns, dir string) mta {
			t.Helper()
			return startListMaddy(t, ns, dir, program, unasked)
		}
	}
	cases := listCases(listCase{code: "550 5.1.2"}, listCase{parameters: " SMTPUTF8", code: "550 5.1.2"})
	for i := range cases {
		if strings.HasPrefix(cases[i].code, "550 ") {
			cases[i].text = maddyWords
		}
	}
	t.Run("accepts", func(t *testing.T) {
		t.Parallel()
		testList(t, newServer("ignore"), cases, "250 ")
	})
	t.Run("defers", func(t *testing.T) {
		t.Parallel()
		testList(t, newServer(`reject 451 4.4.3 "Please try again later"`), cases[:3], "451 4.4.3 ")
	})
}

// TestMaddyScript: what the script tells maddy about a recipient.
func TestMaddyScript(t *testing.T) {
	t.Parallel()
	requireTools(t, map[string]string{"dig": "bind9-dnsutils"})
	dir := caseDir(t)
	net := newNetwork(t)
	newInternet(t, net.internet, dir, false)
	conf := listed
	conf.stanza = strings.ReplaceAll(conf.stanza, "protect mil", "protect mil bücher.example")
	conf.before = fmt.Sprintf("failing.example {\n    bind %[1]s\n    template ANY ANY {\n        rcode SERVFAIL\n    }\n}\n"+
		"refusing.example {\n    bind %[1]s\n    template ANY ANY {\n        rcode REFUSED\n    }\n}\n", resolverAddr)
	newResolver(t, net, dir, conf)
	script := newMaddyScript(t, dir)
	const (
		passes  = 0
		refuses = 1
		unasked = 3
	)
	for _, tt := range []struct {
		name, recipient, zone string
		want                  int
	}{
		{name: "lookalike", recipient: "bob@army.ml", want: refuses},
		{name: "protected", recipient: "bob@army.mil", want: passes},
		{name: "monitored", recipient: "bob@partnr.example", want: passes},
		{name: "two hyphens", recipient: "bob@my--host.army.ml", want: refuses},
		{name: "no Punycode", recipient: "bob@xn--a.army.ml", want: refuses},
		{name: "Unicode in upper case", recipient: "bob@BÜCHER.exmple", want: refuses},
		{name: "Unicode and two hyphens", recipient: "bob@ü---b.army.ml", want: refuses},
		{name: "address literal", recipient: "bob@[192.0.2.1]", want: passes},
		{name: "no domain", recipient: "postmaster", want: passes},
		{name: "nothing", recipient: "", want: passes},
		{name: "like an option of dig", recipient: "bob@+short", want: passes},
		{name: "like a server for dig", recipient: "bob@@192.0.2.1", want: passes},
		{name: "beginning with a hyphen", recipient: "bob@-x.army.ml", want: refuses},
		{name: "no name", recipient: "bob@" + strings.Repeat("a", 64) + ".ml", want: unasked},
		{name: "SERVFAIL", recipient: "bob@army.ml", zone: "failing.example", want: unasked},
		{name: "REFUSED", recipient: "bob@army.ml", zone: "refusing.example", want: unasked},
		{name: "NXDOMAIN", recipient: "bob@army.ml", zone: "lookalikes.example.org", want: passes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := net.relay.command(script, tt.recipient)
			if tt.zone != "" {
				cmd.Env = append(os.Environ(), "TYPOGUARD_ZONE="+tt.zone)
			}
			out, _ := cmd.CombinedOutput() // the exit status is what is asked for
			assert.Equal(t, tt.want, cmd.ProcessState.ExitCode(), "%s", out)
		})
	}
	t.Run("no dig", func(t *testing.T) {
		cmd := net.relay.command("/usr/bin/env", "PATH=/nowhere", script, "bob@army.ml")
		out, _ := cmd.CombinedOutput()
		assert.Equal(t, unasked, cmd.ProcessState.ExitCode(), "%s", out)
	})
}

// buildMaddy builds maddy, as its own go.sum has it, and returns the program.
func buildMaddy(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", maddyModule).Output()
	var module struct{ Dir, Error string }
	require.NoErrorf(t, json.Unmarshal(out, &module), "go mod download: %s", err)
	require.Empty(t, module.Error)
	program := filepath.Join(runDir, "maddy")
	build := exec.Command("go", "build", "-C", module.Dir, "-o", program, "./cmd/maddy")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	out, err = build.CombinedOutput()
	require.NoErrorf(t, err, "go build: %s", out)
	return program
}

// newMaddyScript returns a copy of the script that can be run.
func newMaddyScript(t *testing.T, dir string) string {
	t.Helper()
	script := filepath.Join(dir, "typoguard-rcpt")
	writeFile(t, script, deployed(t, "maddy/typoguard-rcpt", "", ""))
	require.NoError(t, os.Chmod(script, 0o755))
	return script
}

// startListMaddy starts maddy with the configuration, everything for the smart host, and what it does while the list cannot be asked.
func startListMaddy(t *testing.T, ns *netns, dir, program, unasked string) mta {
	t.Helper()
	snippet := deployed(t, "maddy/typoguard.conf", "/usr/local/libexec/typoguard-rcpt", newMaddyScript(t, dir))
	require.Contains(t, snippet, "code 3 ignore")
	snippet = strings.ReplaceAll(snippet, "code 3 ignore", "code 3 "+unasked)
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
`, dir, snippet, smartHost.addr))
	m := &smtpOnly{output: filepath.Join(dir, "maddy.output")}
	ns.start(t, m.output, program, "-config", conf, "run")
	return m
}
