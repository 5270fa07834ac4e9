package logs

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestFilterLines: Rspamd, which says what a message's fate is before anybody has it.
func TestFilterLines(t *testing.T) {
	const head, tail = "Nov 21 23:38:15 relay rspamd[1]: <abc123>; proxy; rspamd_task_write_log: id: <m1@corp.example>, ip: 10.0.0.1, from: <alice@corp.example>, ", ", len: 512, digest: <0a1b>"
	const by = ` from "alice@corp.example" by "10.0.0.1"`
	runLineTests(t, "rspamd", []lineTest{
		{"passed, two recipients", []string{head + "(default: F (no action): [1.2/15.0] [X(1.0){}])" + tail + ", rcpts: <bob@army.ml>,<eve@navy.mi>, mime_rcpts: <bob@army.ml>"},
			[]string{"2026-11-21 22:38:15 bob@army.ml asked" + by, "2026-11-21 22:38:15 eve@navy.mi asked" + by}, Taken},
		{"refused", []string{head + "(default: T (reject): [16.2/15.0] [])" + tail + ", rcpts: <bob@army.ml>"}, []string{"2026-11-21 22:38:15 bob@army.ml bounced" + by}, Taken},
		{"put off", []string{head + "(default: F (greylist): [6.2/15.0] [])" + tail + ", rcpts: <bob@army.ml>"}, []string{"2026-11-21 22:38:15 bob@army.ml deferred" + by}, Taken},
		{"put off by a rule", []string{head + "(default: F (soft reject): [6.2/15.0] [])" + tail + ", rcpts: <bob@army.ml>"}, []string{"2026-11-21 22:38:15 bob@army.ml deferred" + by}, Taken},
		{"no envelope", []string{head + "(default: F (no action): [1.2/15.0] [])" + tail}, nil, Other},
		{"no action", []string{head + "len: 512, digest: <0a1b>, rcpts: <bob@army.ml>"}, nil, Unknown},
		{"cut in the action", []string{head + "(default: F (no act, rcpts: <bob@army.ml>"}, nil, Unknown},
		{"cut before the recipients", []string{head + "(default: F (no action): [1.2/15.0] [])"}, nil, Unknown},
		{"cut in the recipients", []string{head + "(default: F (no action): [1.2/15.0] [])" + tail + ", rcpts: <bob@army.ml>,<eve@na"}, []string{"2026-11-21 22:38:15 bob@army.ml asked" + by}, Unknown},
		{"another line", []string{"Nov 21 23:38:15 relay rspamd[1]: <abc123>; proxy; proxy_accept_socket: accepted"}, nil, Other},
	})
}

// TestPowerDNSLines: PowerDNS Recursor, with each form of a client's address.
func TestPowerDNSLines(t *testing.T) {
	const head = `Nov 21 23:38:15 ns pdns_recursor[1]: msg="Question" subsystem="syncres" ts="1733579704.098" qname="army.ml" qtype="MX" remote=`
	runLineTests(t, "powerdns", []lineTest{
		{"IPv4", []string{head + `"192.0.2.25:51800"`}, []string{`2026-11-21 22:38:15 army.ml MX from "" by "192.0.2.25"`}, Taken},
		{"IPv6", []string{head + `"[2001:db8::1]:51800"`}, []string{`2026-11-21 22:38:15 army.ml MX from "" by "2001:db8::1"`}, Taken},
		{"no client", []string{`Nov 21 23:38:15 ns pdns_recursor[1]: msg="Question" subsystem="syncres" qname="army.ml" qtype="MX"`}, []string{`2026-11-21 22:38:15 army.ml MX from "" by ""`}, Taken},
		{"before 4.6", []string{"Nov 21 23:38:15 ns pdns_recursor[1]: 5 [1/1] question for 'army.ml|MX' from 2001:db8::1"}, []string{`2026-11-21 22:38:15 army.ml MX from "" by "2001:db8::1"`}, Taken},
		{"before 4.6, cut", []string{"Nov 21 23:38:15 ns pdns_recursor[1]: 5 [1/1] question for 'army"}, nil, Unknown},
		{"no type", []string{`Nov 21 23:38:15 ns pdns_recursor[1]: msg="Question" subsystem="syncres" qname="army.ml" qtype="" remote="192.0.2.25:1"`}, nil, Unknown},
		{"answer", []string{`Nov 21 23:38:15 ns pdns_recursor[1]: msg="Answer" subsystem="syncres" qname="army.ml" qtype="MX" remote="192.0.2.25:1"`}, nil, Other},
	})
}

