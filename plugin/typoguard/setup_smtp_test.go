package typoguard

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// smtpStanza is a policy with an SMTP listener and further options.
func smtpStanza(options string) string {
	return "typoguard {\nprotect army.mil\naction sinkhole 192.0.2.25\nsmtp 192.0.2.25\n" + options + "\n}"
}

// TestParseSMTPErrors holds every message whole. The option is the fifth line of a stanza with an SMTP listener.
func TestParseSMTPErrors(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, kit.Certificate(filepath.Join(root, "good.pem"), filepath.Join(root, "good.key")))
	require.NoError(t, os.WriteFile(filepath.Join(root, "bad.pem"), []byte("no PEM"), 0o600))
	const address = `; expected one of this host, such as 192.0.2.25 or [2001:db8::25]:2525`
	const pair = `; expected the files of a certificate and of its key, in PEM`
	tests := []struct{ name, option, want string }{
		{"smtp nothing", "smtp", `smtp: no argument; expected addresses to listen on`},
		{"smtp by name", "smtp sink.example", `smtp: address "sink.example"` + address},
		{"smtp with a bad port", "smtp 192.0.2.1:65536", `smtp: address "192.0.2.1:65536"` + address},
		{"smtp port alone", "smtp :25", `smtp: address ":25"` + address},
		{"smtp zone", "smtp fe80::1%eth0", `smtp: address "fe80::1%eth0"` + address},
		{"smtp mapped", "smtp ::ffff:192.0.2.1", `smtp: address "::ffff:192.0.2.1"` + address},
		{"smtp multicast", "smtp [ff02::1]:25", `smtp: address "[ff02::1]:25"` + address},
		{"smtp twice", "smtp 192.0.2.25:25", `smtp: address 192.0.2.25:25 twice; expected different ones`},

		{"hostname missing", "smtp_hostname", `smtp_hostname: no argument; expected a host name`},
		{"hostname bad", "smtp_hostname a..b", `smtp_hostname: "a..b"; expected a host name such as sinkhole.example.org`},
		{"hostname with a line", `smtp_hostname "a b"`, `smtp_hostname: "a b"; expected a host name such as sinkhole.example.org`},
		{"hostname twice", "smtp_hostname a.example\nsmtp_hostname a.example", `smtp_hostname: already given at Testfile:5; expected it once`},

		{"tls missing", "smtp_tls", `smtp_tls: no argument; expected the files of a certificate and of its key`},
		{"tls without key", "smtp_tls cert.pem", `smtp_tls: 1 files; expected those of a certificate and of its key, in PEM`},
		{"tls no file", "smtp_tls nope.pem good.key", `smtp_tls: open ROOT/nope.pem: no such file or directory` + pair},
		{"tls no PEM", "smtp_tls bad.pem good.key", `smtp_tls: tls: failed to find any PEM data in certificate input` + pair},

		{"limits missing", "smtp_limits", `smtp_limits: no argument; expected limits and their values`},
		{"limits without a value", "smtp_limits connections 5 commands", `smtp_limits: "commands" without a value; expected pairs such as connections 1000`},
		{"limits unknown", "smtp_limits clients 5", `smtp_limits: unknown limit "clients"; expected one of connections, per_client, commands, recipients, line_length, command_time, session_time, rate`},
		{"limits no number", "smtp_limits connections many", `smtp_limits: connections "many"; expected a number`},
		{"limits no duration", "smtp_limits command_time 30", `smtp_limits: command_time "30"; expected a duration such as 30s`},
		{"limits out of range", "smtp_limits recipients 99", `smtp_limits: recipients 99; expected 100 to 1000000`},
		{"limits twice", "smtp_limits connections 5\nsmtp_limits per_client 5 connections 5", `smtp_limits: connections already given at Testfile:5; expected it once`},

		{"hint missing", "hint", `hint: no argument; expected a text`},
		{"hint of several words", "hint Call the help desk", `hint: several words; expected one text in quotes`},
		{"hint with a placeholder", `hint "Call {help}"`, `hint: unknown placeholder "{help}"; expected one of {recipient}, {suggested}, {lookalike}, {intended}, {policy}, {id}`},
		{"hint twice", "hint a\nhint b", `hint: already given at Testfile:5; expected it once`},

		{"log_addresses missing", "log_addresses", `log_addresses: no argument; expected on or off`},
		{"log_addresses bad", "log_addresses yes", `log_addresses: "yes"; expected on or off`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCorefile(t, root, smtpStanza(tt.option))
			line := "Testfile:5"
			if strings.Contains(tt.option, "\n") {
				line = "Testfile:6"
			}
			require.EqualError(t, err, line+" - Error during parsing: "+strings.ReplaceAll(tt.want, "ROOT", root))
		})
	}
}

