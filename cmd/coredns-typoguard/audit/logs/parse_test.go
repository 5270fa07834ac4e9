package logs

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
)

// testEnd is when the logs of these tests were last changed, in a zone that is not the machine's.
var testEnd = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.FixedZone("test", 3600))

// shown writes a record as these tests expect it.
func shown(r *Record) string {
	when := "-"
	if r.Time != 0 {
		when = time.Unix(r.Time, 0).UTC().Format(time.DateTime)
	}
	address := string(r.Name)
	if len(r.Local) > 0 {
		address = string(r.Local) + "@" + address
	}
	what := [...]string{"asked", "delivered", "bounced", "deferred", "relayed"}[r.Outcome]
	if r.Outcome == Asked && r.Type != 0 {
		what = dns.Type(r.Type).String()
	}
	return fmt.Sprintf("%s %s %s from %q by %q", when, address, what, r.Sender, r.Source)
}

// lineTest is what a parser makes of lines.
type lineTest struct {
	name  string
	lines []string
	want  []string // records
	last  Result   // of the last line
}

// runLineTests reads lines with the format given for those that name no program.
func runLineTests(t *testing.T, format string, tests []lineTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewReader(Options{Format: format})
			r.Begin(testEnd, nil)
			var got []string
			var result Result
			for _, line := range tt.lines {
				result = r.Read([]byte(line), func(r *Record) { got = append(got, shown(r)) })
			}
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.last, result)
		})
	}
}

