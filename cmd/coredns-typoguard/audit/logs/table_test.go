package logs

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fileTest is what is read from a file.
type fileTest struct {
	name    string
	lines   []string
	want    []string // records, with where they are from
	unknown int      // lines that are not understood
}

func runFileTests(t *testing.T, o Options, tests []fileTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewReader(o)
			r.Begin(testEnd, []byte(strings.Join(tt.lines, "\n")))
			var got []string
			unknown := 0
			found := func(r *Record) { got = append(got, shown(r)) }
			for _, line := range tt.lines {
				if r.Read([]byte(line), found) == Unknown {
					unknown++
				}
			}
			if r.End(found) == Unknown {
				unknown++
			}
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.unknown, unknown)
		})
	}
}

// TestTables: exports of mail services and of resolvers, by the names of their columns.
func TestTables(t *testing.T) {
	const by = ` from "alice@corp.example" by "10.0.0.1"`
	const delivered = "2026-11-21 22:38:15 bob@army.ml delivered" + by
	runFileTests(t, Options{}, []fileTest{
		{"Get-MessageTrace", []string{
			`#TYPE Deserialized.Microsoft.Exchange.Management.FfoReporting.MessageTrace`,
			`"Organization","MessageId","Received","SenderAddress","RecipientAddress","Subject","Status","ToIP","FromIP","Size","MessageTraceId","StartDate","EndDate","Index"`,
			`"corp","<m1>","11/21/2026 10:38:15 PM","alice@corp.example","bob@army.ml","a ""plan"", b","Delivered","192.0.2.1","10.0.0.1","5","0f8a","11/19/2026 1:00:00 AM","11/22/2026 1:00:00 AM","0"`,
			`"corp","<m2>","11/21/2026 10:38:15 PM","alice@corp.example","eve@navy.mi","x","Failed","","10.0.0.1","5","0f8b","","","1"`,
			`"corp","<m3>","11/21/2026 10:38:15 PM","alice@corp.example","list@corp.example","x","Expanded","","10.0.0.1","5","0f8c","","","2"`,
			`"corp","<m4>","11/21/2026 10:38:15 PM","alice@corp.example","eve@navy.mi","x","Pending","","10.0.0.1","5","0f8d","","","3"`,
			`"corp","<m5>","11/21/2026 10:38:15 PM","alice@corp.example","eve@navy.mi","x","Unheard-of","","10.0.0.1","5","0f8e","","","4"`,
		}, []string{delivered, "2026-11-21 22:38:15 eve@navy.mi bounced" + by, "2026-11-21 22:38:15 eve@navy.mi deferred" + by}, 1},
		{"Get-MessageTraceV2 of a German host, a subject over two lines", []string{
			`"Received";"SenderAddress";"RecipientAddress";"Subject";"Status";"FromIP"`,
			`"21.11.2026 22:38:15";"alice@corp.example";"bob@army.ml";"a`, `plan; b";"Delivered";"10.0.0.1"`,
		}, []string{delivered}, 0},
		{"extended report", []string{
			`origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,original_client_ip,directionality,connector_id,delivery_priority`,
			`2026-11-21T22:38:15.1230000,alice@corp.example,"bob@army.ml##Receive, Send;list@corp.example##Receive, Expand;eve@navy.mi##Receive, Fail",Plan,5120,<m1>,0f8a,10.0.0.1,Originating,,Normal`,
		}, []string{delivered, "2026-11-21 22:38:15 eve@navy.mi bounced" + by}, 0},
		{"Exchange", []string{
			"#Software: Microsoft Exchange Server",
			"#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,recipient-address,recipient-status,sender-address,original-client-ip",
			"2026-11-21T22:38:15.123Z,10.0.0.5,EX1,192.0.2.1,mx,08DA,Internet,SMTP,SENDEXTERNAL,bob@army.ml;eve@navy.mi,250 2.1.5 Recipient OK;250 2.1.5 Recipient OK,alice@corp.example,10.0.0.1",
			"2026-11-21T22:38:15.123Z,10.0.0.5,EX1,10.0.0.6,EX2,08DA,Intra-Organization SMTP Send Connector,SMTP,SEND,bob@army.ml,250,alice@corp.example,10.0.0.1",
			"2026-11-21T22:38:15.123Z,10.0.0.5,EX1,10.0.0.6,EX2,08DA,,STOREDRIVER,DELIVER,carol@corp.example,,alice@corp.example,10.0.0.1",
			"#Fields: date-time,event-id,recipient-address,sender-address,original-client-ip",
			"2026-11-21T22:38:15.123Z,FAIL,bob@army.ml,alice@corp.example,10.0.0.1",
			"2026-11-21T22:38:15.123Z,DEFER,bob@army.ml,alice@corp.example,10.0.0.1",
			"2026-11-21T22:38:15.123Z,RECEIVE,bob@army.ml,alice@corp.example,10.0.0.1",
		}, []string{delivered, "2026-11-21 22:38:15 eve@navy.mi delivered" + by, "2026-11-21 22:38:15 bob@army.ml bounced" + by, "2026-11-21 22:38:15 bob@army.ml deferred" + by}, 0},
		{"Get-MessageTrackingLog", []string{
			`"Timestamp","EventId","Source","ConnectorId","Sender","Recipients","OriginalClientIp"`,
			`"11/21/2026 11:38:15 PM","SENDEXTERNAL","SMTP","Internet","alice@corp.example","bob@army.ml","10.0.0.1"`, `"11/21/2026 11:38:15 PM","SEND","SMTP","Intra-Organization SMTP Send Connector","alice@corp.example","bob@army.ml","10.0.0.1"`,
		}, []string{delivered}, 0},
		{"Google Workspace", []string{
			"Message ID,Start date,End date,Sender,Message size,Subject,Direction,Attachments,Recipient address,Event target,Event date,Event status,Event target IP address,Has encryption,Event SMTP reply code,Event description,Client Type,Device User Session ID",
			"<m1>,2026/11/21 22:38:15 UTC,2026/11/21 22:38:16 UTC,alice@corp.example,5120,Plan,Sent,0,bob@army.ml,SMTP_OUT,2026/11/21 22:38:15 UTC,DELIVERED,192.0.2.1,true,250,,WEB,",
			"<m1>,2026/11/21 22:38:15 UTC,2026/11/21 22:38:16 UTC,alice@corp.example,5120,Plan,Sent,0,bob@army.ml,SMTP_IN,2026/11/21 22:38:14 UTC,RECEIVED,,true,,,WEB,",
			"<m2>,2026/11/21 22:38:15 UTC,2026/11/21 22:38:16 UTC,alice@corp.example,5120,Plan,Sent,0,eve@navy.mi,SMTP_OUT,2026/11/21 22:38:15 UTC,BOUNCED,192.0.2.1,true,550,,WEB,",
			"<m3>,2026/11/21 22:38:15 UTC,2026/11/21 22:38:16 UTC,alice@corp.example,5120,Plan,Sent,0,carol@corp.example,GMAIL_INBOX,2026/11/21 22:38:15 UTC,DELIVERED,,true,,,WEB,",
		}, []string{`2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by ""`, `2026-11-21 22:38:15 eve@navy.mi bounced from "alice@corp.example" by ""`}, 0},
		{"a gateway", []string{"Date\tFrom\tTo\tStatus", "2026-11-21 23:38:15\talice@corp.example\t\"Bob <bob@army.ml>\"\tDelivered"},
			[]string{`2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by ""`}, 0},
		{"addresses, with and without more", []string{"email", "bob@army.ml", `"eve@navy.mi"`, "x@army.ml,3", "nonsense"}, []string{`- bob@army.ml asked from "" by ""`, `- eve@navy.mi asked from "" by ""`, `- x@army.ml asked from "" by ""`}, 1},
		{"a header twice", []string{"email", "bob@army.ml", "email", "eve@navy.mi"}, []string{`- bob@army.ml asked from "" by ""`, `- eve@navy.mi asked from "" by ""`}, 0},
		{"a quote within a value", []string{"recipient,screen", `bob@army.ml,a 15" one`, `eve@navy.mi,"a 15"" one"`}, []string{`- bob@army.ml asked from "" by ""`, `- eve@navy.mi asked from "" by ""`}, 0},
		{"a row that does not end", []string{"recipient,subject", `bob@army.ml,"never`}, []string{`- bob@army.ml asked from "" by ""`}, 1},
		{"Umbrella with a header", []string{`"Timestamp","Most Granular Identity","Identities","InternalIp","ExternalIp","Action","QueryType","ResponseCode","Domain","Categories"`,
			`"2026-11-21 22:38:15","Net","Net","10.0.0.1","203.0.113.1","Allowed","15 (MX)","NOERROR","army.ml.","Unknown"`}, []string{`2026-11-21 21:38:15 army.ml. MX from "" by "10.0.0.1"`}, 0},
		{"Zeek dns.log", []string{"#separator \\x09", "#set_separator\t,", "#path\tdns", "#fields\tts\tuid\tid.orig_h\tid.orig_p\tquery\tqclass\tqclass_name\tqtype\tqtype_name\trcode_name", "#types\ttime",
			"1795300695.123456\tC\t10.0.0.1\t53507\tarmy.ml\t1\tC_INTERNET\t15\tMX\tNOERROR", "1795300695.123456\tC\t10.0.0.1\t53507\t-\t-\t-\t-\t-\tNOERROR", "#close\t2026"},
			[]string{`2026-11-21 22:38:15 army.ml MX from "" by "10.0.0.1"`}, 0},
		{"Zeek smtp.log", []string{"#fields\tts\tuid\tid.orig_h\tmailfrom\trcptto\tfrom\tto\tlast_reply",
			"1795300695.1\tC\t10.0.0.1\talice@corp.example\tbob@army.ml,eve@navy.mi\tx\ty\t250 ok", "1795300695.1\tC\t10.0.0.1\talice@corp.example\tbob@army.ml\tx\ty\t550 no", "1795300695.1\tC\t10.0.0.1\talice@corp.example\tbob@army.ml\tx\ty\t-"},
			[]string{delivered, "2026-11-21 22:38:15 eve@navy.mi delivered" + by, "2026-11-21 22:38:15 bob@army.ml bounced" + by, "2026-11-21 22:38:15 bob@army.ml asked" + by}, 0},
		{"a log whose first line has commas", []string{"Nov 21 23:38:15 relay sshd[1]: to, from, status", "Nov 21 23:38:15 relay postfix/smtp[1]: 9C70A9883A1: to=<bob@army.ml>, relay=mx[192.0.2.1]:25, dsn=2.0.0, status=sent (ok)"},
			[]string{`2026-11-21 22:38:15 bob@army.ml delivered from "" by ""`}, 0},
	})
}