// TestSMTPNeedsSinkhole: an option that could have no effect is a mistake.
func TestSMTPNeedsSinkhole(t *testing.T) {
	for option, want := range map[string]string{
		"smtp 192.0.2.25":                         `smtp: action nxdomain sends no clients to the listener; expected action sinkhole`,
		"smtp 192.0.2.25\naction nullmx":          `smtp: action nullmx sends no clients to the listener; expected action sinkhole`,
		"hint Stop":                               `hint: the policy has no SMTP listener; expected smtp ADDRESS too`,
		"log_addresses off":                       `log_addresses: the policy has no SMTP listener; expected smtp ADDRESS too`,
		"smtp_hostname a.example":                 `smtp_hostname: the policy has no SMTP listener; expected smtp ADDRESS too`,
		"smtp_limits connections 5":               `smtp_limits: the policy has no SMTP listener; expected smtp ADDRESS too`,
		"hint Stop\naction sinkhole 198.51.100.1": `hint: the policy has no SMTP listener; expected smtp ADDRESS too`,
	} {
		_, err := parseCorefile(t, "", "typoguard {\nprotect mil\n"+option+"\n}")
		require.EqualError(t, err, "Testfile:3 - Error during parsing: "+want, option)
	}
}

// TestSharedListener: what two policies say of one listener, in the same block or in others, holds for both and must not
// contradict.
func TestSharedListener(t *testing.T) {
	parse := func(stanzas ...string) (*instance, error) {
		i := newInstance()
		for n, s := range stanzas {
			b, err := parseCorefile(t, "", strings.Replace(s, "typoguard {", "typoguard p"+string(rune('a'+n))+" {", 1))
			require.NoError(t, err)
			if err := i.add(b); err != nil {
				return nil, err
			}
		}
		return i, nil
	}
	i, err := parse(
		smtpStanza("smtp_limits connections 5 command_time 1m30s\nsmtp [2001:db8::25]:2525"),
		smtpStanza("smtp_limits connections 5 per_client 3\nsmtp_hostname mail.example"),
	)
	require.NoError(t, err)
	require.Len(t, i.listeners, 2)
	shared := i.listeners["192.0.2.25:25"].config(nil, nil)
	assert.Equal(t, "mail.example", shared.Hostname)
	want := smtp.DefaultLimits
	want.Connections, want.PerClient, want.CommandTime = 5, 3, 90*time.Second
	assert.Equal(t, want, shared.Limits)
	alone := i.listeners["[2001:db8::25]:2525"].config(nil, nil)
	assert.Equal(t, smtpHostname, alone.Hostname)
	assert.Equal(t, smtp.DefaultLimits.PerClient, alone.Limits.PerClient)

	_, err = parse(smtpStanza("smtp_limits connections 5"), smtpStanza("smtp_limits connections 6"))
	require.EqualError(t, err, "Testfile:5 - Error during parsing: smtp_limits: connections 6 contradicts connections 5 at Testfile:5; "+
		"expected the same for both, which share the listener 192.0.2.25:25")
	_, err = parse(smtpStanza("smtp_hostname a.example"), smtpStanza("smtp_hostname b.example"))
	require.EqualError(t, err, "Testfile:5 - Error during parsing: smtp_hostname: b.example contradicts a.example at Testfile:5; "+
		"expected the same for both, which share the listener 192.0.2.25:25")
}

// TestParseSMTP: options come to where they are used.
func TestParseSMTP(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, kit.Certificate(filepath.Join(root, "good.pem"), filepath.Join(root, "good.key")))
	b, err := parseCorefile(t, root, smtpStanza("smtp ::1 [::1]:2525\nsmtp 127.0.0.1:0\nsmtp_tls good.pem good.key\nhint \"Call 2525, {id}\"\nlog_addresses on"))
	require.NoError(t, err)
	p := b.policies[0].smtp
	var listeners []string
	for _, address := range p.addresses {
		listeners = append(listeners, address.String())
	}
	assert.Equal(t, []string{"192.0.2.25:25", "[::1]:25", "[::1]:2525", "127.0.0.1:0"}, listeners)
	assert.Equal(t, "Call 2525, {id}", p.hint)
	assert.True(t, p.logAddresses)
	config := new(smtp.Config)
	b.policies[0].smtp.settings[0].apply(config)
	assert.NotNil(t, config.Certificate)
}

// TestSetupListenerContradiction: it stops the setup of the second server block.
func TestSetupListenerContradiction(t *testing.T) {
	useDirectives(t)
	input := corefile(smtpStanza("smtp_limits connections 5"), "")
	input.Contents = append(input.Contents, "example.:0 {\nbind 127.0.0.1\n"+smtpStanza("smtp_limits connections 6")+"\n}\n"...)
	_, err := caddy.Start(input)
	require.ErrorContains(t, err, "plugin/typoguard: Corefile:17 - Error during parsing: smtp_limits: connections 6 contradicts connections 5 at Corefile:7; expected")
}