func TestPostfixLines(t *testing.T) {
	const head, sent = "Nov 21 23:38:15 relay postfix/smtp[31589]: ", "relay=mx.army.ml[192.0.2.1]:25, delay=0.01, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
	delivered := []string{`2026-11-21 22:38:15 bob@army.ml delivered from "" by ""`}
	runLineTests(t, "postfix", []lineTest{
		{"sent", []string{head + "9C70A9883A1: to=<bob@army.ml>, " + sent}, delivered, Taken},
		{"RFC 3339", []string{"2026-11-21T22:38:15.123456+00:00 relay postfix/smtp[31589]: 9C70A9883A1: to=<bob@army.ml>, " + sent}, delivered, Taken},
		{"journalctl -o short-iso", []string{"2026-11-21T23:38:15+0100 relay postfix/smtp[31589]: 9C70A9883A1: to=<bob@army.ml>, " + sent}, delivered, Taken},
		{"RFC 5424", []string{"<22>1 2026-11-21T22:38:15Z relay postfix/smtp[31589]: 9C70A9883A1: to=<bob@army.ml>, " + sent}, delivered, Taken},
		{"several instances", []string{"Nov 21 23:38:15 relay postfix-out/relay/smtp[1]: 4XqcFm3Bjgz1rQ: to=<bob@army.ml>, " + sent}, delivered, Taken},
		{"alias", []string{head + "9C70A9883A1: to=<bob@army.ml>, orig_to=<general@corp.example>, " + sent}, delivered, Taken},
		{"bounced", []string{head + "9C70A9883A1: to=<bob@army.ml>, relay=none, delay=0.01, delays=0/0/0/0, dsn=5.4.4, status=bounced (Host or domain name not found)"},
			[]string{`2026-11-21 22:38:15 bob@army.ml bounced from "" by ""`}, Taken},
		{"soft bounce", []string{head + "9C70A9883A1: to=<bob@army.ml>, relay=mx[192.0.2.1]:25, dsn=5.0.0, status=SOFTBOUNCE (host said: 550)"},
			[]string{`2026-11-21 22:38:15 bob@army.ml deferred from "" by ""`}, Taken},
		{"deferred by retry", []string{"Nov 21 23:38:15 relay postfix/error[31589]: 9C70A9883A1: to=<bob@army.ml>, relay=none, delay=0.01, delays=0/0/0/0, dsn=4.4.1, status=deferred (delivery temporarily suspended)"},
			[]string{`2026-11-21 22:38:15 bob@army.ml deferred from "" by ""`}, Taken},
		{"client and sender", []string{
			"Nov 21 23:38:14 relay postfix/smtpd[1]: 9C70A9883A1: client=host.corp.example[192.0.2.7], sasl_method=PLAIN, sasl_username=alice",
			"Nov 21 23:38:14 relay postfix/qmgr[1]: 9C70A9883A1: from=<alice@corp.example>, size=286, nrcpt=1 (queue active)",
			"Nov 21 23:38:14 relay postfix/pickup[1]: 9C70A9883A2: uid=0 from=<root>",
			head + "9C70A9883A1: to=<bob@army.ml>, " + sent,
			head + "9C70A9883A2: to=<eve@army.ml>, " + sent,
		}, []string{
			`2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by "host.corp.example[192.0.2.7]"`,
			`2026-11-21 22:38:15 eve@army.ml delivered from "" by "local"`,
		}, Taken},
		{"quoted local part", []string{head + `9C70A9883A1: to=<"a>, b@c"@army.ml>, ` + sent},
			[]string{`2026-11-21 22:38:15 "a>, b@c"@army.ml delivered from "" by ""`}, Taken},
		{"half a quote", []string{head + `9C70A9883A1: to=<a"b@army.ml>, ` + sent}, []string{`2026-11-21 22:38:15 a"b@army.ml delivered from "" by ""`}, Taken},
		{"content filter", []string{head + "9C70A9883A1: to=<bob@army.ml>, relay=127.0.0.1[127.0.0.1]:10024, dsn=2.0.0, status=sent (250 2.0.0 from MTA: queued)"}, []string{`2026-11-21 22:38:15 bob@army.ml relayed from "" by ""`}, Taken},
		{"content filter by IPv6", []string{head + "9C70A9883A1: to=<bob@army.ml>, relay=localhost[::1]:10024, dsn=2.0.0, status=sent (250)"}, []string{`2026-11-21 22:38:15 bob@army.ml relayed from "" by ""`}, Taken},
		{"mailbox", []string{"Nov 21 23:38:15 relay postfix/virtual[1]: 9C70A9883A1: to=<bob@army.ml>, relay=virtual, dsn=2.0.0, status=sent (delivered to maildir)"}, nil, Other},
		{"mailbox by LMTP", []string{"Nov 21 23:38:15 relay postfix/lmtp[1]: 9C70A9883A1: to=<bob@army.ml>, relay=mail.corp.example[10.0.0.5]:24, dsn=2.0.0, status=sent (250 2.0.0 <bob@army.ml> Saved)"}, nil, Other},
		{"content filter by LMTP", []string{"Nov 21 23:38:15 relay postfix/lmtp[1]: 9C70A9883A1: to=<bob@army.ml>, relay=127.0.0.1[127.0.0.1]:10024, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 9C70A9883A2)"},
			[]string{`2026-11-21 22:38:15 bob@army.ml relayed from "" by ""`}, Taken},
		{"no queue ID", []string{head + "9C70A9883A19C70A9883A1ABC: to=<bob@army.ml>, " + sent}, nil, Other},
		{"probe", []string{head + "9C70A9883A1: to=<bob@army.ml>, relay=none, dsn=5.4.4, status=undeliverable (Host not found)"}, nil, Other},
		{"address literal", []string{head + "9C70A9883A1: to=<bob@[192.0.2.1]>, " + sent}, nil, Other},
		{"no domain", []string{head + "9C70A9883A1: to=<bob>, " + sent}, nil, Other},
		{"removed", []string{"Nov 21 23:38:15 relay postfix/qmgr[1]: 9C70A9883A1: removed"}, nil, Other},
		{"connect", []string{"Nov 21 23:38:15 relay postfix/smtpd[1]: connect from localhost[127.0.0.1]"}, nil, Other},
		{"another program", []string{"Nov 21 23:38:15 relay dovecot[1]: imap-login: Login: user=<alice>"}, nil, Foreign},
		{"repeated", []string{"Nov 21 23:38:15 relay last message repeated 2 times"}, nil, Other},
		{"cut", []string{head + "9C70A9883A1: to=<bob@army.ml>, relay=mx.army"}, nil, Unknown},
		{"cut address", []string{head + "9C70A9883A1: to=<bob@ar"}, nil, Unknown},
		{"unknown status", []string{head + "9C70A9883A1: to=<bob@army.ml>, relay=none, status=lost (what)"}, nil, Unknown},
		{"no time", []string{"postfix/smtp[31589]: 9C70A9883A1: to=<bob@army.ml>, " + sent}, []string{`- bob@army.ml delivered from "" by ""`}, Taken},
		{"a name", []string{"army.ml"}, nil, Other},
		{"nothing", []string{""}, nil, Foreign},
	})
}

