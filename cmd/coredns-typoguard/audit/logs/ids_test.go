package logs

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMessageIDs: what each mail server, filter and trace calls a message.
func TestMessageIDs(t *testing.T) {
	tests := []struct {
		name, format string
		lines        []string
		want         string
	}{
		{"Postfix", "postfix", []string{"9C70A9883A1: to=<bob@army.ml>, relay=mx[192.0.2.1]:25, dsn=2.0.0, status=sent (250)"}, "9C70A9883A1"},
		{"Postfix, refused by a milter", "postfix", []string{"9C70A9883A1: milter-reject: RCPT from pc[192.0.2.7]: 550 5.7.1 <bob@army.ml>: no; from=<alice@corp.example> to=<bob@army.ml> proto=ESMTP helo=<pc>"}, "9C70A9883A1"},
		{"Postfix, refused", "postfix", []string{"NOQUEUE: reject: RCPT from pc[192.0.2.7]: 550 5.1.2 <bob@army.ml>: no; from=<alice@corp.example> to=<bob@army.ml> proto=ESMTP helo=<pc>"}, ""},
		{"Exim", "exim", []string{"2026-11-21 23:38:15 1xUut0-0007oD-37 ** bob@army.ml: Unrouteable address"}, "1xUut0-0007oD-37"},
		{"Exim, refused", "exim", []string{"2026-11-21 23:38:15 H=(pc) [192.0.2.7] F=<alice@corp.example> rejected RCPT <bob@army.ml>: no"}, ""},
		{"Sendmail", "sendmail", []string{"5ALNcFqk000314: to=<bob@army.ml>, delay=00:00:01, mailer=esmtp, relay=mx [192.0.2.1], dsn=2.0.0, stat=Sent (250)"}, "5ALNcFqk000314"},
		{"Sendmail, refused", "sendmail", []string{"5ALNcFqk000314: ruleset=check_rcpt, arg1=<bob@army.ml>, relay=pc [192.0.2.7], reject=553 5.1.8 <bob@army.ml>... no"}, "5ALNcFqk000314"},
		{"OpenSMTPD", "opensmtpd", []string{`7cbce053dc3c54df mta delivery evpid=9283c0dde9358960 from=<alice@corp.example> to=<bob@army.ml> rcpt=<-> source="192.0.2.25" relay="192.0.2.1 (mx)" delay=0s result="Ok" stat="250"`}, "9283c0dde9358960"},
		{"OpenSMTPD before 5.9", "opensmtpd", []string{"relay: Ok for 9283c0dde9358960: session=7cbce053dc3c54df, from=<alice@corp.example>, to=<bob@army.ml>, rcpt=<->, source=192.0.2.25, relay=192.0.2.1 (mx), delay=0s, stat=250"}, "9283c0dde9358960"},
		{"OpenSMTPD, refused", "opensmtpd", []string{`7cbce053dc3c54df smtp failed-command command="RCPT TO:<bob@army.ml>" result="550 no"`}, "7cbce053dc3c54df"},
		{"qmail", "qmail", []string{"starting delivery 1: msg 53 to remote bob@army.ml", "delivery 1: failure: no/"}, "53"},
		{"Courier", "courier", []string{"id=0038C081.4D026173.000051A4,from=<alice@corp.example>,addr=<bob@army.ml>,status: failure"}, "0038C081.4D026173.000051A4"},
		{"Haraka", "haraka", []string{"[NOTICE] [6E2C.1.1] [outbound]  delivered file=1 domain=army.ml host=mx.army.ml ip=192.0.2.1 port=25 rcpts=1/0/0"}, "6E2C.1"},
		{"Cisco ESA", "cisco-esa", []string{"MID 6 ICID 5 RID 0 To: <bob@army.ml>", "Message done DCID 8 MID 6 to RID [0]"}, "6"},
		{"Rspamd", "rspamd", []string{"<abc123>; proxy; rspamd_task_write_log: id: <m1@corp.example>, qid: <9C70A9883A1>, ip: 10.0.0.1, from: <alice@corp.example>, (default: F (no action): [1/15] []), len: 1, digest: <0a>, rcpts: <bob@army.ml>"}, "9C70A9883A1"},
		{"Rspamd, without a queue", "rspamd", []string{"<abc123>; proxy; rspamd_task_write_log: id: <m1@corp.example>, qid: <undef>, ip: 10.0.0.1, from: <alice@corp.example>, (default: F (no action): [1/15] []), len: 1, digest: <0a>, rcpts: <bob@army.ml>"}, ""},
		{"Microsoft 365", "", []string{"Received,SenderAddress,RecipientAddress,Status,MessageTraceId,MessageId", "2026-11-21 22:38:15,alice@corp.example,bob@army.ml,Delivered,0a1b-2c,<m1@corp.example>"}, "<m1@corp.example>"},
		{"JSON", "", []string{`{"time":"2026-11-21T22:38:15Z","recipient":"bob@army.ml","status":"bounced","queue_id":"9C70A9883A1","message_id":"<m1@corp.example>"}`}, "9C70A9883A1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewReader(Options{Format: tt.format})
			r.Begin(testEnd, nil)
			var got []string
			for _, line := range tt.lines {
				r.Read([]byte(line), func(r *Record) { got = append(got, string(r.ID)) })
			}
			assert.Equal(t, []string{tt.want}, got)
		})
	}
}