// TestTablesAndLogs: a table may be put behind a log, and a log behind a table.
func TestTablesAndLogs(t *testing.T) {
	const (
		log     = `Nov 21 23:38:15 relay postfix/smtp[31589]: 9C70A9883A1: to=<bob@army.ml>, relay=mx.army.ml[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent (250 ok)`
		other   = `Nov 21 23:38:15 relay dovecot[1]: imap-login: Login: user=<alice@corp.example>, method=PLAIN`
		queried = `"2026-11-21 22:38:15","Net","Net","10.0.0.1","203.0.113.1","Allowed","15 (MX)","NOERROR","navy.mi.","Unknown","Networks","Networks",""`
		broken  = `"2026-11-21 22:38:15","Net","Net","10.0.0.1","203.0.113.1","Allowed","15 (MX)","NOERROR","a navy","Unknown","Networks","Networks",""`
	)
	delivered := `2026-11-21 22:38:15 bob@army.ml delivered from "" by ""`
	asked := `2026-11-21 22:38:15 navy.mi. MX from "" by "10.0.0.1"`
	runFileTests(t, Options{}, []fileTest{
		{"one column, then logs", []string{"email", "eve@navy.mi", log, other}, []string{`- eve@navy.mi asked from "" by ""`, delivered}, 0},
		{"one column, then Exim's own log", []string{"email", "2026-11-21 23:38:15 H=(pc) [10.0.0.1] F=<alice@corp.example> rejected RCPT <bob@army.ml>"}, []string{`2026-11-21 22:38:15 bob@army.ml bounced from "alice@corp.example" by "[10.0.0.1]"`}, 0},
		{"one column, then logs in JSON", []string{"email", `{"log":` + strconv.Quote(log) + `,"stream":"stdout","time":"2026-11-21T22:38:15Z"}`}, []string{delivered}, 0},
		{"one column, as PowerShell writes lists", []string{"email", "{bob@army.ml}"}, []string{`- bob@army.ml asked from "" by ""`}, 0},
		{"one column, then logs without times", []string{"email", "9C70A9883A1: to=<bob@army.ml>, relay=mx.army.ml[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)"}, []string{`- bob@army.ml delivered from "" by ""`}, 0},
		{"a table, then other programs", []string{"Received,RecipientAddress,Status", "2026-11-21T22:38:15,bob@army.ml,Delivered", other, log}, []string{delivered, delivered}, 0},
		{"Umbrella without a header, then other programs", []string{queried, other, log}, []string{asked, delivered}, 0},
		{"a table without a status, then Courier", []string{"recipient,subject", "eve@navy.mi,x", "Nov 21 23:38:15 relay courieresmtp: id=1,from=<alice@corp.example>,addr=<bob@army.ml>,status: failure"},
			[]string{`- eve@navy.mi asked from "" by ""`, `2026-11-21 22:38:15 bob@army.ml bounced from "alice@corp.example" by ""`}, 0},
		{"one column with names of people", []string{"email", "Eve <eve@navy.mi>"}, []string{`- eve@navy.mi asked from "" by ""`}, 0},
		{"logs, then Umbrella without a header", []string{log, queried}, []string{delivered, asked}, 0},
		{"a table, then Umbrella without a header", []string{"Received,RecipientAddress,Status", "2026-11-21T22:38:15,bob@army.ml,Delivered", queried}, []string{delivered, asked}, 0},
		{"Exchange, then Umbrella without a header", []string{"#Fields: date-time,client-ip,event-id,recipient-address,sender-address", "2026-11-21T22:38:15Z,10.0.0.1,SEND,bob@army.ml,", queried},
			[]string{`2026-11-21 22:38:15 bob@army.ml delivered from "" by "10.0.0.1"`, asked}, 0},
		{"Umbrella, by a proxy", []string{strings.ReplaceAll(queried, "Allowed", "Proxied")}, []string{asked}, 0},
		{"like Umbrella, without a type", []string{strings.ReplaceAll(queried, "15 (MX)", "GET"), queried}, []string{asked}, 0},
		{"like Umbrella, without an action", []string{strings.ReplaceAll(queried, "Allowed", "200"), queried}, []string{asked}, 0},
		{"Umbrella with no name", []string{queried, broken, queried}, []string{asked, asked}, 1},
		{"a table, then Umbrella with no name", []string{"Received,RecipientAddress,Status", broken}, nil, 1},
		{"logs, then a list", []string{log, "email", "eve@navy.mi", `"eve@navy.mi"`}, []string{delivered}, 2},
	})
}