// TestListenerSuggests covers which policies of a listener say what a domain may have been meant to be.
func TestListenerSuggests(t *testing.T) {
	b, err := parseCorefile(t, "", `
		typoguard near {
			protect mil
			allow gov.ml
			action sinkhole 192.0.2.25
			smtp 192.0.2.25 192.0.2.26
			hint near
		}
		typoguard full {
			protect army.mil army.mi
			clients 192.0.2.0/24
			action sinkhole 192.0.2.25
			smtp 192.0.2.25
			hint full
			log_addresses on
		}
		typoguard trial {
			protect amry.ml
			action sinkhole 192.0.2.25
			smtp 192.0.2.25
			mode monitor
		}
		typoguard elsewhere {
			protect army.mll
			action sinkhole 192.0.2.25
		}`)
	require.NoError(t, err)
	other, err := parseCorefile(t, "", `
		typoguard other {
			protect us.army.mil army.fl army.el army.cl
			action sinkhole 192.0.2.25
			smtp 192.0.2.25
		}`)
	require.NoError(t, err)
	i := newInstance()
	require.NoError(t, i.add(b))
	require.NoError(t, i.add(other))
	suggested := func(listener, domain string) []string {
		var all []string
		for _, s := range i.listeners[listener].suggest(netip.MustParseAddr("192.0.2.1"), domain) {
			all = append(all, strings.Join([]string{s.Intended, s.Policy, s.Kind, s.Hint}, " "))
		}
		return all
	}
	assert.Equal(t, []string{"us.army.mil other omission ", "us.army.mi full substitution full", "us.army.fl other substitution "}, suggested("192.0.2.25:25", "us.army.ml"),
		"the longest of equally near ones, each name once, three at most, those that enforce before those that monitor")
	assert.Equal(t, []string{"us.army.mil near omission near"}, suggested("192.0.2.26:25", "us.army.ml"), "only policies of the listener")
	assert.Empty(t, suggested("192.0.2.25:25", "army.gov.ml"), "allowed")
	assert.Empty(t, suggested("192.0.2.25:25", "army.mil"), "protected")
	assert.Empty(t, suggested("192.0.2.25:25", "example.org"))
	assert.True(t, i.listeners["192.0.2.25:25"].suggest(netip.Addr{}, "army.m")[0].LogAddresses)
}

// TestSuggestForClient: of several policies that a listener has for one suffix, the client's own decides, as about its queries.
func TestSuggestForClient(t *testing.T) {
	b, err := parseCorefile(t, "", `
		typoguard one {
			protect mil
			clients 10.0.0.0/8
			action sinkhole 192.0.2.25
			smtp 192.0.2.25
			log_addresses on
		}
		typoguard two {
			protect mil
			clients 192.168.0.0/16
			action sinkhole 192.0.2.25
			smtp 192.0.2.25
		}`)
	require.NoError(t, err)
	i := newInstance()
	require.NoError(t, i.add(b))
	for client, want := range map[string]string{"10.0.0.1": "one", "192.168.0.1": "two", "::ffff:192.168.0.1": "two", "203.0.113.1": "one"} {
		suggestions := i.listeners["192.0.2.25:25"].suggest(netip.MustParseAddr(client), "army.ml")
		require.Len(t, suggestions, 1, client)
		assert.Equal(t, want, suggestions[0].Policy, client)
		assert.Equal(t, want == "one", suggestions[0].LogAddresses, client)
	}
}

// TestParseLimit: each limit sets the field that has its name, and no other.
func TestParseLimit(t *testing.T) {
	for _, limit := range smtp.AllLimits {
		arg := "700"
		if strings.HasSuffix(string(limit), "_time") {
			arg = "45s"
		}
		apply, err := parseLimit(limit, arg)
		require.NoError(t, err)
		config := smtp.Config{Limits: smtp.DefaultLimits}
		apply(&config)
		got, before := reflect.ValueOf(config.Limits), reflect.ValueOf(smtp.DefaultLimits)
		for i := range got.NumField() {
			name := got.Type().Field(i).Name
			if strings.EqualFold(name, strings.ReplaceAll(string(limit), "_", "")) {
				assert.Equal(t, arg, fmt.Sprint(got.Field(i)), limit)
			} else {
				assert.Equal(t, before.Field(i).Interface(), got.Field(i).Interface(), "%s with %s", name, limit)
			}
		}
	}
}

// TestListenerPasses: what any policy of the listener's server blocks protects or allows at present, or what is popular, is no
// lookalike any more.
func TestListenerPasses(t *testing.T) {
	b, err := parseCorefile(t, "", "typoguard {\nprotect mil ing.com\ndeny king.com evil.gov.ml\naction sinkhole 192.0.2.1\nsmtp 127.0.0.1:2525\n}\ntypoguard other {\nprotect army.nl\nallow gov.ml\n}")
	require.NoError(t, err)
	i := newInstance()
	require.NoError(t, i.add(b))
	l := i.listeners["127.0.0.1:2525"]
	for domain, want := range map[string]bool{"gov.ml": true, "x.gov.ml": true, "us.army.mil": true, "army.nl": true, "army.ml": false, "example.org": false,
		"bing.com": true, "mail.bing.com": true, "king.com": false, "evil.gov.ml": false} {
		assert.Equal(t, want, l.passes(domain), domain)
	}
}