func TestEximLines(t *testing.T) {
	const head = "2026-11-21 23:38:15 1xUut0-0007oD-37 "
	delivered := []string{`2026-11-21 22:38:15 bob@army.ml delivered from "" by ""`}
	runLineTests(t, "exim", []lineTest{
		{"delivered", []string{head + `=> bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1] C="250 2.0.0 Ok"`}, delivered, Taken},
		{"further address", []string{head + `-> bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1] C="250 2.0.0 Ok"`}, delivered, Taken},
		{"long ID", []string{`2026-11-21 23:38:15 1vMxyz-00000001abc-0AbC => bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1]`}, delivered, Taken},
		{"zone", []string{`2026-11-21 23:38:15.123 +0100 [314] 1xUut0-0007oD-37 => bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1]`}, delivered, Taken},
		{"syslog", []string{`Nov 21 23:38:15 relay exim[314]: 2026-11-21 23:38:15 1xUut0-0007oD-37 => bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1]`}, delivered, Taken},
		{"syslog without a second time", []string{`2026-11-21T22:38:15+00:00 relay exim[314]: 1xUut0-0007oD-37 => bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1]`}, delivered, Taken},
		{"alias", []string{head + `=> bob@army.ml <general@corp.example> R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1]`}, delivered, Taken},
		{"failed", []string{head + "** bob@army.ml: Unrouteable address"}, []string{`2026-11-21 22:38:15 bob@army.ml bounced from "" by ""`}, Taken},
		{"failed at the host", []string{head + "** bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1]: SMTP error from remote mail server"},
			[]string{`2026-11-21 22:38:15 bob@army.ml bounced from "" by ""`}, Taken},
		{"deferred", []string{head + "== bob@army.ml R=dnslookup T=remote_smtp defer (111): Connection refused"}, []string{`2026-11-21 22:38:15 bob@army.ml deferred from "" by ""`}, Taken},
		{"quoted", []string{head + `** "a b@c"@army.ml: Unrouteable address`}, []string{`2026-11-21 22:38:15 "a b@c"@army.ml bounced from "" by ""`}, Taken},
		{"where from", []string{
			head + "<= alice@corp.example H=host.corp.example (helo) [192.0.2.7]:1234 P=esmtp S=335",
			head + "** bob@army.ml: Unrouteable address",
			"2026-11-21 23:38:15 1xUut0-0007oD-38 <= alice@corp.example H=(helo) [192.0.2.8] P=esmtp S=335",
			"2026-11-21 23:38:15 1xUut0-0007oD-38 ** bob@army.ml: Unrouteable address",
			"2026-11-21 23:38:15 1xUut0-0007oD-39 <= <> R=1xUut0-0007oD-37 U=Debian-exim P=local S=1548",
			"2026-11-21 23:38:15 1xUut0-0007oD-39 ** bob@army.ml: Unrouteable address",
		}, []string{
			`2026-11-21 22:38:15 bob@army.ml bounced from "alice@corp.example" by "host.corp.example[192.0.2.7]"`,
			`2026-11-21 22:38:15 bob@army.ml bounced from "alice@corp.example" by "[192.0.2.8]"`,
			`2026-11-21 22:38:15 bob@army.ml bounced from "" by "local"`,
		}, Taken},
		{"mailbox", []string{head + "=> alice <alice@corp.example> R=mailboxes T=mailbox"}, nil, Other},
		{"content filter", []string{head + "=> bob@army.ml R=amavis T=amavis H=localhost [127.0.0.1]:10024 C=\"250\""}, []string{`2026-11-21 22:38:15 bob@army.ml relayed from "" by ""`}, Taken},
		{"reply of another host", []string{head + "=> bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1] C=\"250 by localhost [127.0.0.1]\""}, delivered, Taken},
		{"failed at the content filter", []string{head + "** bob@army.ml R=amavis T=amavis H=localhost [127.0.0.1]:10024: refused"},
			[]string{`2026-11-21 22:38:15 bob@army.ml bounced from "" by ""`}, Taken},
		{"completed", []string{head + "Completed"}, nil, Other},
		{"connection", []string{"2026-11-21 23:38:15 SMTP connection from [192.0.2.7] lost"}, nil, Other},
		{"another program", []string{"Nov 21 23:38:15 relay dovecot[1]: imap-login: Login"}, nil, Foreign},
		{"a name", []string{"army.ml"}, nil, Other},
		{"nothing", []string{""}, nil, Foreign},
	})
}