// TestObjects: lines in JSON, by their keys.
func TestObjects(t *testing.T) {
	const asked = `2026-11-21 22:38:15 army.ml MX from "" by "10.0.0.1"`
	const delivered = `2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by ""`
	runFileTests(t, Options{}, []fileTest{
		{"AdGuard Home", []string{`{"T":"2026-11-21T23:38:15.123+01:00","QH":"army.ml","QT":"MX","QC":"IN","CP":"","Answer":"x","IP":"10.0.0.1","Result":{},"Elapsed":1}`}, []string{asked}, 0},
		{"Route 53", []string{`{"version":"1.1","account_id":"1","query_timestamp":"2026-11-21T22:38:15Z","query_name":"army.ml","query_type":"MX","query_class":"IN","rcode":"NXDOMAIN","srcaddr":"10.0.0.1","srcport":"1"}`}, []string{asked}, 0},
		{"Zeek", []string{`{"ts":1795300695.1,"id.orig_h":"10.0.0.1","query":"army.ml","qclass":1,"qtype":15,"qtype_name":"MX"}`, `{"ts":1795300695.1,"id.orig_h":"10.0.0.1","mailfrom":"alice@corp.example","rcptto":["bob@army.ml"],"last_reply":"250 ok"}`},
			[]string{asked, `2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by "10.0.0.1"`}, 0},
		{"Suricata", []string{
			`{"timestamp":"2026-11-21T23:38:15.1+0100","flow_id":1,"event_type":"dns","src_ip":"10.0.0.1","dns":{"version":3,"type":"request","queries":[{"rrname":"army.ml","rrtype":"MX"}]}}`,
			`{"timestamp":"2026-11-21T23:38:15.1+0100","flow_id":1,"event_type":"dns","src_ip":"10.0.0.2","dns":{"version":2,"type":"answer","rrname":"army.ml","rrtype":"MX"}}`,
			`{"timestamp":"2026-11-21T23:38:15.1+0100","flow_id":1,"event_type":"smtp","src_ip":"10.0.0.1","smtp":{"helo":"pc","mail_from":"<alice@corp.example>","rcpt_to":["<bob@army.ml>","<eve@navy.mi>"]}}`,
			`{"timestamp":"2026-11-21T23:38:15.1+0100","flow_id":1,"event_type":"flow","src_ip":"10.0.0.1"}`,
			`{"timestamp":"2026-11-21T23:38:15.1+0100","flow_id":1,"event_type":"dns","src_ip":"10.0.0.1","dns":{"type":"question","rrname":"army.ml","rrtype":"MX"}}`,
			`{"timestamp":"2026-11-21T23:38:15.1+0100","flow_id":1,"event_type":"dns","src_ip":"10.0.0.1","dns":{"type":"query","rrtype":"MX"}}`,
			`{"timestamp":"2026-11-21T23:38:15.1+0100","flow_id":1,"event_type":"dns","src_ip":"10.0.0.1","dns":{"type":"query","rrname":"army ml","rrtype":"MX"}}`,
		}, []string{asked, `2026-11-21 22:38:15 bob@army.ml asked from "alice@corp.example" by "10.0.0.1"`, `2026-11-21 22:38:15 eve@navy.mi asked from "alice@corp.example" by "10.0.0.1"`}, 3},
		{"Amazon SES", []string{`{"eventType":"Delivery","mail":{"timestamp":"2026-11-21T22:38:15Z","source":"alice@corp.example","messageId":"1","destination":["bob@army.ml"]},"delivery":{"timestamp":"2026-11-21T22:38:15Z","smtpResponse":"250 ok"}}`}, []string{delivered}, 0},
		{"ConvertTo-Json", []string{`{"Received": "2026-11-21T22:38:15", "SenderAddress": "alice@corp.example", "RecipientAddress": "bob@army.ml", "Status": "Delivered"}`}, []string{delivered}, 0},
		{"CoreDNS", []string{`{"time":"2026-11-21T22:38:15.8Z","level":"INFO","msg":"x","plugin":"log","client_ip":"10.0.0.1","qname":"army.ml","qtype":"MX","qclass":"IN"}`}, []string{asked}, 0},
		{"CoreDNS in Docker", []string{`{"log":"{\"time\":\"2026-11-21T22:38:15.8Z\",\"level\":\"INFO\",\"msg\":\"x\",\"plugin\":\"log\",\"client_ip\":\"10.0.0.1\",\"qname\":\"army.ml\",\"qtype\":\"MX\",\"qclass\":\"IN\"}\n","stream":"stdout","time":"2026-11-21T22:38:16Z"}`}, []string{asked}, 0},
		{"CoreDNS in CRI", []string{`2026-11-21T22:38:16.1Z stdout F {"time":"2026-11-21T22:38:15.8Z","level":"INFO","msg":"x","plugin":"log","client_ip":"10.0.0.1","qname":"army.ml","qtype":"MX","qclass":"IN"}`}, []string{asked}, 0},
		{"a line beside usual names", []string{`{"domain":"relay.corp.example","message":"Nov 21 23:38:15 relay dnsmasq[1]: query[MX] army.ml from 10.0.0.1"}`, `{"to":"bob@army.ml","from":"alice@corp.example","status":"sent","msg":"mail sent","time":"2026-11-21T22:38:15Z"}`}, []string{asked, delivered}, 0},
		{"broken", []string{`{"SenderAddress": "alice@corp.example", "RecipientAddress": "bob@ar`}, nil, 1},
		{"of others", []string{`{"a":1}`, `{"level":"info","msg":"started"}`}, nil, 0},
	})
}

