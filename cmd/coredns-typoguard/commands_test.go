package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// warning is a line with a warning about a Corefile, and known one about domains that it hides, which most tests are not about.
var (
	warning = regexp.MustCompile(`(?m)^coredns-typoguard check: warning: .*\n`)
	known   = regexp.MustCompile(`(?m)^coredns-typoguard check: policy "[^"]*": known domains hidden: .*\n`)
)

// runCLI runs a command in a directory where Corefile is the example, and returns what it writes.
func runCLI(t *testing.T, stdin string, args ...string) (status int, out, errs string) {
	t.Helper()
	var outBuffer, errBuffer bytes.Buffer
	status = runCommand(append([]string{"coredns-typoguard"}, args...), strings.NewReader(stdin), &outBuffer, &errBuffer)
	return status, outBuffer.String(), known.ReplaceAllString(warning.ReplaceAllString(errBuffer.String(), ""), "")
}

// useExample makes the working directory one where Corefile is the example.
func useExample(t *testing.T) {
	t.Helper()
	example, err := os.ReadFile("../../Corefile.example")
	require.NoError(t, err)
	useBinary(t)
	require.NoError(t, os.WriteFile("Corefile", example, 0o600))
}

func TestIsCommand(t *testing.T) {
	for _, args := range [][]string{{"check"}, {"check", "-json"}, {"nonsense"}, {"--generate-shell-completion"}, {"help"}} {
		assert.True(t, isCommand(args), "%q", args)
	}
	for _, args := range [][]string{nil, {"-conf", "Corefile"}, {"-version"}, {"-plugins"}, {"-help"}} {
		assert.False(t, isCommand(args), "%q", args)
	}
}

