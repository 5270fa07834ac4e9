package audit

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The deliveries that the logs below have in them.
const (
	pfMessage   = "9C70A9883A1: to=<bob@army.ml>, relay=mx.army.ml[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent (250 ok)"
	eximMessage = `1xUut0-0007oD-37 => bob@army.ml R=dnslookup T=remote_smtp H=mx.army.ml [192.0.2.1] C="250 ok"`
	smMessage   = "5ALNcFqk000314: to=<bob@army.ml>, delay=00:00:01, mailer=esmtp, relay=mx.army.ml. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)"
	osMessage   = `7cbce053dc3c54df mta delivery evpid=9283c0dde9358960 from=<a@corp.example> to=<bob@army.ml> rcpt=<-> source="192.0.2.25" relay="192.0.2.1 (mx.army.ml)" delay=0s result="Ok" stat="250 ok"`
	csvHead     = "Received,SenderAddress,RecipientAddress,Status\n"
	csvRow      = "2026-11-21T22:38:15,alice@corp.example,bob@army.ml,Delivered\n"
)

// TestCarried: whatever stands before a delivery, it is read.
func TestCarried(t *testing.T) {
	tag := "postfix/smtp[31589]: " + pfMessage
	tests := []struct{ name, log string }{
		{"FreeBSD syslogd -v", "Nov 21 23:38:15 <mail.info> relay " + tag},
		{"AIX", "Nov 21 23:38:15 relay mail:info " + tag},
		{"facility and level", "2026-11-21T23:38:15+01:00 relay mail info " + tag},
		{"a host with a colon", "Nov 21 23:38:15 relay: mail.info " + tag},
		{"grep", "/var/log/mail.log.1:Nov 21 23:38:15 relay " + tag},
		{"grep -n", "mail.log:17:Nov 21 23:38:15 relay " + tag},
		{"grep, Exim", "/var/log/exim4/mainlog:2026-11-21 23:38:15 " + eximMessage},
		{"grep in colours", "\x1b[35mmail.log\x1b[m\x1b[K:\x1b[32m17\x1b[m:Nov 21 23:38:15 relay " + tag},
		{"stamp in brackets", "[2026-11-21 23:38:15] relay " + tag},
		{"stamp in brackets, Exim", "[2026-11-21T22:38:15.123Z] " + eximMessage},
		{"web server's stamp", "[21/Nov/2026:23:38:15 +0100] " + eximMessage},
		{"RFC 5322", "Sat, 21 Nov 2026 23:38:15 +0100 " + eximMessage},
		{"compact", "20261121T223815Z relay postfix/smtp 31589 - - " + pfMessage},
		{"milliseconds since 1970", "1795300695123 relay postfix/smtp: " + pfMessage},
		{"svlogd -tt", "2026-11-21_23:38:15.12345 mail.info: Nov 21 23:38:15 " + tag},
		{"svlogd -tt, Exim", "2026-11-21_23:38:15.12345 " + eximMessage},
		{"octet counting", "181 <22>1 2026-11-21T23:38:15+01:00 relay postfix/smtp 31589 - - " + pfMessage},
		{"no time in RFC 5424", "<22>1 - relay postfix/smtp 31589 - - " + pfMessage},
		{"a word for a process ID", "<22>1 2026-11-21T23:38:15Z relay postfix/smtp smtp-17 - - " + pfMessage},
		{"logcli", `2026-11-21T23:38:15+01:00 {job="mail", host="relay"} Nov 21 23:38:15 relay ` + tag},
		{"papertrail", "1234\t2026-11-21T23:38:15Z\t2026-11-21T23:38:16Z\t17\trelay\t192.0.2.9\tMail\tInfo\tpostfix/smtp\t" + pfMessage},
		{"Graylog's message", "timestamp,source,message\n2026-11-21T22:38:15.000Z,relay,\"relay " + strings.ReplaceAll(tag, `"`, `""`) + `"`},
		{"journalctl -o with-unit", "Sat 2026-11-21 23:38:15 CET relay postfix@-.service[31589]: " + pfMessage},
		{"with-unit of an instance", "Sat 2026-11-21 23:38:15 CET relay postfix@mx-out.service[31589]: " + pfMessage},
		{"with-unit, Exim", "Sat 2026-11-21 23:38:15 CET relay exim4.service[31589]: 2026-11-21 23:38:15 " + eximMessage},
		{"with-unit, OpenSMTPD", "Sat 2026-11-21 23:38:15 CET relay opensmtpd.service[31589]: " + osMessage},
		{"with-unit, sendmail of a user", "Sat 2026-11-21 23:38:15 CET relay user@1000.service/mta.service[31589]: " + smMessage},
		{"NULs of a crash", strings.Repeat("\x00", 300) + "Nov 21 23:38:15 relay " + tag},
		{"a mark in the midst", "Nov 21 23:38:14 relay cron[1]: x\n\ufeffNov 21 23:38:15 relay " + tag},
		{"CR CR LF", "Nov 21 23:38:15 relay " + tag + "\r\r"},
		{"CR alone", "Nov 21 23:38:14 relay cron[1]: x\rNov 21 23:38:15 relay " + tag + "\rNov 21 23:38:16 relay cron[1]: y\r"},
		{"a name with a plus", "Nov 21 23:38:15 relay postfix+out/smtp[1]: " + pfMessage},
		{"cut at the beginning", "ay postfix/smtp[31589]: " + pfMessage},
		{"cut in the program", "mtp[31589]: " + pfMessage},
		{"another tag", "Nov 21 23:38:15 relay mx-out[1]: " + pfMessage},
		{"Exim under another tag", "Nov 21 23:38:15 relay mx-out[1]: 2026-11-21 23:38:15 " + eximMessage},
		{"Exim's line in parts", "Nov 21 23:38:15 relay exim[1]: [1\\2] 2026-11-21 23:38:15 " + eximMessage},
		{"an unknown stamp, Exim", "21. Nov. 2026 / 23h38 " + eximMessage},
		{"an unknown stamp, Sendmail", "21. Nov. 2026 / 23h38 " + smMessage},
		{"an unknown stamp, OpenSMTPD", "21. Nov. 2026 / 23h38 " + osMessage},
		{"an unknown stamp, Haraka", `21. Nov. 2026 / 23h38 [NOTICE] [6E2C.1.1] [outbound] delivered file=17_x domain=army.ml host=mx.army.ml ip=192.0.2.1 port=25 rcpts=1/0/0`},
		{"an unknown stamp, qmail", "21. Nov. 2026 / starting delivery 1: msg 53 to remote bob@army.ml\n21. Nov. 2026 / delivery 1: success: 192.0.2.1_accepted_message./"},
		{"an unknown stamp, Courier", "21. Nov. 2026 / id=0038C081.4D026173.000051A4,from=<a@corp.example>,addr=<bob@army.ml>,size=329,success: delivered: mx.army.ml [192.0.2.1]"},
		{"Sendmail's full name", "Nov 21 23:38:15 relay sm-mta[1]: 5ALNcFqk000314: to=\"Bob, Smith\" <bob@army.ml>, mailer=esmtp, relay=mx.army.ml. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)"},
		{"Sendmail's full name without quotes", "Nov 21 23:38:15 relay sm-mta[1]: 5ALNcFqk000314: to=Bob <bob@army.ml>, mailer=esmtp, relay=mx.army.ml. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)"},
		{"JSON with a blank before", ` {"recipient":"bob@army.ml","status":"delivered"}`},
		{"sep= of a spreadsheet", "sep=;\n" + strings.ReplaceAll(csvHead+csvRow, ",", ";")},
		{"a title above the header", "Message trace of corp.example\n\n" + csvHead + csvRow},
		{"a title with commas", "Message trace,,,\n" + csvHead + csvRow},
		{"a table behind a log", "Nov 21 23:38:15 relay postfix/smtp[1]: 9C70A9883A1: to=<bob@corp.example>, relay=mx[192.0.2.1]:25, status=sent (ok)\n" + csvHead + csvRow},
		{"a log behind a table", csvHead + strings.ReplaceAll(csvRow, "army.ml", "corp.example") + "Nov 21 23:38:15 relay " + tag},
		{"a log behind a table of many columns", "a,b,c,d,e,f,g,h,i,j,recipient\n" + strings.Repeat("x,", 10) + "bob@corp.example\nNov 21 23:38:15 relay " + tag},
		{"tables one behind the other", csvHead + strings.ReplaceAll(csvRow, "army.ml", "corp.example") + "\ufeffStatus,RecipientAddress\nDelivered,bob@army.ml\n"},
		{"braces of PowerShell", "Recipients,EventId\n\"{eve@corp.example, bob@army.ml}\",SEND\n"},
		{"objects in a list", `{"value":[{"recipientAddress":"bob@army.ml","status":"delivered"}]}`},
		{"a quote that means nothing", "recipient,subject,status\neve@corp.example,15\" monitor,delivered\nbob@army.ml,x,delivered\neve@corp.example,15\" monitor,delivered"},
		{"a quote that does not end", "recipient,subject,status\neve@corp.example,\"15 inch,delivered\nbob@army.ml,x,delivered\neve@corp.example,\"x\",delivered"},
		{"another format given", eximMessage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"-json", "-"}
			if tt.name == "another format given" {
				args = []string{"-format", "postfix", "-json", "-"}
			}
			got := runAudit(t, tt.log+"\n", args...)
			if assert.Equal(t, 0, got.status, got.errs+got.out) {
				assert.Equal(t, map[string]tallied{"army.ml": {1}}, countsOf(t, got.out))
			}
		})
	}
}