// TestWindowsLines: names in the debug log of Windows.
func TestWindowsLines(t *testing.T) {
	const head = "11/21/2026 11:38:15 PM 0A1C PACKET  000000E5B3F5C0A0 UDP Rcv 10.0.0.1        0002   Q [0001   D   NOERROR] "
	runLineTests(t, "windows-dns", []lineTest{
		{"name", []string{head + "MX     (4)army(2)ml(0)"}, []string{`2026-11-21 22:38:15 army.ml. MX from "" by "10.0.0.1"`}, Taken},
		{"root", []string{head + "NS     (0)"}, []string{`2026-11-21 22:38:15 . NS from "" by "10.0.0.1"`}, Taken},
		{"no end", []string{head + "MX     (4)army"}, nil, Unknown},
		{"no label", []string{head + "MX     (4)army("}, nil, Unknown},
		{"a label too long", []string{head + "MX     (9)army(0)"}, nil, Unknown},
		{"no number", []string{head + "MX     (x)army(0)"}, nil, Unknown},
		{"no type", []string{head + "       (4)army(2)ml(0)"}, nil, Unknown},
		{"of another opcode", []string{"11/21/2026 11:38:15 PM 0A1C PACKET  000000E5B3F5C0A0 UDP Rcv 10.0.0.1        0002   U [0028       NOERROR] SOA    (4)army(2)ml(0)"}, nil, Other},
	})
}

// TestClaims: which messages without a program are taken for those of a server, and which are not.
func TestClaims(t *testing.T) {
	for message, want := range map[string]Result{
		"[2461:0] info: 192.0.2.25 army.ml. MX IN":                         Taken,
		"[2461:0] query: 192.0.2.25 army.ml. MX IN":                        Taken,
		"[2461:0] reply: 192.0.2.25 army.ml. MX IN NXDOMAIN 0.000000 1 36": Taken,
		"[2461:0] notice: 192.0.2.25 army.ml. MX IN":                       Foreign,
		"2461:0] info: 192.0.2.25 army.ml. MX IN":                          Foreign,
		"delivery 1: success: 192.0.2.1_accepted_message./":                Unknown,
		"delivery 1 of 3 to bob@army.ml: success: ":                        Foreign,
		"starting delivery 3 of eggs":                                      Foreign,
		"#123(normal) <abc>; task; rspamd_task_write_log: id: <m>":         Unknown,
		"#123 was closed": Foreign,
	} {
		r := NewReader(Options{})
		r.Begin(testEnd, nil)
		assert.Equal(t, want, r.Read([]byte(message), func(*Record) {}), message)
	}
}

// TestQuestionClients: a client is judged by its address, whatever stands around it.
func TestQuestionClients(t *testing.T) {
	for line, want := range map[string]string{
		`Nov 21 23:38:15 ns pdns_recursor[1]: msg="Question" qname="army.ml" qtype="MX" remote="[2001:db8::1]:51800"`:                                      "2001:db8::1",
		`Nov 21 23:38:15 ns pdns_recursor[1]: msg="Question" qname="army.ml" qtype="MX" remote="[fe80::1%eth0]:51800"`:                                     "fe80::1",
		`{"timestamp":"2026-11-21T23:38:15.1+0100","event_type":"dns","src_ip":"::ffff:10.0.0.1","dns":{"type":"query","rrname":"army.ml","rrtype":"MX"}}`: "10.0.0.1",
		"[1795300695] unbound[2461:0] info: 192.0.2.25 army.ml. MX IN":                                                                                     "192.0.2.25",
	} {
		r := NewReader(Options{})
		r.Begin(testEnd, nil)
		var got netip.Addr
		r.Read([]byte(line), func(r *Record) { got = r.Client })
		assert.Equal(t, want, got.String(), line)
	}
}