// TestColumns: the option -column says what a table without a usual header means.
func TestColumns(t *testing.T) {
	columns := func(s string) Options {
		c, err := ParseColumns(s)
		require.NoError(t, err)
		return Options{Columns: c}
	}
	row := "alice@corp.example,bob@army.ml,Delivered,2026-11-21 23:38:15"
	want := []string{`2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by ""`}
	runFileTests(t, columns("recipient=2,sender=1,status=3,time=4"), []fileTest{
		{"commas", []string{row}, want, 0},
		{"semicolons", []string{strings.ReplaceAll(row, ",", ";")}, want, 0},
		{"tabs", []string{strings.ReplaceAll(row, ",", "\t")}, want, 0},
		{"a short row", []string{row, "x"}, want, 1},
	})
	runFileTests(t, columns("recipient=an,sender=von,status=was,time=wann"), []fileTest{
		{"a header of words", []string{"Von,An,Was,Wann", row}, want, 0},
		{"objects", []string{`{"von":"alice@corp.example","an":"bob@army.ml","was":"Delivered","wann":"2026-11-21 23:38:15"}`}, want, 0},
	})
	runFileTests(t, columns("name=1"), []fileTest{{"names", []string{"army.ml x", "navy.mi y"}, []string{`- army.ml asked from "" by ""`, `- navy.mi asked from "" by ""`}, 0}})
	for s, want := range map[string]string{
		"recipient": "expected recipient=COLUMN", "x=1": "expected recipient=COLUMN", "recipient=": "expected recipient=COLUMN", "=1": "expected recipient=COLUMN",
		"recipient=0": "expected a column from 1 on", "sender=1": "expected recipient=, name= or message=",
	} {
		_, err := ParseColumns(s)
		require.ErrorContains(t, err, want, s)
	}
}

