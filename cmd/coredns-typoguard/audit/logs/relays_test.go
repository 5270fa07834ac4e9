package logs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestRelays: what is handed to a relay is known again by its Message-ID, before or after, also in the log of another server.
func TestRelays(t *testing.T) {
	line := func(program, format string, args ...any) string {
		return "Nov 21 23:38:15 relay " + program + "[1]: " + fmt.Sprintf(format, args...)
	}
	seen := func(id, message string) string { return line("postfix/cleanup", "%s: message-id=<%s>", id, message) }
	handed := func(id, relay string) string {
		return line("postfix/smtp", "%s: to=<bob@army.ml>, relay=%s, dsn=2.0.0, status=sent (250 ok)", id, relay)
	}
	const filter, host = "127.0.0.1[127.0.0.1]:10024", "smart.corp.example[10.0.0.9]:25"
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"comes back before", []string{seen("AAAAA1", "m1@x"), seen("AAAAA2", "m1@x"), handed("AAAAA1", filter)}, "127.0.0.1[127.0.0.1]:10024 true 1 1"},
		{"comes back after", []string{seen("AAAAA1", "m1@x"), handed("AAAAA1", filter), handed("AAAAA1", filter), seen("AAAAA2", "m1@x")}, "127.0.0.1[127.0.0.1]:10024 true 2 2"},
		{"never comes back", []string{seen("AAAAA1", "m1@x"), handed("AAAAA1", filter), seen("AAAAA2", "m2@x")}, "127.0.0.1[127.0.0.1]:10024 true 1 0"},
		{"without a Message-ID", []string{handed("AAAAA1", filter)}, "127.0.0.1[127.0.0.1]:10024 true 1 0"},
		{"to Exim", []string{seen("AAAAA1", "m1@x"), handed("AAAAA1", filter), "2026-11-21 23:38:15 1xUut0-0007oD-37 <= alice@corp.example H=localhost [127.0.0.1] P=esmtp S=335 id=m1@x"}, "127.0.0.1[127.0.0.1]:10024 true 1 1"},
		{"Sendmail's submission", []string{
			line("sendmail", "5ALNcFqk000314: from=alice, size=286, class=0, nrcpts=1, msgid=<m1@x>, relay=alice@localhost"),
			line("sm-mta", "5ALNcFqk000315: from=<alice@corp.example>, size=286, class=0, nrcpts=1, msgid=<m1@x>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]"),
			line("sendmail", "5ALNcFqk000314: to=bob@army.ml, mailer=relay, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (ok)"),
		}, "[127.0.0.1][127.0.0.1] true 1 1"},
		{"a smart host in the own network", []string{seen("AAAAA1", "m1@x"), handed("AAAAA1", host)}, "smart.corp.example[10.0.0.9]:25 false 1 0"},
		{"a smart host for submission", []string{handed("AAAAA1", "smtp.isp.example[192.0.2.9]:587")}, "smtp.isp.example[192.0.2.9]:587 false 1 0"},
		{"IPv6", []string{handed("AAAAA1", "localhost[::1]:10024"), handed("AAAAA1", "x[fd00::1]:25"), handed("AAAAA1", "y[2001:db8::1]:25")}, "localhost[::1]:10024 true 1 0, x[fd00::1]:25 false 1 0"},
		{"the recipient's server in the own network", []string{handed("AAAAA1", "mx.army.ml[10.0.0.9]:25")}, ""},
		{"the recipient's server", []string{handed("AAAAA1", "mx.army.ml[192.0.2.1]:25")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewReader(Options{})
			r.Begin(testEnd, nil)
			for _, line := range tt.lines {
				r.Read([]byte(line), func(*Record) {})
			}
			var got []string
			for _, relay := range r.Relays() {
				got = append(got, fmt.Sprint(relay.Name, relay.Local, relay.Handed, relay.Again))
			}
			assert.Equal(t, strings.ReplaceAll(tt.want, " ", ""), strings.ReplaceAll(strings.Join(got, ", "), " ", ""))
		})
	}
}

// TestManyRelays: of very many relays the later ones are one, and all sums are right.
func TestManyRelays(t *testing.T) {
	r := NewReader(Options{})
	r.Begin(testEnd, nil)
	for i := range 100 {
		r.Read(fmt.Appendf(nil, "Nov 21 23:38:15 relay postfix/smtp[1]: AAAAA1: to=<bob@army.ml>, relay=x[10.0.0.%d]:25, dsn=2.0.0, status=sent (250 ok)", i), func(*Record) {})
	}
	sum := int64(0)
	for _, relay := range r.Relays() {
		sum += relay.Handed
	}
	assert.Len(t, r.Relays(), maxRelays)
	assert.EqualValues(t, 100, sum)
}
