package logs

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// servers are a line of each server, without what carries it, with its program and what must be found in it.
var servers = []struct{ name, program, message, want string }{
	{"postfix", "postfix/smtp", "9C70A9883A1: to=<bob@army.ml>, relay=mx.army.ml[192.0.2.1]:25, delay=0.5, dsn=2.0.0, status=sent (250 ok)", "bob@army.ml delivered"},
	{"postfix instance", "mx-out/submission/smtp", "4XqcFm3Bjgz1rQ: to=<bob@army.ml>, relay=none, delay=0.5, dsn=5.4.4, status=bounced (Host not found)", "bob@army.ml bounced"},
	{"postfix reject", "postfix/smtpd", "NOQUEUE: reject: RCPT from pc[192.0.2.7]: 450 4.1.2 <bob@army.ml>: Recipient address rejected: Domain not found; from=<alice@corp.example> to=<bob@army.ml> proto=ESMTP helo=<pc>", "bob@army.ml deferred"},
	{"exim", "exim", `1xUut0-0007oD-37 => bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1] C="250 ok"`, "bob@army.ml delivered"},
	{"exim reject", "exim4", `H=(pc) [192.0.2.7] F=<alice@corp.example> rejected RCPT <bob@army.ml>: Unrouteable address`, "bob@army.ml bounced"},
	{"sendmail", "sm-mta", "5ALNcFqk000314: to=<bob@army.ml>, delay=00:00:01, mailer=esmtp, relay=mx.army.ml. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)", "bob@army.ml delivered"},
	{"opensmtpd", "smtpd", `7cbce053dc3c54df mta delivery evpid=9283c0dde9358960 from=<alice@corp.example> to=<bob@army.ml> rcpt=<-> source="192.0.2.25" relay="192.0.2.1 (mx.army.ml)" delay=0s result="Ok" stat="250 ok"`, "bob@army.ml delivered"},
	{"opensmtpd 6.0", "smtpd", `8f4864084ecc48f4 mta event=delivery evpid=7077717e797a776e from=<alice@corp.example> to=<bob@army.ml> rcpt=<-> source="203.0.113.1" relay="192.0.2.1 (mx)" delay=1s result="PermFail" stat="550 5.7.1 no"`, "bob@army.ml bounced"},
	{"opensmtpd 5.4", "smtpd", `relay: Ok for 9283c0dde9358960: session=7cbce053dc3c54df, from=<alice@corp.example>, to=<bob@army.ml>, rcpt=<->, source=192.0.2.25, relay=192.0.2.1 (mx.army.ml), delay=1s, stat=250 ok`, "bob@army.ml delivered"},
	{"courier", "courieresmtp", "id=0038C081.4D026173.000051A4,from=<alice@corp.example>,addr=<bob@army.ml>,size=329,success: delivered: mx.army.ml [192.0.2.1]", "bob@army.ml delivered"},
	{"haraka", "haraka", `[NOTICE] [6E2C1E4A-7C11-4A9B-8C5D-7D2F4C0B1A55.1.1] [outbound] delivered file=1795300695_1 domain=army.ml host=mx.army.ml ip=192.0.2.1 port=25 mode=SMTP tls=N auth=N response="250 ok" delay=0.1 fails=0 rcpts=1/0/0`, "army.ml delivered"},
	{"rspamd", "rspamd", "<abc123>; proxy; rspamd_task_write_log: id: <m1@corp.example>, qid: <9C70>, ip: 10.0.0.1, user: alice, from: <alice@corp.example>, (default: T (reject): [16.2/15.0] [X(1.0){}]), len: 512, time: 12.3ms, rcpts: <bob@army.ml>, mime_rcpts: <bob@army.ml>", "bob@army.ml bounced"},
	{"bind", "named", "client @0x7fec218d2098 192.0.2.25#53507 (army.ml): query: army.ml IN MX +E(0)K (192.0.2.53)", "army.ml MX"},
	{"unbound", "unbound", "[2461:0] info: 192.0.2.25 army.ml. MX IN", "army.ml. MX"},
	{"coredns", "coredns", `[INFO] 192.0.2.25:37972 - 3852 "MX IN army.ml. udp 48 false 1232" NXDOMAIN qr,rd,ra 169 0.000115s`, "army.ml. MX"},
	{"dnsmasq", "dnsmasq", "query[MX] army.ml from 192.0.2.25", "army.ml MX"},
	{"dnsmasq extra", "dnsmasq", "45 192.0.2.25/53507 query[MX] army.ml from 192.0.2.25", "army.ml MX"},
	{"pihole", "pihole-FTL", "query[type=15] army.ml from 192.0.2.25", "army.ml MX"},
	{"powerdns", "pdns_recursor", `msg="Question" subsystem="syncres" level="0" prio="Info" tid="2" ts="1795300695.098" ecs="" mtid="2" proto="udp" qname="army.ml" qtype="MX" remote="192.0.2.25:51800"`, "army.ml MX"},
	{"powerdns 4.5", "pdns_recursor", "5 [1/1] question for 'army.ml|MX' from 192.0.2.25", "army.ml MX"},
}