func TestCheck(t *testing.T) {
	useExample(t)
	const blocked = "army.ml: blocked verdict=lookalike intended=army.mil protected=mil distance=1 kind=omission policy=mil action=nxdomain mode=enforce clients=127.0.0.0/8,::1/128\n"
	const allowed = "gov.ml: passed verdict=allowed reason=allowed listed=gov.ml\n"
	tests := []struct {
		name   string
		args   []string
		stdin  string
		status int
		out    string
		errs   string
	}{
		{"blocked", []string{"army.ml"}, "", 1, blocked, ""},
		{"address, upper case, final dot", []string{"bob@ARMY.ml."}, "", 1, blocked, ""},
		{"allowed", []string{"x.gov.ml"}, "", 0, "x.gov.ml: passed verdict=allowed reason=allowed listed=gov.ml\n", ""},
		{"protected", []string{"us.army.mil"}, "", 0, "us.army.mil: passed verdict=protected reason=protected listed=mil\n", ""},
		{"nothing near", []string{"example.org"}, "", 0, "example.org: passed verdict=pass reason=no_match\n", ""},
		{"monitored", []string{"navy.nk"}, "", 0,
			"navy.nk: passed verdict=lookalike reason=monitor intended=navy.nl protected=navy.nl distance=1 kind=adjacent policy=trial action=nullmx mode=monitor\n", ""},
		{"client inside", []string{"-client", "127.0.0.53", "army.ml"}, "", 1, blocked, ""},
		{"client outside", []string{"--client=192.0.2.1", "us.ml"}, "", 0,
			"us.ml: passed verdict=pass reason=client intended=us.mil protected=mil distance=1 kind=omission policy=mil action=nxdomain mode=enforce clients=127.0.0.0/8,::1/128\n", ""},
		{"type passes", []string{"us.ml", "-type", "ds"}, "", 0,
			"us.ml: passed verdict=lookalike reason=type intended=us.mil protected=mil distance=1 kind=omission policy=mil action=nxdomain mode=enforce clients=127.0.0.0/8,::1/128\n", ""},
		{"literal", []string{"bob@[192.0.2.1]"}, "", 0, "bob@[192.0.2.1]: passed verdict=pass reason=literal\n", ""},
		{"homoglyph in Unicode", []string{"navу.nl"}, "", 0,
			"xn--nav-ffd.nl: passed verdict=lookalike reason=monitor intended=navy.nl protected=navy.nl distance=0 kind=homoglyph policy=trial action=nullmx mode=monitor\n", ""},
		{"several in order", []string{"gov.ml", "army.ml", "gov.ml"}, "", 1, allowed + blocked + allowed, ""},
		{"standard input", []string{"-"}, "gov.ml\n\n  army.ml \r\ngov.ml", 1, allowed + blocked + allowed, ""},
		{"no name", nil, "", 2, "", "coredns-typoguard check: missing argument; expected names, mail addresses, or - for standard input\n"},
		{"bad name does not hide others", []string{"a b", "army.ml"}, "", 2, blocked, "coredns-typoguard check: \"a b\"; expected a domain name or a mail address\n"},
		{"bad client", []string{"-client", "here", "army.ml"}, "", 2, "",
			"coredns-typoguard check: client: ParseAddr(\"here\"): unable to parse IP; expected an IPv4 or IPv6 address\n"},
		{"bad type", []string{"-type", "MXX", "army.ml"}, "", 2, "", "coredns-typoguard check: type: unknown type \"MXX\"; expected a query type such as MX\n"},
		{"no Corefile", []string{"-conf", "missing", "army.ml"}, "", 2, "",
			"coredns-typoguard check: conf: open missing: no such file or directory; expected a Corefile with policies\n"},
		{"Corefile on standard input", []string{"-conf", "stdin", "army.ml"}, ". {\ntypoguard {\nprotect army.mil\n}\n}", 1,
			"army.ml: blocked verdict=lookalike intended=army.mil protected=army.mil distance=1 kind=omission policy=default action=nxdomain mode=enforce\n", ""},
		{"popular", []string{"-conf", "stdin", "mail.bing.com", "mit.edu", "gmial.com", "bxing.com"}, ". {\ntypoguard {\nprotect ing.com kit.edu gmail.com boxing.com\nshort report\n}\n}", 1,
			"mail.bing.com: passed verdict=popular reason=popular popular=bing.com rank=106 intended=mail.ing.com protected=ing.com distance=1 kind=addition policy=default action=nxdomain mode=enforce\n" +
				"mit.edu: passed verdict=popular reason=popular popular=mit.edu rank=103 intended=kit.edu protected=kit.edu distance=1 kind=adjacent policy=default action=nxdomain mode=enforce\n" +
				"gmial.com: blocked verdict=lookalike intended=gmail.com protected=gmail.com distance=1 kind=transposition policy=default action=nxdomain mode=enforce\n" +
				"bxing.com: blocked verdict=lookalike intended=boxing.com protected=boxing.com distance=1 kind=omission policy=default action=nxdomain mode=enforce\n", ""},
		{"a short label", []string{"-conf", "stdin", "ubk.com"}, ". {\ntypoguard {\nprotect ubs.com\nshort report\n}\n}", 0,
			"ubk.com: passed verdict=lookalike reason=short intended=ubs.com protected=ubs.com distance=1 kind=substitution policy=default action=nxdomain mode=enforce\n", ""},
		{"both on standard input", []string{"-conf", "stdin", "-"}, "", 2, "", "coredns-typoguard check: conf: both -conf stdin and the argument - read standard input; expected only one of them\n"},
		{"bad Corefile", []string{"-conf", "stdin", "army.ml"}, ". {\nnonsense\n}", 2, "", "coredns-typoguard check: stdin:2 - Error during parsing: Unknown directive 'nonsense'\n"},
		{"mistyped directive", []string{"-conf", "stdin", "army.ml"}, ". {\nerrors\ntypogaurd {\n}\n}", 2, "",
			"coredns-typoguard check: stdin:3 - Error during parsing: Unknown directive 'typogaurd' (did you mean typoguard?)\n"},
		{"mistyped option", []string{"-jsn"}, "", 2, "", "coredns-typoguard check: flag provided but not defined: -jsn (did you mean json?); see coredns-typoguard check -help\n"},
		{"unknown option", []string{"-nonsense"}, "", 2, "", "coredns-typoguard check: flag provided but not defined: -nonsense; see coredns-typoguard check -help\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := runCLI(t, tt.stdin, append([]string{"check"}, tt.args...)...)
			assert.Equal(t, tt.out, out)
			assert.Equal(t, tt.errs, errs)
			assert.Equal(t, tt.status, status)
		})
	}
}