func TestSendmailLines(t *testing.T) {
	const head = "Nov 21 23:38:15 relay sm-mta[314]: 5ALNcFqk000314: "
	delivered := []string{`2026-11-21 22:38:15 bob@army.ml delivered from "" by ""`}
	const sent = ", delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=30286, relay=mx.army.ml. [192.0.2.1], dsn=2.0.0, stat=Sent (Ok: queued)"
	runLineTests(t, "sendmail", []lineTest{
		{"sent", []string{head + "to=<bob@army.ml>" + sent}, delivered, Taken},
		{"without brackets", []string{head + "to=bob@army.ml, ctladdr=alice (1000/1000)" + sent}, delivered, Taken},
		{"several recipients", []string{head + "to=<bob@army.ml>,<eve@navy.ml>" + sent},
			[]string{delivered[0], `2026-11-21 22:38:15 eve@navy.ml delivered from "" by ""`}, Taken},
		{"host unknown", []string{head + "to=<bob@army.ml>, delay=00:00:01, mailer=esmtp, relay=army.ml, dsn=5.1.2, stat=Host unknown (Name server: army.ml: host not found)"},
			[]string{`2026-11-21 22:38:15 bob@army.ml bounced from "" by ""`}, Taken},
		{"deferred", []string{head + "to=<bob@army.ml>, delay=00:00:01, mailer=esmtp, relay=army.ml. [192.0.2.1], dsn=4.0.0, stat=Deferred: Connection refused by army.ml."},
			[]string{`2026-11-21 22:38:15 bob@army.ml deferred from "" by ""`}, Taken},
		{"where from", []string{
			head + "from=<alice@corp.example>, size=286, class=0, nrcpts=1, msgid=<1@corp.example>, proto=ESMTP, daemon=MTA, relay=host.corp.example [192.0.2.7]",
			head + "to=<bob@army.ml>" + sent,
		}, []string{`2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by "host.corp.example[192.0.2.7]"`}, Taken},
		{"to the server here", []string{head + "to=<bob@army.ml>, mailer=relay, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (Message accepted for delivery)"}, []string{`2026-11-21 22:38:15 bob@army.ml relayed from "" by ""`}, Taken},
		{"from a user here", []string{
			head + "from=alice, size=286, class=0, nrcpts=1, msgid=<1@corp.example>, relay=alice@localhost",
			head + "to=<bob@army.ml>" + sent,
		}, []string{`2026-11-21 22:38:15 bob@army.ml delivered from "alice" by "local"`}, Taken},
		{"allowed by a rule", []string{head + "ruleset=check_rcpt, arg1=<bob@army.ml>, relay=pc.corp.example [192.0.2.7], discard"}, nil, Other},
		{"mailbox", []string{head + "to=<bob@army.ml>, mailer=local, dsn=2.0.0, stat=Sent"}, nil, Other},
		{"queued", []string{head + "to=<bob@army.ml>, mailer=esmtp, stat=queued"}, nil, Other},
		{"done", []string{head + "done; delay=00:00:01, ntries=1"}, nil, Other},
		{"of Postfix", []string{"Nov 21 23:38:15 relay postfix/qmgr[1]: 9C70A9883A1: from=<alice@corp.example>, size=286, nrcpt=1 (queue active)"}, nil, Other},
		{"cut", []string{head + "to=<bob@army.ml>, mailer=esm"}, nil, Unknown},
		{"nothing", []string{""}, nil, Foreign},
	})
}

