package typoguard

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// TestParseEventsErrors holds every message whole. ROOT stands for the directory of relative file names.
func TestParseEventsErrors(t *testing.T) {
	root := writeLists(t, map[string]string{"some.pem": "none\n", "empty": "\n", "bad.tmpl": "{{"})
	const address = `; expected one such as udp://192.0.2.1, tcp://siem.example.org:601 or tls://siem.example.org:6514`
	const bits = `; expected bits of IPv4 and of IPv6 addresses to keep, such as 24 56`
	tests := []struct{ name, option, want string }{
		{"events nowhere", "events", `events: no argument; expected a file name`},
		{"events in a directory that is none", "events nope/events.json", `events: ROOT/nope is not a directory; expected one that exists`},
		{"events in no file", "events .", `events: ROOT is not a regular file; expected a file, or none`},
		{"events twice", "events a.json\nevents ./a.json", `events: ROOT/a.json twice; expected different ones`},
		{"unknown setting", "events a.json count 3", `events: unknown setting "count"; expected one of age, keep, size`},
		{"no value", "events a.json size", `events: size without a value; expected one`},
		{"setting twice", "events a.json keep 1 keep 2", `events: keep twice; expected it once`},
		{"small", "events a.json size 63KB", `events: size "63KB"; expected at least 64KB, such as 100MB`},
		{"no size", "events a.json size big", `events: size "big"; expected at least 64KB, such as 100MB`},
		{"negative keep", "events a.json keep -1", `events: keep "-1"; expected a number of files, or 0 for all`},
		{"no age", "events a.json age 30", `events: age "30"; expected a duration such as 30d, 1d12h or 12h`},
		{"no days", "events a.json age 0d", `events: age "0d"; expected a duration such as 30d, 1d12h or 12h`},

		{"syslog nowhere", "syslog", `syslog: no argument; expected an address such as tls://siem.example.org:6514`},
		{"syslog without a scheme", "syslog 192.0.2.1", `syslog: address "192.0.2.1"` + address},
		{"syslog by a wrong one", "syslog http://192.0.2.1", `syslog: address "http://192.0.2.1"` + address},
		{"syslog without a host", "syslog udp://:514", `syslog: address "udp://:514"` + address},
		{"syslog with a path", "syslog udp://192.0.2.1/x", `syslog: address "udp://192.0.2.1/x"` + address},
		{"syslog without a port", "syslog udp://192.0.2.1:", `syslog: address "udp://192.0.2.1:"` + address},
		{"syslog with a wrong port", "syslog udp://192.0.2.1:65536", `syslog: address "udp://192.0.2.1:65536"` + address},
		{"syslog twice", "syslog udp://192.0.2.1\nsyslog udp://192.0.2.1:514", `syslog: udp://192.0.2.1:514 twice; expected different ones`},
		{"notify nowhere", "notify", `notify: no argument; expected a URL such as https://soc.example.org/typoguard`},
		{"notify without a scheme", "notify soc.example.org", `notify: URL "soc.example.org"; expected one such as https://soc.example.org/typoguard or mailto:soc@example.org`},
		{"notify by a wrong one", "notify ftp://soc.example.org", `notify: URL "ftp://soc.example.org"; expected one such as https://soc.example.org/typoguard or mailto:soc@example.org`},
		{"notify with a password", "notify https://a:b@soc.example.org", `notify: a user in the URL; expected it in a file: authorization FILE`},
		{"notify without a secret", "notify https://soc.example.org secret nope", `notify: open ROOT/nope: no such file or directory`},
		{"notify with an empty secret", "notify https://soc.example.org secret empty", `notify: ROOT/empty has not one line; expected a secret`},
		{"notify with a bad template", "notify https://soc.example.org template bad.tmpl", `notify: template: bad.tmpl:1: unclosed action`},
		{"notify with a bad CA", "notify https://soc.example.org ca some.pem", `notify: ROOT/some.pem contains no PEM certificate`},
		{"notify twice", "notify https://soc.example.org/x\nnotify https://soc.example.org/x", `notify: https://soc.example.org#46f570 twice; expected different ones`},
		{"facility", "syslog udp://192.0.2.1 facility local8", `syslog: unknown facility "local8"; expected one of kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp, ntp, audit, alert, clock, local0, local1, local2, local3, local4, local5, local6, local7`},
		{"TLS settings without TLS", "syslog tcp://192.0.2.1 ca some.pem", `syslog: unknown setting "ca"; expected one of facility`},
		{"no CA", "syslog tls://192.0.2.1 ca nope.pem", `syslog: open ROOT/nope.pem: no such file or directory; expected files in PEM`},
		{"a bad CA", "syslog tls://192.0.2.1 ca some.pem", `syslog: ROOT/some.pem contains no PEM certificate; expected files in PEM`},
		{"half a certificate", "syslog tls://192.0.2.1 cert some.pem", `syslog: cert and key belong together; expected both or none`},
		{"a bad certificate", "syslog tls://192.0.2.1 cert some.pem key some.pem", `syslog: tls: failed to find any PEM data in certificate input; expected files in PEM`},

		{"log_events", "log_events yes", `log_events: "yes"; expected on or off`},
		{"log_events twice", "log_events on\nlog_events off", `log_events: already given at Testfile:3; expected it once`},
		{"dnstap", "dnstap full", `dnstap: "full"; expected on or off`},
		{"one mask", "client_mask 24", `client_mask: 1 numbers` + bits},
		{"no mask", "client_mask /24 /56", `client_mask: "/24 /56"` + bits},
		{"a wide mask", "client_mask 33 56", `client_mask: 33 56; expected 0 to 32 bits for IPv4 and 0 to 128 bits for IPv6`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCorefile(t, root, "typoguard {\nprotect mil\n"+tt.option+"\n}")
			line := "Testfile:3"
			if strings.Contains(tt.option, "\n") {
				line = "Testfile:4"
			}
			require.EqualError(t, err, line+" - Error during parsing: "+strings.ReplaceAll(tt.want, "ROOT", root))
		})
	}
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	assert.Len(t, entries, 3, "parsing has no side effects")
}