func TestCheckJSON(t *testing.T) {
	useExample(t)
	status, out, errs := runCLI(t, "", "check", "-json", "-client", "192.0.2.1", "Bob@Army.ML", "gov.ml", "army.mil", "army.mi1")
	assert.Empty(t, errs)
	assert.Equal(t, 0, status)
	want := []string{
		`{"name":"army.ml","input":"Bob@Army.ML","blocked":false,"verdict":"lookalike","reason":"monitor","protected":"army.nl","intended":"army.nl","distance":1,
			"kind":"adjacent","policy":"trial","action":"nullmx","mode":"monitor","candidates":[
			{"protected":"army.nl","intended":"army.nl","distance":1,"kind":"adjacent","policy":"trial","action":"nullmx","mode":"monitor"},
			{"protected":"mil","intended":"army.mil","distance":1,"kind":"omission","policy":"mil","action":"nxdomain","mode":"enforce","clients":["127.0.0.0/8","::1/128"]}]}`,
		`{"name":"gov.ml","input":"gov.ml","blocked":false,"verdict":"allowed","reason":"allowed","allowed":"gov.ml"}`,
		`{"name":"army.mil","input":"army.mil","blocked":false,"verdict":"protected","reason":"protected","protected":"mil"}`,
		`{"name":"army.mi1","input":"army.mi1","blocked":false,"verdict":"pass","reason":"client","protected":"mil","intended":"army.mil","distance":0,
			"kind":"homoglyph","policy":"mil","action":"nxdomain","mode":"enforce","clients":["127.0.0.0/8","::1/128"],"candidates":[
			{"protected":"mil","intended":"army.mil","distance":0,"kind":"homoglyph","policy":"mil","action":"nxdomain","mode":"enforce","clients":["127.0.0.0/8","::1/128"]}]}`,
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, len(want))
	for i, line := range lines {
		assert.JSONEq(t, want[i], line)
	}
}

// TestCheckServers: the block that serves the name, or the one that is named, judges it.
func TestCheckServers(t *testing.T) {
	useBinary(t)
	t.Setenv("TYPOGUARD_TEST", "mil")
	require.NoError(t, os.WriteFile("snippet", []byte("typoguard mil {\nprotect {$TYPOGUARD_TEST}\n}\n"), 0o600))
	require.NoError(t, os.WriteFile("Corefile", []byte(`
example.org:53 {
	whoami
}
.:53 {
	view internal {
		expr incidr(client_ip(), '192.0.2.0/24')
	}
	import snippet
}
tls://.:853 {
	typoguard other {
		protect navy.mil
		action sinkhole 192.0.2.25
	}
}
`), 0o600))
	const army, navy = " verdict=lookalike intended=army.mil protected=mil distance=1 kind=omission policy=mil action=nxdomain mode=enforce",
		" verdict=lookalike intended=navy.mil protected=navy.mil distance=1 kind=omission policy=other action=sinkhole mode=enforce"
	tests := []struct {
		args   []string
		status int
		out    string
	}{
		{[]string{"army.ml"}, 1, "army.ml: blocked" + army + " server=dns://.:53 view=internal\n"},
		{[]string{"mail.example.org"}, 0, "mail.example.org: passed verdict=pass reason=no_policy server=dns://example.org.:53\n"},
		{[]string{"-server", "tls://.", "navy.ml"}, 1, "navy.ml: blocked" + navy + " server=tls://.:853\n"},
		{[]string{"-server", ".:853", "army.ml"}, 0, "army.ml: passed verdict=pass reason=no_match server=tls://.:853\n"},
		{[]string{"-server", "internal", "army.ml"}, 1, "army.ml: blocked" + army + " server=dns://.:53 view=internal\n"},
		{[]string{"-server", "Example.ORG", "army.ml"}, 0, "army.ml: passed verdict=pass reason=no_policy server=dns://example.org.:53\n"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			status, out, errs := runCLI(t, "", append([]string{"check"}, tt.args...)...)
			assert.Empty(t, errs)
			assert.Equal(t, tt.out, out)
			assert.Equal(t, tt.status, status)
		})
	}
	status, _, errs := runCLI(t, "", "check", "-server", "example.net", "army.ml")
	assert.Equal(t, 2, status)
	assert.Equal(t, "coredns-typoguard check: server: no server block \"example.net\"; expected one of dns://example.org.:53, dns://.:53, tls://.:853, internal\n", errs)
}

