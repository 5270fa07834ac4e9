package advise

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/coredns/core/dnsserver"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	_ "github.com/typoguard/coredns-typoguard/plugin/typoguard"
)

// advise runs the command.
func advise(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	before := dnsserver.Directives
	t.Cleanup(func() { dnsserver.Directives = before })
	require.NoError(t, dnsserver.SetDirectives([]string{"typoguard"}))
	var out bytes.Buffer
	c := Command()
	c.Reader, c.Writer, c.ErrWriter = strings.NewReader(stdin), &out, &out
	c.ExitErrHandler = func(_ context.Context, _ *cli.Command, _ error) {}
	err := c.Run(t.Context(), append([]string{"advise"}, args...))
	return out.String(), err
}

// ofJSON runs the command with -json, and returns the advice by suffix.
func ofJSON(t *testing.T, stdin string, args ...string) map[string]*advice {
	t.Helper()
	out, err := advise(t, stdin, append([]string{"-json"}, args...)...)
	var status cli.ExitCoder
	if err != nil {
		require.ErrorAs(t, err, &status, "%v", err)
		require.Equal(t, 1, status.ExitCode())
	}
	all := map[string]*advice{}
	for line := range strings.Lines(out) {
		a := new(advice)
		require.NoError(t, json.Unmarshal([]byte(line), a))
		all[a.Suffix] = a
	}
	return all
}

// domains returns the names of neighbours.
func domains(all []neighbour) []string {
	var names []string
	for _, n := range all {
		names = append(names, n.Domain)
	}
	return names
}

// TestSuffixes: suffixes are graded as if a policy with default options protected them.
func TestSuffixes(t *testing.T) {
	all := ofJSON(t, "", "ing.com", "army.mil", "gmail.com", "mil", "boxing.com")
	assert.Equal(t, "bing.com", all["ing.com"].Popular[0].Domain)
	assert.Positive(t, all["ing.com"].Popular[0].Rank)
	assert.Equal(t, short, all["ing.com"].Grade)
	assert.Equal(t, []string{"short report"}, all["ing.com"].Lines)
	assert.Equal(t, &advice{Policy: "default", Suffix: "army.mil", Grade: safe}, all["army.mil"])
	assert.Contains(t, domains(all["gmail.com"].Typos), "gmial.com")
	assert.Empty(t, all["gmail.com"].Lines, "what is hidden there should be")
	assert.Contains(t, domains(all["mil"].Hidden), "google.co.il")
	assert.Equal(t, []string{"require counterpart"}, all["mil"].Lines)
}

// TestCorefile: with a Corefile, its options count, and the lines bring the number of hidden domains to nothing.
func TestCorefile(t *testing.T) {
	corefile := func(options string) string {
		return ". {\n typoguard p {\n  protect ing.com partner.example modem.com\n" + options + "\n }\n}\n"
	}
	all := ofJSON(t, corefile("popular block\nkinds omission addition homoglyph"), "-conf", "stdin")
	require.Len(t, all, 3)
	assert.Contains(t, domains(all["ing.com"].Hidden), "bing.com")
	assert.Equal(t, []string{"popular pass"}, all["ing.com"].Lines)
	all = ofJSON(t, corefile("deny bing.com\nshort report"), "-conf", "stdin", "ing.com")
	require.Len(t, all, 1)
	assert.Equal(t, []string{"allow bing.com"}, all["ing.com"].Lines)
	all = ofJSON(t, corefile("allow bing.com\nshort report"), "-conf", "stdin", "ing.com")
	assert.Empty(t, all["ing.com"].Hidden)
	assert.Empty(t, all["ing.com"].Lines)
}

// TestSeveralPlaces: a known domain that looks like a suffix in two places counts once.
func TestSeveralPlaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "popular.csv")
	require.NoError(t, os.WriteFile(file, []byte("1,zinger.example\n2,b.zinger.example\n"), 0o600))
	all := ofJSON(t, ". {\n typoguard {\n  protect bzinger.example\n  popular "+file+"\n }\n}\n", "-conf", "stdin")
	assert.Equal(t, []string{"zinger.example", "b.zinger.example"}, domains(all["bzinger.example"].Popular))
}

// TestText: the text names the first few.
func TestText(t *testing.T) {
	out, err := advise(t, "", "army.mil", "ing.com")
	var status cli.ExitCoder
	require.ErrorAs(t, err, &status)
	assert.Equal(t, 1, status.ExitCode())
	assert.Regexp(t, `^army\.mil \(policy default\): safe\ning\.com \(policy default\): short\n  popular, pass: bing\.com \(rank \d+\), .*, \d+ more\n  add: short report\n`, out)
	_, err = advise(t, "", "army.mil")
	assert.NoError(t, err)
}