// TestNoAllClear: what may hide a delivery to a lookalike is never passed over with status 0.
func TestNoAllClear(t *testing.T) {
	good := strings.Repeat(postfixLine("9C70A9883A1: to=<bob@corp.example>, "+sentOK), 20)
	tests := []struct{ name, log string }{
		{"compressed in the midst", good + gzipped(t, strings.Repeat("x", 10)+csvRow+strings.Repeat(pfMessage+eximMessage, 5))},
		{"UTF-16 in the midst", good + strings.Join(strings.Split("Nov 21 23:38:15 relay postfix/smtp[1]: "+pfMessage, ""), "\x00") + "\x00\n"},
		{"a long line", strings.Repeat(good, 100) + strings.Repeat("x", 2<<20) + pfMessage + "\n"},
		{"colours in the address", good + postfixLine("9C70A9883A1: to=<bob@\x1b[01;31m\x1b[Karmy.ml\x1b[m\x1b[K>, "+sentOK)},
		{"a domain that is none", good + postfixLine("9C70A9883A1: to=<bob@army.ml >, "+sentOK)},
		{"Exim, cut before the host", good + "2026-11-21 23:38:15 1xUut0-0007oD-37 => bob@army.ml R=dnslookup T=remote_smtp\n"},
		{"Exim, cut before the transport", good + "2026-11-21 23:38:15 1xUut0-0007oD-37 => bob@army.ml R=dnslo\n"},
		{"Rspamd, cut", good + "Nov 21 23:38:15 relay rspamd[1]: <abc>; proxy; rspamd_task_write_log: id: <1@x>, ip: 10.0.0.1, from: <a@x>, (default: F (no action): [1.2/15.0] [A(1.0){},B\n"},
		{"a row cut", strings.Repeat(csvHead+csvRow, 1) + "2026-11-21T22:38:15,alice@corp.example\n"},
		{"a row cut in a quote", csvHead + csvRow + "2026-11-21T22:38:15,\"alice@corp"},
		{"rows with another separator", csvHead + strings.ReplaceAll(csvRow, ",", ";")},
		{"a name with a colon", "recipient,status\nbob@corp.example,delivered\nbob@army.ml:25,delivered\n"},
		{"statuses with commas between", "sender_address,recipient_status\na@x.example,\"eve@corp.example##Receive, Send, bob@army.ml##Receive, Send\"\n"},
		{"an object of unknown keys", good + `{"who":"bob@army.ml","what":"delivered"}` + "\n"},
		{"a message journald left out", good + `{"SYSLOG_IDENTIFIER":"postfix/smtp","MESSAGE":null,"__REALTIME_TIMESTAMP":"1795300695000000"}` + "\n"},
		{"an entry of the journal cut", good + "\n__CURSOR=x\n__REALTIME_TIMESTAMP=1795300695000000\nSYSLOG_IDENTIFIER=postfix/smtp\n"},
		{"a relay that logs elsewhere", good + postfixLine("9C70A9883A1: to=<bob@army.ml>, relay=127.0.0.1[127.0.0.1]:10465, status=sent (ok)")},
		{"Google's unknown target", "Recipient address,Event target,Event status\nbob@corp.example,SMTP_OUT,SUCCESSFUL\nbob@army.ml,SMTP_SOMEWHERE,SUCCESSFUL\n"},
		{"a date of either order", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"-"}
			if tt.name == "a date of either order" {
				tt.log, args = "received,recipient,status\n03/04/2026 10:00:00,bob@army.ml,delivered\n", []string{"-since", "2026-04-02", "-"}
			}
			got := runAudit(t, tt.log, args...)
			assert.NotEqual(t, 0, got.status, got.out)
		})
	}
}

// gzipped compresses a text.
func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}