// TestHistoryStaysShut: commands take a Corefile with a history and a page, and open neither.
func TestHistoryStaysShut(t *testing.T) {
	useBinary(t)
	require.NoError(t, os.Mkdir("history", 0o700))
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	require.NoError(t, os.WriteFile("Corefile", []byte(". {\n typoguard {\n protect army.mil\n history sqlite://history/events.db\n review "+busy.Addr().String()+"\n }\n}\n"), 0o600))
	for command, status := range map[string]int{"check army.ml": 1, "audit -": 0, "rpz -max-rows 10000": 0} {
		got, _, errs := runCLI(t, "army.ml\n", strings.Fields(command)...)
		assert.Equal(t, status, got, "%s: %s", command, errs)
	}
	entries, err := os.ReadDir("history")
	require.NoError(t, err)
	assert.Empty(t, entries)
}

// TestCheckAnswersAtOnce: who writes a line to standard input gets the answer before they write the next.
func TestCheckAnswersAtOnce(t *testing.T) {
	useExample(t)
	inReader, in := io.Pipe()
	outReader, out := io.Pipe()
	status := make(chan int)
	go func() {
		status <- runCommand([]string{"coredns-typoguard", "check", "-"}, inReader, out, io.Discard)
	}()
	lines := bufio.NewScanner(outReader)
	for _, name := range []string{"gov.ml", "example.org", "army.mil"} {
		_, err := io.WriteString(in, name+"\n")
		require.NoError(t, err)
		require.True(t, lines.Scan())
		assert.True(t, strings.HasPrefix(lines.Text(), name+": passed "), lines.Text())
	}
	require.NoError(t, in.Close())
	assert.Equal(t, 0, <-status)
}

func TestAudit(t *testing.T) {
	samples, err := filepath.Abs("audit/logs/testdata")
	require.NoError(t, err)
	useExample(t)
	status, out, errs := runCLI(t, "", "audit", filepath.Join(samples, "postfix-delivered.log"), filepath.Join(samples, "coredns.dnstap"))
	assert.Empty(t, errs, "no progress bar where there is no terminal")
	assert.Equal(t, 0, status)
	assert.Contains(t, out, "2 were DELIVERED: that mail has leaked")
	assert.Contains(t, out, "In total 4 deliveries (4 delivered, 0 bounced, 0 deferred) and 9 queries or names.")

	log, err := os.ReadFile(filepath.Join(samples, "exim-bounced.log"))
	require.NoError(t, err)
	for _, args := range [][]string{{"-json"}, {"-json", "-format", "exim", "-"}} {
		status, out, errs = runCLI(t, string(log), append([]string{"audit"}, args...)...)
		assert.Empty(t, errs)
		assert.Equal(t, 0, status)
		var report struct {
			Lookalikes []struct{ Bounced int }
		}
		require.NoError(t, json.Unmarshal([]byte(out), &report))
		require.Len(t, report.Lookalikes, 2)
		assert.Equal(t, 1, report.Lookalikes[0].Bounced)
	}
}