// TestMessages: servers whose deliveries take several lines.
func TestMessages(t *testing.T) {
	runFileTests(t, Options{}, []fileTest{
		{"qmail by multilog", []string{
			"@400000006b021d61075bca00 new msg 53", "@400000006b021d61075bca00 info msg 53: bytes 246 from <alice@corp.example> qp 20345 uid 666",
			"@400000006b021d61075bca00 starting delivery 1: msg 53 to remote bob@army.ml", "@400000006b021d61075bca00 starting delivery 2: msg 53 to local carol@corp.example",
			"@400000006b021d61075bca00 delivery 2: success: did_1+0+0/", "@400000006b021d61075bca00 delivery 1: success: 192.0.2.1_accepted_message./Remote_host_said:_250_ok/",
			"@400000006b021d61075bca00 starting delivery 3: msg 53 to remote eve@navy.mi", "@400000006b021d61075bca00 delivery 3: failure: Sorry,_I_couldn't_find_any_host_named_navy.mi./",
			"@400000006b021d61075bca00 delivery 9: success: x/", "@400000006b021d61075bca00 end msg 53",
		}, []string{`2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by ""`, `2026-11-21 22:38:15 eve@navy.mi bounced from "alice@corp.example" by ""`}, 1},
		{"qmail by splogger", []string{
			"Nov 21 23:38:15 relay qmail: 1795300695.123456 starting delivery 1: msg 53 to remote bob@army.ml queue5", "Nov 21 23:38:15 relay qmail: 1795300695.123456 status: local 0/10 remote 1/20",
			"Nov 21 23:38:15 relay qmail: 1795300695.123456 delivery 1: deferral: Connection_timed_out./ queue5",
		}, []string{`2026-11-21 22:38:15 bob@army.ml deferred from "" by ""`}, 0},
		{"Cisco ESA", []string{
			"Sat Nov 21 23:38:15 2026 Info: New SMTP ICID 5 interface Management (10.0.0.1) address 192.0.2.7", "Sat Nov 21 23:38:15 2026 Info: MID 6 ICID 5 From: <alice@corp.example>",
			"Sat Nov 21 23:38:15 2026 Info: MID 6 ICID 5 RID 0 To: <bob@army.ml>", "Sat Nov 21 23:38:15 2026 Info: MID 6 ICID 5 RID 1 To: <eve@navy.mi>", "Sat Nov 21 23:38:15 2026 Info: MID 6 ICID 5 To: <x@army.ml> Rejected by RAT",
			"Sat Nov 21 23:38:15 2026 Info: MID 6 ready 100 bytes from <alice@corp.example>", "Sat Nov 21 23:38:15 2026 Info: Delivery start DCID 8 MID 6 to RID [0, 1]",
			"Sat Nov 21 23:38:15 2026 Info: Message done DCID 8 MID 6 to RID [0]", "Sat Nov 21 23:38:15 2026 Info: MID 6 RID [0] Response 'ok'",
			"Sat Nov 21 23:38:15 2026 Info: Bounced: DCID 8 MID 6 to RID 1 - 5.1.0 - Unknown address error ('550', ['no'])", "Sat Nov 21 23:38:15 2026 Info: Delayed: DCID 9 MID 7 to RID 0 - 4.1.0 - x",
			"Nov 21 23:38:15 esa mail_logs: Info: Message done DCID 8 MID 6 to RID [0]",
		}, []string{
			`2026-11-21 22:38:15 x@army.ml bounced from "alice@corp.example" by ""`, `2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by ""`,
			`2026-11-21 22:38:15 eve@navy.mi bounced from "alice@corp.example" by ""`, `2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by ""`,
		}, 1},
		{"Courier", []string{
			"Nov 21 23:38:15 relay courierd: newmsg,id=0038C081.4D026173.000051A4: dns; pc (pc.corp.example [192.0.2.7])", "Nov 21 23:38:15 relay courierd: started,id=0038C081.4D026173.000051A4,from=<alice@corp.example>,module=esmtp,host=army.ml,addr=<bob@army.ml>",
			"Nov 21 23:38:15 relay courieresmtp: id=0038C081.4D026173.000051A4,from=<alice@corp.example>,addr=<bob@army.ml>: 250 OK", "Nov 21 23:38:15 relay courieresmtp: id=0038C081.4D026173.000051A4,from=<alice@corp.example>,addr=<bob@army.ml>,size=329,success: delivered: mx.army.ml [192.0.2.1]",
			"Nov 21 23:38:15 relay courieresmtp: id=0038C081.4D026173.000051A4,from=<alice@corp.example>,addr=<bob@army.ml>,size=329,status: success", "Nov 21 23:38:15 relay courieresmtp: id=0038C081.4D026173.000051A5,from=<alice@corp.example>,addr=<eve@navy.mi>,status: failure",
			"Nov 21 23:38:15 relay courierlocal: id=0038C081.4D026173.000051A4,from=<alice@corp.example>,addr=<carol@corp.example>,size=329,success: Message delivered.",
		}, []string{`2026-11-21 22:38:15 bob@army.ml delivered from "alice@corp.example" by "pc.corp.example[192.0.2.7]"`, `2026-11-21 22:38:15 eve@navy.mi bounced from "alice@corp.example" by ""`}, 0},
		{"Windows DNS", []string{
			"DNS Server log file creation at 11/21/2026 10:00:00 PM", "11/21/2026 11:38:15 PM 0A1C PACKET  000000E5B3F5C0A0 UDP Rcv 10.0.0.1        0002   Q [0001   D   NOERROR] MX     (4)army(2)ml(0)",
			"11/21/2026 11:38:15 PM 0A1C PACKET  000000E5B3F5C0A0 UDP Snd 10.0.0.1        0002 R Q [8081   DR  NOERROR] MX     (4)army(2)ml(0)", "11/21/2026 11:38:15 PM 0A1C PACKET  000000E5B3F5C0A0 UDP Rcv 192.0.2.53      0002 R Q [8081   DR  NOERROR] MX     (4)army(2)ml(0)",
			"21.11.2026 23:38:15 0A1C PACKET  000000E5B3F5C0A0 UDP Rcv 10.0.0.1        0002   Q [0001   D   NOERROR] MX     (4)arm", "11/21/2026 11:38:15 PM 0A1C EVENT   The DNS server has started.",
		}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "10.0.0.1"`}, 1},
		{"Haraka", []string{
			"[NOTICE] [6E2C.1.1] [outbound] recipient <eve@navy.mi> rejected: 550 5.1.1 no", `[NOTICE] [6E2C.1.1] [outbound] delivered file=1 domain=army.ml host=mx.army.ml ip=192.0.2.1 port=25 mode=SMTP tls=N auth=N response="250 ok" delay=0.1 fails=0 rcpts=2/0/1`,
			"[INFO] [6E2C.1] [core] hook=rcpt plugin=x", "[NOTICE] [6E2C.1.1] [outbound] delivered file=1 host=mx",
		}, []string{`- eve@navy.mi bounced from "" by ""`, `- army.ml delivered from "" by ""`, `- army.ml delivered from "" by ""`}, 1},
		{"Haraka, whole messages", []string{
			"2026-11-21T22:38:15.123Z [NOTICE] [6E2C] [core] connect ip=192.0.2.7 port=1 local_ip=192.0.2.2 local_port=25",
			`[NOTICE] [6E2C.1] [core] sender <alice@corp.example> code=CONT msg=""`,
			`[NOTICE] [6E2C.1] [core] recipient <bob@army.ml> code=OK msg="" sender=alice@corp.example`,
			`[NOTICE] [6E2C.1] [core] recipient <eve@navy.mi> code=OK msg="" sender=alice@corp.example`,
			`[NOTICE] [6E2C.1] [core] recipient <carol@ARMY.ml> code=OK msg="" sender=alice@corp.example`,
			`[NOTICE] [6E2C.1] [core] recipient <dan@army.ml> code=DENY msg="" sender=alice@corp.example`,
			`[NOTICE] [6E2C.1] [core] recipient <dan@navy.mi> code=DENYSOFT msg="" sender=alice@corp.example`,
			"[INFO] [6E2C.1.1] [outbound] Temp failing 17_x for 64 seconds: Tried all MXs",
			"[INFO] [6E2C.1.2] [outbound] bouncing mail: 554 5.7.1 no",
			`[NOTICE] [6E2C.1.1] [outbound]  delivered file=17_x domain=army.ml host=mx.army.ml ip=192.0.2.1 port=25 response="ok" rcpts=1/1/0`,
			"[NOTICE] [6E2C.1.1] [outbound] recipient <carol@ARMY.ml> deferred: 450 4.2.1 later",
			"[INFO] [6E2C.1.1] [outbound] Temp failing 17_x for 64 seconds: Some recipients temp failed: <carol@ARMY.ml>",
			"[INFO] [6E2C.1.1] [outbound] Temp failing 17_x for 128 seconds: Tried all MXs",
			"[INFO] [7777.1.1] [outbound] bouncing mail: No Such Domain: army.ml",
			"[INFO] [7777.1.1] [outbound] bouncing mail: Domain army.ml sends and receives no email (NULL MX)",
			"[INFO] [7777.1.1] [outbound] bouncing mail: Too many failures (Temporary MX lookup error for army.ml)",
			"[INFO] [7777.1.1] [outbound] bouncing mail: 554 5.7.1 no",
		}, []string{
			`- dan@army.ml bounced from "alice@corp.example" by "192.0.2.7"`, `- dan@navy.mi deferred from "alice@corp.example" by "192.0.2.7"`,
			`- bob@army.ml deferred from "alice@corp.example" by "192.0.2.7"`, `- carol@ARMY.ml deferred from "alice@corp.example" by "192.0.2.7"`,
			`- eve@navy.mi bounced from "alice@corp.example" by "192.0.2.7"`, `- army.ml delivered from "alice@corp.example" by "192.0.2.7"`,
			`- carol@ARMY.ml deferred from "alice@corp.example" by "192.0.2.7"`, `- bob@army.ml deferred from "alice@corp.example" by "192.0.2.7"`,
			`- army.ml bounced from "" by ""`, `- army.ml bounced from "" by ""`, `- army.ml bounced from "" by ""`,
		}, 1},
		{"Haraka, a bounce that waits", []string{
			`[INFO] [-] [outbound] Created transaction: 46398D28-5EF3-4CF0-BFEF-97A00A020B61`,
			`[INFO] [-] [outbound] Adding missing Date header`,
			`[INFO] [-] [outbound] Transaction delivery for domain: army.ml`,
			`[INFO] [46398D28-5EF3-4CF0-BFEF-97A00A020B61.1] [outbound] Temp failing 1796041188586_1796041188586_0_11873_bb0sHP_4_vm for 64 seconds: Tried all MXs`,
			`level=INFO uuid=- origin=outbound message="Created transaction: 56398D28-5EF3-4CF0-BFEF-97A00A020B61"`,
			`level=INFO uuid=- origin=outbound message="Transaction delivery for domain: navy.mi"`,
			`level=INFO uuid=56398D28-5EF3-4CF0-BFEF-97A00A020B61.1 origin=outbound message="bouncing mail: 550 no"`,
			`[INFO] [-] [outbound] Created transaction: 66398D28-5EF3-4CF0-BFEF-97A00A020B61`,
			`[NOTICE] [130C9676-7BDC-40FE-A030-494FE2EBC064.1] [core] queue code=CONT msg="Message Queued"`,
			`[INFO] [-] [outbound] Transaction delivery for domain: army.ml`,
			`[INFO] [66398D28-5EF3-4CF0-BFEF-97A00A020B61.1] [outbound] bouncing mail: 550 no`,
		}, []string{`- army.ml deferred from "" by ""`, `- navy.mi bounced from "" by ""`}, 1},
		{"Haraka in logfmt", []string{
			"level=NOTICE uuid=6E2C origin=core message=connect ip=192.0.2.7 port=1", `level=NOTICE uuid=6E2C.1 origin=core message="sender <alice@corp.example>" code=CONT msg=""`,
			`level=NOTICE uuid=6E2C.1 origin=core message="recipient <bob@army.ml>" code=OK msg="" sender=alice@corp.example`,
			`level=NOTICE uuid=6E2C.1.1 origin=outbound message="" delivered file=17_x domain=army.ml host=mx.army.ml ip=192.0.2.1 port=25 response="ok" rcpts=1/0/0`,
			`level=NOTICE uuid=6E2C.1.1 origin=outbound message="recipient <bob@army.ml> rejected: 550 5.1.1 no"`, `level=INFO uuid=6E2C.1.1 origin=outbound message="bouncing mail: No Such Domain: army.ml"`,
		}, []string{`- army.ml delivered from "alice@corp.example" by "192.0.2.7"`, `- bob@army.ml bounced from "alice@corp.example" by "192.0.2.7"`, `- bob@army.ml bounced from "alice@corp.example" by "192.0.2.7"`}, 0},
		{"Haraka in JSON", []string{
			`{"level":"NOTICE","uuid":"6E2C","origin":"core","message":"connect","ip":"192.0.2.7","port":1}`, `{"level":"NOTICE","uuid":"6E2C.1","origin":"core","message":"sender <alice@corp.example>","code":"CONT","msg":""}`,
			`{"level":"NOTICE","uuid":"6E2C.1","origin":"core","message":"recipient <bob@army.ml>","code":"OK","msg":"","sender":"alice@corp.example"}`,
			`{"level":"NOTICE","uuid":"6E2C.1.1","origin":"outbound","message":"","delivered file":"17_x","domain":"army.ml","host":"mx.army.ml","ip":"192.0.2.1","port":25,"rcpts":"1/0/0","timestamp":"2026-11-21T22:38:15.123Z"}`,
			`{"level":"INFO","uuid":"6E2C.1.1","origin":"outbound","message":"bouncing mail: 554 5.7.1 no"}`,
		}, []string{`2026-11-21 22:38:15 army.ml delivered from "alice@corp.example" by "192.0.2.7"`, `- bob@army.ml bounced from "alice@corp.example" by "192.0.2.7"`}, 0},
		{"Postfix that refuses", []string{
			"Nov 21 23:38:15 relay postfix/smtpd[1]: NOQUEUE: reject: RCPT from pc.corp.example[192.0.2.7]: 554 5.7.1 <bob@army.ml>: Relay access denied; from=<alice@corp.example> to=<bob@army.ml> proto=ESMTP helo=<pc>",
			"Nov 21 23:38:15 relay postfix/postscreen[1]: NOQUEUE: reject: RCPT from [192.0.2.7]:1234: 550 5.7.1 Service unavailable; client [192.0.2.7] blocked using x; from=<alice@corp.example>, to=<bob@army.ml>, proto=ESMTP, helo=<pc>",
			"Nov 21 23:38:15 relay postfix/cleanup[1]: 9C70A9883A1: milter-reject: END-OF-MESSAGE from pc[192.0.2.7]: 5.7.1 no; from=<alice@corp.example> to=<bob@army.ml> proto=ESMTP helo=<pc>",
			"Nov 21 23:38:15 relay postfix/smtpd[1]: NOQUEUE: reject: CONNECT from pc[192.0.2.7]: 554 5.7.1 no; proto=SMTP",
			"Nov 21 23:38:15 relay postfix/smtpd[1]: NOQUEUE: reject_warning: RCPT from pc[192.0.2.7]: 554 5.7.1 <bob@army.ml>: no; from=<alice@corp.example> to=<bob@army.ml> proto=ESMTP helo=<pc>",
		}, []string{
			`2026-11-21 22:38:15 bob@army.ml bounced from "alice@corp.example" by "pc.corp.example[192.0.2.7]"`, `2026-11-21 22:38:15 bob@army.ml bounced from "alice@corp.example" by "[192.0.2.7]:1234"`,
			`2026-11-21 22:38:15 bob@army.ml bounced from "alice@corp.example" by "pc[192.0.2.7]"`,
		}, 0},
		{"Sendmail and OpenSMTPD that refuse", []string{
			"Nov 21 23:38:15 relay sm-mta[1]: 5ALNcFqk000314: ruleset=check_rcpt, arg1=<bob@army.ml>, relay=pc.corp.example [192.0.2.7], reject=553 5.1.8 <bob@army.ml>... no",
			"Nov 21 23:38:15 relay smtpd[1]: 7cbce05078b5a074 smtp connected address=192.0.2.7 host=pc.corp.example", `Nov 21 23:38:15 relay smtpd[1]: 7cbce05078b5a074 smtp failed-command command="RCPT TO:<bob@army.ml>" result="550 Invalid recipient"`,
		}, []string{`2026-11-21 22:38:15 bob@army.ml bounced from "" by "pc.corp.example[192.0.2.7]"`, `2026-11-21 22:38:15 bob@army.ml bounced from "" by "pc.corp.example[192.0.2.7]"`}, 0},
	})
}