// TestErrors: what cannot be meant is an error.
func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"too short":     {[]string{"nl"}, `"nl": a single label of one or two characters`},
		"no suffix":     {[]string{"a b"}, `"a b": expected a domain suffix`},
		"not protected": {[]string{"-conf", "stdin", "army.nl"}, `"army.nl" is not protected by the Corefile; expected one of its suffixes, or no -conf`},
		"resolver":      {[]string{"-resolve", "here", "army.nl"}, `resolve: "here"; expected an address`},
		"no Corefile":   {[]string{"-conf", "missing"}, "conf: open missing: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := advise(t, ". {\n typoguard {\n protect army.mil\n }\n}\n", tt.args...)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

// TestResolve: of the hidden neighbours, those that exist are listed, with whether they take mail, and popular ones are not asked for.
func TestResolve(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	asked := make(chan string, 10_000)
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		q := r.Question[0]
		asked <- q.Name
		m := new(dns.Msg).SetReply(r)
		switch {
		case q.Name == "amy.mil." && q.Qtype == dns.TypeMX:
			rr, _ := dns.NewRR("amy.mil. 60 IN MX 10 mx.example.")
			m.Answer = append(m.Answer, rr)
		case q.Name == "arm.mil." && q.Qtype == dns.TypeA:
			rr, _ := dns.NewRR("arm.mil. 60 IN A 192.0.2.1")
			m.Answer = append(m.Answer, rr)
		case q.Name != "amy.mil." && q.Name != "arm.mil.":
			m.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	before := time.Now()
	all := ofJSON(t, ". {\n typoguard {\n protect army.mil\n kinds omission\n }\n}\n", "-conf", "stdin", "-resolve", conn.LocalAddr().String())
	assert.ElementsMatch(t, []existing{{"amy.mil", true}, {"arm.mil", false}}, all["army.mil"].Exist)
	names := map[string]bool{}
	for len(asked) > 0 {
		names[<-asked] = true
	}
	assert.LessOrEqual(t, len(names), 10)
	assert.Greater(t, time.Since(before), time.Duration(len(names)-2)*time.Second/lookupRate, "at a rate that nobody minds")
	assert.NotContains(t, names, "army.mil.")
}

// TestLog: with logs, the same is suggested as by audit -suggest, with policies or without.
func TestLog(t *testing.T) {
	t.Chdir(t.TempDir()) // without a Corefile
	var log strings.Builder
	for day := 1; day <= 20; day++ {
		for person := range 4 {
			for i, to := range []string{"partner.example", "partier.example", "other.example"} {
				if i == 1 && (day%4 != 0 || person > 1) {
					continue
				}
				id := fmt.Sprintf("%06X", 0xA00000+day*100+person*10+i)
				fmt.Fprintf(&log, "Nov %2d 10:00:00 relay postfix/qmgr[1]: %s: from=<alice%d@corp.example>, size=1, nrcpt=1 (queue active)\n", day, id, person)
				fmt.Fprintf(&log, "Nov %2d 10:00:00 relay postfix/smtp[1]: %s: to=<bob%d@%s>, relay=mx[192.0.2.1]:25, dsn=2.0.0, status=sent (ok)\n", day, id, person, to)
			}
		}
	}
	require.NoError(t, os.WriteFile("mail.log", []byte(log.String()), 0o600))
	status := func(err error) int {
		var status cli.ExitCoder
		require.ErrorAs(t, err, &status)
		return status.ExitCode()
	}
	out, err := advise(t, "", "-log", "mail.log")
	assert.Equal(t, 1, status(err))
	assert.Contains(t, out, "\nprotect: 2 domains suggested: other.example partner.example\n")
	assert.Contains(t, out, "\npartier.example # looks like partner.example (substitution); 10 delivered on 5 days; 2 senders: corp.example; 2 recipients\n")
	assert.NotContains(t, out, "alice")

	require.NoError(t, os.Mkdir("suggested", 0o700))
	out, err = advise(t, "", "-log", "mail.log", "-suggest", "suggested", "partner.example", "other.example")
	assert.Equal(t, 1, status(err))
	assert.Contains(t, out, "\nprotect: 0 domains suggested\n")
	assert.Contains(t, out, "\nallow: 1 domain suggested: partier.example\n  in suggested/allow-suggested.txt\n")

	_, err = advise(t, ". {\n typoguard {\n  protect partner.example other.example\n  allow partier.example\n }\n}\n", "-log", "mail.log", "-conf", "stdin")
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"missing":      {[]string{"-log", "missing"}, "open missing: no such file or directory"},
		"there before": {[]string{"-log", "mail.log", "-suggest", "suggested"}, "suggest: suggested/protect-suggested.txt exists"},
		"no log":       {[]string{"-suggest", "suggested", "army.nl"}, "suggest: expected -log with it"},
		"JSON":         {[]string{"-log", "mail.log", "-json"}, "log and json; expected one of them"},
		"resolver":     {[]string{"-log", "mail.log", "-resolve", "192.0.2.53"}, "log and resolve; expected one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := advise(t, "", tt.args...)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}