func TestAuditErrors(t *testing.T) {
	useExample(t)
	tests := []struct {
		name, want string
		args       []string
	}{
		{"format", `format: unknown format "nonsense"; expected one of those that -help lists`, []string{"-format", "nonsense"}},
		{"since", `since: "then"; expected a time such as 2026-11-21 or 2026-11-21T23:38:15Z, or how long ago, such as 90d or 36h`, []string{"-since", "then"}},
		{"order", "until: not after since; expected a later time", []string{"-since", "2026-11-21", "-until", "2026-11-20"}},
		{"two forms", "json and csv; expected one of them", []string{"-json", "-csv"}},
		{"both on standard input", "conf: stdin, and no FILE; expected one of the two to be a file", []string{"-conf", "stdin"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := runCLI(t, "", append([]string{"audit"}, tt.args...)...)
			assert.Equal(t, 2, status)
			assert.Empty(t, out)
			assert.Equal(t, "coredns-typoguard audit: "+tt.want+"\n", errs)
		})
	}
	status, out, errs := runCLI(t, "", "audit", "missing")
	assert.Equal(t, 2, status)
	assert.Equal(t, "coredns-typoguard audit: open missing: no such file or directory\n", errs)
	assert.Empty(t, out, "the error alone")
}

// TestHelp: every command says what it is for, and all that it takes.
func TestHelp(t *testing.T) {
	useBinary(t)
	root := commands(nil, io.Discard, io.Discard)
	require.NotEmpty(t, root.VisibleCommands())
	for _, c := range root.VisibleCommands() {
		t.Run(c.Name, func(t *testing.T) {
			assert.NotEmpty(t, c.Usage)
			assert.NotEmpty(t, c.ArgsUsage)
			for _, option := range []string{"-h", "-help", "--help"} {
				status, out, errs := runCLI(t, "", c.Name, option)
				assert.Equal(t, 0, status)
				assert.Empty(t, errs)
				for _, f := range c.Flags {
					assert.Contains(t, out, "--"+f.Names()[0])
				}
				assert.Contains(t, out, "Exit status:")
			}
		})
	}
	_, _, errs := runCLI(t, "", "chek")
	assert.Contains(t, errs, `coredns-typoguard chek: unknown command "chek" (did you mean check?); expected one of check, advise, audit`)
	status, _, errs := runCLI(t, "", "nonsense")
	assert.Equal(t, 2, status)
	assert.Contains(t, errs, `coredns-typoguard nonsense: unknown command "nonsense"; expected one of check, advise, audit`)
}

// TestCompletion: there is a script for each shell, and what it calls completes commands and options.
func TestCompletion(t *testing.T) {
	useBinary(t)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		status, out, _ := runCLI(t, "", "completion", shell)
		assert.Equal(t, 0, status)
		assert.Contains(t, out, "--generate-shell-completion", shell)
	}
	_, out, _ := runCLI(t, "", "check", "--cl", "--generate-shell-completion")
	assert.Contains(t, out, "--client")
	_, out, _ = runCLI(t, "", "export", "--generate-shell-completion")
	assert.Contains(t, out, "exchange\nexim\npostfix\n")
}

// TestCompletionInBash: the script works in a bash without the package bash-completion, and tells nobody that something is missing.
func TestCompletionInBash(t *testing.T) {
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(binary, filepath.Join(dir, "coredns-typoguard")))
	for line, want := range map[string]string{"che": "check", "check --cl": "--client", "export po": "postfix"} {
		words := strings.Fields("coredns-typoguard " + line)
		script := `source <(coredns-typoguard completion bash)
complete -p coredns-typoguard >/dev/null || exit
COMP_WORDS=(` + strings.Join(words, " ") + `) COMP_CWORD=` + strconv.Itoa(len(words)-1) + `
__coredns-typoguard_bash_autocomplete
echo "${COMPREPLY[@]}"`
		bash := exec.Command("bash", "--norc", "--noprofile", "-c", script)
		bash.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := bash.CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Equal(t, want+"\n", string(out), line)
	}
}

// TestServerHelp: CoreDNS's help tells of the commands.
func TestServerHelp(t *testing.T) {
	before := flag.Usage
	var out bytes.Buffer
	t.Cleanup(func() {
		flag.Usage = before
		flag.CommandLine.SetOutput(nil)
	})
	describeCommands()
	flag.CommandLine.SetOutput(&out)
	flag.Usage()
	assert.Contains(t, out.String(), "-conf string")
	for _, c := range commands(nil, io.Discard, io.Discard).VisibleCommands() {
		assert.Contains(t, out.String(), "\n  "+c.Name+" ")
	}
}