func TestOpenSMTPDLines(t *testing.T) {
	const delivery = `7cbce053dc3c54df mta delivery evpid=9283c0dde9358960 from=<alice@corp.example> to=<bob@army.ml> rcpt=<-> source="192.0.2.25" relay="192.0.2.1 (mx.army.ml)" delay=0s `
	runLineTests(t, "opensmtpd", []lineTest{
		{"in the foreground", []string{delivery + `result="Ok" stat="250 2.0.0 Ok"`}, []string{`- bob@army.ml delivered from "alice@corp.example" by ""`}, Taken},
		{"syslog", []string{"Nov 21 23:38:15 relay smtpd[314]: " + delivery + `result="PermFail" stat="Domain does not exist"`},
			[]string{`2026-11-21 22:38:15 bob@army.ml bounced from "alice@corp.example" by ""`}, Taken},
		{"where from", []string{
			"7cbce05078b5a074 smtp connected address=192.0.2.7 host=host.corp.example",
			"7cbce05078b5a074 smtp message msgid=9283c0dd size=303 nrcpt=1 proto=ESMTP",
			delivery + `result="TempFail" stat="No MX found for domain"`,
			"7cbce05078b5a075 smtp connected address=local host=vm",
			"7cbce05078b5a075 smtp message msgid=9283c0de size=303 nrcpt=1 proto=ESMTP",
			`7cbce053dc3c54df mta delivery evpid=9283c0dee9358960 from=<> to=<bob@army.ml> rcpt=<-> source="-" relay="army.ml" delay=0s result="LoopDetected" stat="?"`,
		}, []string{
			`- bob@army.ml deferred from "alice@corp.example" by "host.corp.example[192.0.2.7]"`,
			`- bob@army.ml bounced from "" by "local"`,
		}, Taken},
		{"mailbox", []string{"0bbf9ca5377300ef mda delivery evpid=ebbc944e57baf4b2 from=<> to=<alice@corp.example> rcpt=<alice@corp.example> user=alice delay=0s result=Ok stat=Delivered"}, nil, Other},
		{"content filter", []string{"7cbce053dc3c54df mta delivery evpid=9283c0dde9358960 from=<> to=<bob@army.ml> rcpt=<-> source=\"127.0.0.1\" relay=\"127.0.0.1 (localhost)\" delay=0s result=\"Ok\" stat=\"250\""}, []string{`- bob@army.ml relayed from "" by ""`}, Taken},
		{"loop", []string{delivery + `result="Loop" stat="Loop detected"`}, []string{`- bob@army.ml bounced from "alice@corp.example" by ""`}, Taken},
		{"before 5.9", []string{"Nov 21 23:38:15 relay smtpd[314]: relay: TempFail for 9283c0dde9358960: session=7cbce053dc3c54df, from=<alice@corp.example>, to=<bob@army.ml>, rcpt=<->, source=-, relay=army.ml, delay=1s, stat=450 later"},
			[]string{`2026-11-21 22:38:15 bob@army.ml deferred from "alice@corp.example" by ""`}, Taken},
		{"before 5.9, address literal", []string{"Nov 21 23:38:15 relay smtpd[314]: relay: Ok for 9283c0dde9358960: session=7cbce053dc3c54df, from=<>, to=<bob@[192.0.2.1]>, rcpt=<->, source=-, relay=192.0.2.1, delay=1s, stat=250 ok"}, nil, Other},
		{"refused, with parameters", []string{`7cbce05078b5a074 smtp failed-command command="RCPT TO:<bob@army.ml> NOTIFY=NEVER" result="550 Invalid recipient"`}, []string{`- bob@army.ml bounced from "" by ""`}, Taken},
		{"refused, cut", []string{`7cbce05078b5a074 smtp failed-command command="RCPT TO:<bob@ar`}, nil, Unknown},
		{"no recipient", []string{`7cbce053dc3c54df mta delivery evpid=9283c0dde9358960 from=<alice@corp.example> rcpt=<-> relay="192.0.2.1" result="Ok" stat="250"`}, nil, Unknown},
		{"start", []string{"info: OpenSMTPD 6.8.0p2 starting"}, nil, Other},
		{"another program", []string{"Nov 21 23:38:15 relay dovecot[1]: imap-login: Login"}, nil, Foreign},
		{"cut", []string{delivery}, nil, Unknown},
		{"nothing", []string{""}, nil, Foreign},
	})
}