func object2(pairs ...any) string {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// csvCell quotes a value.
func csvCell(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// envelopes are what carries lines; those without a time say so.
var envelopes = []struct {
	name          string
	untimed, bare bool // bare ones have no program
	wrap          func(program, message string) string
}{
	{"RFC 3164", false, false, func(p, m string) string { return "Nov 21 23:38:15 relay " + p + "[31589]: " + m }},
	{"RFC 3164 with a priority", false, false, func(p, m string) string { return "<22>Nov 21 23:38:15 relay " + p + "[31589]: " + m }},
	{"without a host", false, false, func(p, m string) string { return "Nov 21 23:38:15 " + p + "[31589]: " + m }},
	{"without a process ID", false, false, func(p, m string) string { return "Nov 21 23:38:15 relay " + p + ": " + m }},
	{"RFC 3339", false, false, func(p, m string) string { return "2026-11-21T22:38:15.123456+00:00 relay " + p + "[31589]: " + m }},
	{"RFC 5424", false, false, func(p, m string) string { return "<22>1 2026-11-21T22:38:15.123Z relay " + p + " 31589 - - " + m }},
	{"RFC 5424 without a priority", false, false, func(p, m string) string { return "2026-11-21T22:38:15.123Z relay " + p + " 31589 - - " + m }},
	{"RFC 5424 with data", false, false, func(p, m string) string {
		return `<22>1 2026-11-21T22:38:15.123Z relay ` + p + ` - ID47 [a@32473 b="x]y" c="\"]"][d e="f"] ` + "\ufeff" + m
	}},
	{"a year in front", false, false, func(p, m string) string { return "2026 Nov 21 23:38:15 relay " + p + "[31589]: " + m }},
	{"a year behind the day", false, false, func(p, m string) string { return "Nov 21 2026 23:38:15 relay " + p + "[31589]: " + m }},
	{"a year at the end", false, false, func(p, m string) string { return "Sat Nov 21 23:38:15 2026 relay " + p + "[31589]: " + m }},
	{"Solaris", false, false, func(p, m string) string { return "Nov 21 23:38:15 relay " + p + "[314]: [ID 801593 mail.info] " + m }},
	{"journalctl -o short-precise", false, false, func(p, m string) string { return "Nov 21 23:38:15.123456 relay " + p + "[31589]: " + m }},
	{"journalctl -o short-iso", false, false, func(p, m string) string { return "2026-11-21T23:38:15+0100 relay " + p + "[31589]: " + m }},
	{"journalctl -o short-iso-precise", false, false, func(p, m string) string { return "2026-11-21T23:38:15.123456+01:00 relay " + p + "[31589]: " + m }},
	{"journalctl -o short-full", false, false, func(p, m string) string { return "Sat 2026-11-21 23:38:15 CET relay " + p + "[31589]: " + m }},
	{"journalctl -o short-unix", false, false, func(p, m string) string { return "1795300695.123456 relay " + p + "[31589]: " + m }},
	{"journalctl -o short-monotonic", true, false, func(p, m string) string { return "[ 1234.567890] relay " + p + "[31589]: " + m }},
	{"journalctl -o json", false, false, func(p, m string) string {
		return object2("__REALTIME_TIMESTAMP", "1795300695123456", "SYSLOG_IDENTIFIER", p, "_PID", "31589", "_HOSTNAME", "relay", "_COMM", "x", "MESSAGE", m)
	}},
	{"journalctl -o json with octets", false, false, func(p, m string) string {
		var octets []any
		for _, c := range []byte(m) {
			octets = append(octets, c)
		}
		return object2("__REALTIME_TIMESTAMP", "1795300695123456", "SYSLOG_IDENTIFIER", p, "MESSAGE", octets)
	}},
	{"journalctl -o short-delta", true, false, func(p, m string) string {
		return "[    1.000002 <    0.000001 >] relay " + p + "[31589]: " + m
	}},
	{"journalctl -o with-unit", false, true, func(_, m string) string { return "Sat 2026-11-21 23:38:15 CET relay mta.service[31589]: " + m }},
	{"journalctl -o with-unit of an instance", false, true, func(_, m string) string {
		return "Sat 2026-11-21 23:38:15 CET relay user@1000.service/mta@x.service[31589]: " + m
	}},
	{"journalctl -o export", false, false, func(p, m string) string {
		return "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795300695123456\nMESSAGE=" + m + "\nSYSLOG_IDENTIFIER=" + p + "\n_PID=31589\n"
	}},
	{"journalctl -o export with octets", false, false, func(p, m string) string {
		return "__REALTIME_TIMESTAMP=1795300695123456\nSYSLOG_IDENTIFIER=" + p + "\nMESSAGE\n" + counted(m) + "\n_PID=31589\n"
	}},
	{"journalctl -o export with a length that has a line end in it", false, false, func(p, m string) string {
		m += strings.Repeat(" ", 0x20a-len(m))
		return "__REALTIME_TIMESTAMP=1795300695123456\nSYSLOG_IDENTIFIER=" + p + "\nCOREDUMP\n" + counted("x\n\nMESSAGE=y\nz") + "\nMESSAGE\n" + counted(m) + "\n_PID=31589\n"
	}},
	{"docker logs", false, false, func(p, m string) string { return "2026-11-21T22:38:15.123456789Z " + p + "[31589]: " + m }},
	{"docker logs of syslog", false, false, func(p, m string) string {
		return "2026-11-21T22:38:15.123456789Z Nov 21 23:38:15 relay " + p + "[31589]: " + m
	}},
	{"docker json-file", false, false, func(p, m string) string {
		return object2("log", "Nov 21 23:38:15 relay "+p+"[31589]: "+m+"\n", "stream", "stdout", "time", "2026-11-21T22:38:15.123Z")
	}},
	{"docker compose", false, false, func(p, m string) string { return "mail-1    | Nov 21 23:38:15 relay " + p + "[31589]: " + m }},
	{"docker by syslog", false, false, func(p, m string) string {
		return "Nov 21 23:38:16 host docker/3f2a1b[99]: Nov 21 23:38:15 relay " + p + "[31589]: " + m
	}},
	{"CRI", false, false, func(p, m string) string {
		return "2026-11-21T22:38:15.123456789Z stdout F Nov 21 23:38:15 relay " + p + "[31589]: " + m
	}},
	{"kubectl logs --prefix", false, false, func(p, m string) string { return "[pod/mail-0/mta] Nov 21 23:38:15 relay " + p + "[31589]: " + m }},
	{"rsyslog JSON", false, false, func(p, m string) string {
		return object2("timestamp", "2026-11-21T23:38:15+01:00", "host", "relay", "severity", "info", "programname", p, "message", " "+m)
	}},
	{"rsyslog JSON with a tag", false, false, func(p, m string) string {
		return object2("@timestamp", "2026-11-21T22:38:15Z", "host", "relay", "syslog-tag", p+"[31589]:", "message", " "+m)
	}},
	{"syslog-ng JSON", false, false, func(p, m string) string {
		return object2("PROGRAM", p, "PRIORITY", "info", "PID", "31589", "MESSAGE", m, "HOST", "relay", "DATE", "Nov 21 23:38:15")
	}},
	{"GELF", false, false, func(p, m string) string {
		return object2("version", "1.1", "host", "relay", "short_message", m, "timestamp", 1795300695.123, "_application_name", p)
	}},
	{"Elastic", false, false, func(p, m string) string {
		return object2("_index", "logs", "_source", map[string]any{"@timestamp": "2026-11-21T22:38:15.123Z", "message": m, "process": map[string]any{"name": p, "pid": 31589}})
	}},
	{"Loki", false, false, func(p, m string) string {
		return object2("labels", map[string]any{"host": "relay"}, "line", "Nov 21 23:38:15 relay "+p+"[31589]: "+m, "timestamp", "2026-11-21T22:38:15.123456789Z")
	}},
	{"Splunk JSON", false, false, func(p, m string) string {
		return object2("preview", false, "result", map[string]any{"_raw": "Nov 21 23:38:15 relay " + p + "[31589]: " + m, "_time": "2026-11-21T22:38:15.000+00:00"})
	}},
	{"Google Cloud", false, false, func(p, m string) string {
		return object2("textPayload", "Nov 21 23:38:15 relay "+p+"[31589]: "+m, "timestamp", "2026-11-21T22:38:15.123Z", "insertId", "x")
	}},
	{"Graylog CSV", false, false, func(p, m string) string {
		return `"timestamp","source","application_name","message"` + "\n" + `"2026-11-21T22:38:15.123Z","relay",` + csvCell(p) + "," + csvCell(m)
	}},
	{"Splunk CSV", false, false, func(p, m string) string {
		return `"_raw","_time",host` + "\n" + csvCell("Nov 21 23:38:15 relay "+p+"[31589]: "+m) + `,"2026-11-21T22:38:15.000+00:00",relay`
	}},
	{"Elastic CSV with semicolons", false, false, func(p, m string) string {
		return `"@timestamp";"process.name";message` + "\n" + `"Nov 21, 2026, 11:38:15 PM";` + csvCell(p) + ";" + csvCell(m)
	}},
	{"no time", true, false, func(p, m string) string { return p + "[31589]: " + m }},
	{"journalctl -o cat", true, true, func(_, m string) string { return m }},
	{"a file of its own", false, true, func(_, m string) string { return "2026-11-21 23:38:15 " + m }},
	{"CRI of that", false, true, func(_, m string) string { return "2026-11-21T22:38:15.123456789Z stderr F " + m }},
}

// bareOnly are servers whose lines are known by their form.
var bareOnly = map[string]bool{"postfix": true, "postfix instance": true, "exim": true, "exim reject": true, "sendmail": true, "opensmtpd": true, "opensmtpd 6.0": true,
	"haraka": true, "courier": true, "coredns": true, "bind": true, "dnsmasq": true, "pihole": true, "powerdns": true}

// TestEnvelopes: whatever carries a line, and whatever stands around it, one record is found, with its time.
func TestEnvelopes(t *testing.T) {
	for _, envelope := range envelopes {
		for _, server := range servers {
			if envelope.bare && !bareOnly[server.name] {
				continue
			}
			t.Run(envelope.name+"/"+server.name, func(t *testing.T) {
				lines := strings.Split(envelope.wrap(server.program, server.message), "\n")
				want := "2026-11-21 22:38:15 " + server.want
				if envelope.untimed && !strings.HasPrefix(server.message, "msg=") { // which has the time itself
					want = "- " + server.want
				}
				assert.Equal(t, []string{want}, recordsOf(t, lines...))
			})
		}
	}
}

// recordsOf returns the records in lines, without where they are from. No line may be unknown.
func recordsOf(t *testing.T, lines ...string) []string {
	t.Helper()
	r := NewReader(Options{})
	r.Begin(testEnd, []byte(strings.Join(lines, "\n")))
	var got []string
	found := func(r *Record) {
		record, _, _ := strings.Cut(shown(r), " from ")
		got = append(got, strings.TrimSuffix(record, " asked"))
	}
	for _, line := range lines {
		assert.NotEqual(t, Unknown, r.Read([]byte(line), found), line)
	}
	assert.NotEqual(t, Unknown, r.End(found))
	return got
}

// TestMixed: lines of many servers, in many envelopes and any order, are read from one file, among those of other programs.
func TestMixed(t *testing.T) {
	var lines, want []string
	for i, server := range servers {
		for j, envelope := range envelopes {
			wrapped := envelope.wrap(server.program, server.message)
			if envelope.bare || (i+j)%3 != 0 || strings.Contains(envelope.name, "CSV") {
				continue
			}
			lines = append(lines, strings.Split(wrapped, "\n")...)
			lines = append(lines, fmt.Sprintf("Nov 21 23:38:15 relay dovecot: imap-login: Login: user=<u%d>, rip=10.0.0.1", j), "", "-- Boot 5a1c --", "nonsense")
			want = append(want, server.want)
		}
	}
	got := recordsOf(t, lines...)
	for i := range got {
		got[i] = got[i][strings.LastIndexByte(got[i][:len(got[i])-len(want[i])], ' ')+1:]
	}
	assert.Equal(t, want, got)
}

// counted returns a text behind its length, as the journal's export format has it.
func counted(text string) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) + text
}