// TestNotifyFilesChange: a reload notices that a file has other content, and one that fails when it is used.
func TestNotifyFilesChange(t *testing.T) {
	root := writeLists(t, map[string]string{"secret": "one\n", "body": "{{ range .Events }}{{ json . }}{{ end }}"})
	parsed := func() *sink.Config {
		b, err := parseCorefile(t, root, "typoguard {\nprotect mil\nnotify https://soc.example.org secret secret template body\n}")
		require.NoError(t, err)
		at := slices.IndexFunc(b.policies[0].sinks, func(s *sinkConfig) bool { return s.option == "notify" })
		return &b.policies[0].sinks[at].Config
	}
	before := parsed()
	assert.True(t, before.Same(parsed()))
	for name, content := range map[string]string{"secret": "another\n", "body": "{{ json .Events }}"} {
		old := parsed()
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(content), 0o600))
		assert.False(t, old.Same(parsed()), name)
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "body"), []byte("{{ .Event }}"), 0o600))
	_, err := parseCorefile(t, root, "typoguard {\nprotect mil\nnotify https://soc.example.org template body\n}")
	require.ErrorContains(t, err, "notify: executing the template: template: body:1:3: ")
}

// TestParseSyslogAddress: the port may be left out, and IPv6 addresses are in brackets where there is one.
func TestParseSyslogAddress(t *testing.T) {
	for arg, want := range map[string]string{
		"udp://192.0.2.1":         "udp 192.0.2.1:514",
		"tcp://siem.example":      "tcp siem.example:601",
		"tls://siem.example":      "tls siem.example:6514",
		"tls://siem.example:1":    "tls siem.example:1",
		"udp://[2001:db8::1]":     "udp [2001:db8::1]:514",
		"udp://[2001:db8::1]:515": "udp [2001:db8::1]:515",
	} {
		network, address, err := parseSyslogAddress(arg)
		require.NoError(t, err, arg)
		assert.Equal(t, want, network+" "+address)
	}
}

// TestSharedSinks: policies may share a sink, and have to agree about it.
func TestSharedSinks(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "e.json")
	share := func(one, other string) error {
		b, err := parseCorefile(t, root, "typoguard a {\nprotect mil\nevents e.json "+one+"\n}\ntypoguard b {\nprotect gov\nevents e.json "+other+"\n}")
		require.NoError(t, err)
		i := newInstance()
		if err := i.add(b); err != nil {
			return err
		}
		assert.Len(t, i.sinks, 2, "the file and the log")
		return nil
	}
	require.NoError(t, share("", ""))
	require.NoError(t, share("keep 3 size 1MB", "size 1024KB keep 3"))
	require.EqualError(t, share("", "keep 3"), `Testfile:7 - Error during parsing: events: "size 104857600 keep 3 age 0s" contradicts `+
		`"size 104857600 keep 10 age 0s" at Testfile:3; expected the same settings for both, which share `+path)
}