func TestQueryLines(t *testing.T) {
	const bindQuery = "client @0x7fec218d2098 192.0.2.25#53507 (army.ml): view internal: query: army.ml IN MX +E(0)K (192.0.2.53)"
	asked := []string{`2026-11-21 22:38:15 army.ml MX from "" by "192.0.2.25"`}
	untimed := []string{`- army.ml MX from "" by "192.0.2.25"`}
	t.Run("bind", func(t *testing.T) {
		runLineTests(t, "bind", []lineTest{
			{"time", []string{"21-Nov-2026 23:38:15.123 " + bindQuery}, asked, Taken},
			{"category and severity", []string{"21-Nov-2026 23:38:15.123 queries: info: " + bindQuery}, asked, Taken},
			{"UTC", []string{"2026-11-21T22:38:15.123Z " + bindQuery}, asked, Taken},
			{"syslog", []string{"Nov 21 23:38:15 ns named[314]: " + bindQuery}, asked, Taken},
			{"no time", []string{bindQuery}, untimed, Taken},
			{"severity only", []string{"queries: info: " + bindQuery}, untimed, Taken},
			{"before 9.10", []string{"21-Nov-2026 23:38:15.123 client 192.0.2.25#53507: query: army.ml IN MX + (192.0.2.53)"}, asked, Taken},
			{"unknown type", []string{"client 2001:db8::1#53507 (army.ml): query: army.ml IN TYPE65280 + (192.0.2.53)"}, []string{`- army.ml TYPE65280 from "" by "2001:db8::1"`}, Taken},
			{"no type", []string{"client 192.0.2.25#53507: query: army.ml IN NONE + (192.0.2.53)"}, nil, Unknown},
			{"class CH", []string{"client @0x7fec218d2098 192.0.2.25#1 (version.bind): query: version.bind CH TXT + (192.0.2.53)"}, nil, Other},
			{"other", []string{"21-Nov-2026 23:38:15.123 general: info: running"}, nil, Foreign},
			{"cut", []string{"21-Nov-2026 23:38:15.123 client 192.0.2.25#53507: query: army.ml IN"}, nil, Unknown},
			{"nothing", []string{""}, nil, Foreign},
		})
	})
	t.Run("unbound", func(t *testing.T) {
		runLineTests(t, "unbound", []lineTest{
			{"seconds", []string{"[1795300695] unbound[2461:0] info: 192.0.2.25 army.ml. MX IN"}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"ascii", []string{"Nov 21 23:38:15 unbound[2461:0] info: 192.0.2.25 army.ml. MX IN"}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"syslog", []string{"Nov 21 23:38:15 ns unbound[2461]: [2461:0] info: 192.0.2.25 army.ml. MX IN"}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"tag", []string{"[1795300695] unbound[2461:0] query: 192.0.2.25 army.ml. MX IN"}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"replies only", []string{"[1795300695] unbound[2461:0] info: 192.0.2.25 army.ml. MX IN NXDOMAIN 0.000000 1 36"}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"queries and replies", []string{
				"[1795300695] unbound[2461:0] info: 192.0.2.25 army.ml. MX IN",
				"[1795300695] unbound[2461:0] info: 192.0.2.25 army.ml. MX IN NXDOMAIN 0.000000 1 36",
			}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "192.0.2.25"`}, Other},
			{"no query, and a reply", []string{
				"[1795300695] unbound[2461:0] info: 192.0.2.25 army.ml. MX",
				"[1795300695] unbound[2461:0] info: 192.0.2.25 army.ml. MX IN NXDOMAIN 0.000000 1 36",
			}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"class CH", []string{"[1795300695] unbound[2461:0] info: 192.0.2.25 version.bind. TXT CH"}, nil, Other},
			{"start", []string{"[1795300695] unbound[2461:0] info: start of service (unbound 1.17.1)."}, nil, Other},
			{"notice", []string{"[1795300695] unbound[2461:0] notice: init module 0: subnetcache"}, nil, Other},
			{"nothing", []string{""}, nil, Foreign},
		})
	})
	t.Run("coredns", func(t *testing.T) {
		const query = `[INFO] 192.0.2.25:37972 - 3852 "MX IN army.ml. udp 48 false 1232" NXDOMAIN qr,rd,ra 169 0.000115s`
		runLineTests(t, "coredns", []lineTest{
			{"text", []string{query}, []string{`- army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"syslog", []string{"Nov 21 23:38:15 ns coredns[314]: " + query}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"IPv6", []string{`[INFO] [2001:db8::1]:37972 - 3852 "A IN army.ml. tcp 48 false 1232" - - 0 0.1s`}, []string{`- army.ml. A from "" by "2001:db8::1"`}, Taken},
			{"as documented", []string{"[INFO] 192.0.2.25 army.ml. MX NXDOMAIN lookalike army.mil nxdomain"}, []string{`- army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"JSON", []string{`{"time":"2026-11-21T22:38:15.8Z","level":"INFO","msg":"x","plugin":"log","client_ip":"192.0.2.25","qname":"army.ml.","qtype":"MX","qclass":"IN"}`},
				[]string{`2026-11-21 22:38:15 army.ml. MX from "" by "192.0.2.25"`}, Taken},
			{"JSON of another plugin", []string{`{"time":"2026-11-21T22:38:15.8Z","level":"INFO","msg":"x","plugin":"reload"}`}, nil, Other},
			{"no JSON", []string{`{"time":`}, nil, Unknown},
			{"class CH", []string{`[INFO] 192.0.2.25:37972 - 3852 "TXT CH version.bind. udp 48 false 1232" NXDOMAIN qr,rd,ra 169 0.1s`}, nil, Other},
			{"error", []string{"[ERROR] plugin/errors: 2 army.ml. MX: read udp: timeout"}, nil, Other},
			{"start", []string{".:53 on 127.0.0.1"}, nil, Other},
			{"nothing", []string{""}, nil, Foreign},
		})
	})
	t.Run("names", func(t *testing.T) {
		runLineTests(t, "names", []lineTest{
			{"name", []string{" Army.ML. "}, []string{`- Army.ML. asked from "" by ""`}, Taken},
			{"address", []string{"<bob@army.ml>"}, []string{`- bob@army.ml asked from "" by ""`}, Taken},
			{"address literal", []string{"bob@[192.0.2.1]"}, nil, Other},
			{"nothing", []string{""}, nil, Other},
			{"words", []string{"two words"}, nil, Unknown},
			{"another list", []string{"root:x:0:0:root:/root:/bin/bash"}, nil, Unknown},
			{"brackets only", []string{"<>"}, nil, Unknown},
		})
	})
}
