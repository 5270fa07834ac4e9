package export

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { caddytest.Main(m) }

// command runs the command on a Corefile, and returns what it prints.
func command(t *testing.T, stanza string, args ...string) (out, errs string, err error) {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "Corefile")
	require.NoError(t, os.WriteFile(conf, []byte(".:1053 {\n"+stanza+"\n}\n"), 0o600))
	var stdout, stderr bytes.Buffer
	c := Command()
	c.Writer, c.ErrWriter = &stdout, &stderr
	c.ExitErrHandler = func(context.Context, *cli.Command, error) {}
	err = c.Run(t.Context(), append([]string{"export", "-conf", conf}, args...))
	return stdout.String(), stderr.String(), err
}

const small = `typoguard mil {
	protect mil af.mil
	allow gov.ml
	kinds omission transposition
	clients 192.0.2.0/24
}
typoguard quiet {
	protect army.nl
	mode monitor
}`

// TestGolden: the whole of each list.
func TestGolden(t *testing.T) {
	for _, name := range formatNames() {
		t.Run(name, func(t *testing.T) {
			out, errs, err := command(t, small, name)
			require.NoError(t, err)
			for file, text := range map[string]string{name: out, name + ".errors": errs} {
				path := filepath.Join("testdata", file+".golden")
				if *update {
					require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.Equal(t, string(want), text)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no format", nil, "0 arguments; expected one of exchange, exim, postfix"},
		{"unknown format", []string{"sendmail"}, `unknown format "sendmail"; expected one of exchange, exim, postfix`},
		{"no resolver", []string{"-registered", "exim"}, "registered: needs a resolver; expected -registered and -resolve together"},
		{"only a resolver", []string{"-resolve", "192.0.2.53", "exim"}, "registered: needs a resolver; expected -registered and -resolve together"},
		{"too many", []string{"-max-rows", "2", "exim"}, "more than 2 names; expected at most that (-max-rows)"},
		{"unknown policy", []string{"-policy", "x", "exim"}, `policy: no policy "x"; expected one of mil, quiet`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := command(t, small, tt.args...)
			require.EqualError(t, err, tt.want)
			assert.Empty(t, out)
		})
	}
}

// TestRegistered: names that do not exist are left out, those of which nothing is known are not, and neither are exceptions.
func TestRegistered(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		switch name := r.Question[0].Name; {
		case name == "ml." && r.Question[0].Qtype == dns.TypeNS:
			m.Answer = []dns.RR{&dns.NS{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 60}, Ns: "ns.ml."}}
		case name == "ml.":
		case name == "il.":
			m.Rcode = dns.RcodeServerFailure
		default:
			m.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(m)
	})}
	done, started := make(chan error, 1), make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	go func() { done <- server.ActivateAndServe() }()
	<-started
	defer func() {
		require.NoError(t, server.Shutdown())
		require.NoError(t, <-done)
	}()
	out, errs, err := command(t, small, "-registered", "-resolve", conn.LocalAddr().String(), "exim")
	require.NoError(t, err)
	var names []string
	for line := range strings.Lines(out) {
		if name, _, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
			names = append(names, name)
		}
	}
	assert.Equal(t, []string{"gov.ml", "*.gov.ml", "il", "*.il", "ml", "*.ml"}, names)
	assert.Contains(t, errs, "registered: of 1 names it is not known whether they exist; they are on the list\n")
}

// TestExchangeLimits: no rule and no organisation gets more than Microsoft allows, whatever the rows are, and every exception goes with the rules
// that need it.
func TestExchangeLimits(t *testing.T) {
	row := func(name, protected string) rows.Likely {
		return rows.Likely{Name: name, Lookalike: event.Lookalike{Protected: protected, Intended: protected}}
	}
	many := []rows.Likely{{Name: "gov.ml", Passes: true}, row("ml", "mil"), {Name: "us.com", OnlyBelow: true}}
	for i := range 5000 {
		many = append(many, row(fmt.Sprintf("name-%d.example", i), "name.example"))
	}
	all := &exchangeRules{open: map[string]*exchangeRule{}, byDomain: patternsLength(many) > roomInPatterns}
	require.True(t, all.byDomain)
	domains := 0
	for i := range many {
		require.NoError(t, all.add(&many[i], exceptionsBelow(many, many[i].Name)))
	}
	for _, r := range all.rules {
		domains += len(r.domains)
		assert.Less(t, len(strings.Join(r.domains, "")+strings.Join(r.patterns, "")+strings.Join(r.exceptions, "")), maxRule)
	}
	assert.Equal(t, 5000, domains)
	assert.Equal(t, []string{`[@.]ml$`}, all.rules[0].patterns)
	assert.Equal(t, []string{`[@.]gov\.ml$`}, all.rules[0].exceptions)

	tooMany := []rows.Likely{row("ml", "mil")}
	for i := range 500 {
		tooMany = append(tooMany, rows.Likely{Name: fmt.Sprintf("allowed-%d.ml", i), Passes: true})
	}
	_, err := writeExchange(new(bytes.Buffer), tooMany, "mil")
	require.EqualError(t, err, "ml: 500 exceptions do not fit into a transport rule of 8192 characters; expected fewer allowed or protected suffixes below it")

	var rules []rows.Likely
	for i := range 301 {
		rules = append(rules, row(fmt.Sprintf("x%d.example", i), fmt.Sprintf("%d.example", i)))
	}
	_, err = writeExchange(new(bytes.Buffer), rules, "mil")
	require.EqualError(t, err, "301 transport rules; expected at most 300: use -policy or -registered")
}

// TestPattern: a pattern covers a domain and what lies below it, and nothing else.
func TestPattern(t *testing.T) {
	pattern := regexp.MustCompile(patternOf("army.ml"))
	for address, want := range map[string]bool{
		"bob@army.ml": true, "bob@us.army.ml": true, "bob@myarmy.ml": false, "bob@armyxml": false, "bob@army.ml.example": false, "army.ml@corp.example": false,
	} {
		assert.Equal(t, want, pattern.MatchString(address), address)
	}
}
