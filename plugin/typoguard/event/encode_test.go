package event

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew, to be checked by hand")

// at is a time with a zone and nanoseconds, neither of which may show.
var at = time.Date(2026, 11, 22, 1, 2, 3, 456_789_012, time.FixedZone("", 3600))

func query() *Event {
	return &Event{
		ID: "k3j5q2abcd", To: []string{"log"}, First: at, Last: at.Add(90 * time.Second), Count: 3,
		Client: "192.0.2.7", NewClient: true, Action: "nxdomain", Mode: "enforce",
		Lookalike: Lookalike{Protected: "mil", Intended: "us.army.mil", Kind: "omission", Distance: 1, Policy: "mil"},
		Name:      "us.army.ml", Question: "us.army.ml", Type: "MX", Types: []string{"MX", "A", "AAAA"}, ResponseCode: "NXDOMAIN", Server: "dns://:53", View: "mail",
	}
}

func examples() map[string]*Event {
	monitored := query()
	monitored.Mode, monitored.ResponseCode, monitored.Count, monitored.Last, monitored.NewClient, monitored.View = "monitor", "", 1, at, false, ""
	monitored.Types, monitored.Client = []string{"MX"}, ""
	homoglyph := query()
	target := query()
	target.Via, target.Question, target.Record, target.ResponseCode, target.Count = "192.0.2.53", "partner.example", "MX", "", 1
	target.Types, target.Last = []string{"MX"}, at
	homoglyph.Counterpart = "exists"
	homoglyph.Name, homoglyph.Intended, homoglyph.Kind, homoglyph.Distance = `arrny\032\"<.mil`, "army.mil", "homoglyph", 0
	refused := &Event{
		ID: "abcd2345", First: at, Last: at, Count: 1, Client: "2001:db8::25", Action: SMTPRefused, Mode: "enforce",
		Lookalike: Lookalike{Protected: "mil", Intended: "us.army.mil", Kind: "omission", Distance: 1, Policy: "mil"}, Name: "us.army.ml",
		SMTP: &SMTP{Helo: "re\"lay\xff", Sender: "corp.example", Recipient: "bob@us.army.ml", TLS: true},
	}
	other := &Event{
		ID: "abcd2346", First: at, Last: at, Count: 1, Client: "192.0.2.1", Action: SMTPRefused, Mode: "enforce", Name: "example.org",
		SMTP: &SMTP{Helo: "relay", Recipient: "example.org"},
	}
	both := query()
	both.Action, both.Count, both.ResponseCode, both.SMTP = SMTPRefused, 6, "NOERROR", &SMTP{Helo: "relay", Sender: "corp.example", Recipient: "us.army.ml", TLS: true}
	first, last := inMillis(both.First), inMillis(both.Last)
	both.Parts = []Part{
		{Type: "MX", Count: 2, First: first, Last: last}, {Type: "A", Via: "192.0.2.53", Question: "partner.example", Record: "MX", Count: 1, First: first, Last: first},
		{SMTP: both.SMTP, Count: 2, First: last, Last: last}, {ID: "abcd234567", Host: "ns2", Rest: true, Count: 1, First: first, Last: first},
	}
	listed := query()
	listed.Via, listed.Question, listed.ResponseCode, listed.Type, listed.Types = ViaList, "us.army.ml.list.corp.example", "NOERROR", "A", []string{"A", "TXT"}
	return map[string]*Event{"listed": listed, "query": query(), "monitored": monitored, "homoglyph": homoglyph, "target": target, "refused": refused, "other": other, "both": both}
}

// TestJSON compares with golden files, one field a line, which were checked by hand against ECS.
func TestJSON(t *testing.T) {
	for name, e := range examples() {
		t.Run(name, func(t *testing.T) {
			var line bytes.Buffer
			require.NoError(t, NewJSON(&line, "ns1.corp.example").Encode(e))
			assert.Equal(t, 1, strings.Count(line.String(), "\n"))
			assert.True(t, strings.HasSuffix(line.String(), "}\n"))
			var pretty bytes.Buffer
			require.NoError(t, json.Indent(&pretty, line.Bytes(), "", "  "))
			golden := filepath.Join("testdata", name+".json")
			if *update {
				require.NoError(t, os.WriteFile(golden, pretty.Bytes(), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), pretty.String())
		})
	}
}

// TestMessage: text logs have the essentials in the message.
func TestMessage(t *testing.T) {
	want := map[string]string{
		"query": "us.army.ml looks like us.army.mil (omission, policy mil): client 192.0.2.7 asked for MX A AAAA, answered nxdomain, " +
			"new client, id k3j5q2abcd, 3 times since 2026-11-22T00:02:03.456Z",
		"monitored": "us.army.ml looks like us.army.mil (omission, policy mil): client - asked for MX, monitored (nxdomain in mode enforce), id k3j5q2abcd",
		"target": "MX us.army.ml of partner.example looks like us.army.mil (omission, policy mil): client 192.0.2.7 asked for MX, " +
			"answered nxdomain, new client, id k3j5q2abcd",
		"refused": `Refused mail from <corp.example> to <bob@us.army.ml>, which looks like us.army.mil (omission, policy mil): ` +
			`client 2001:db8::25 (HELO "re\"lay\xff", TLS), id abcd2345`,
		"both": "us.army.ml looks like us.army.mil (omission, policy mil): client 192.0.2.7 asked for MX A AAAA, the sinkhole refused mail " +
			"from <corp.example> to <us.army.ml> and 1 more (HELO \"relay\", TLS), new client, id k3j5q2abcd, 6 times since 2026-11-22T00:02:03.456Z",
		"other": `Refused mail from <> to <example.org>, which does not look like any protected suffix: client 192.0.2.1 (HELO "relay", no TLS), id abcd2346`,
	}
	all := examples()
	all["not folded"] = query()
	all["not folded"].Types, all["not folded"].Count = nil, 0
	want["not folded"] = "us.army.ml looks like us.army.mil (omission, policy mil): client 192.0.2.7 asked for MX, answered nxdomain, new client, id k3j5q2abcd"
	for action, says := range map[string]string{
		Registered: "it exists now", TakesMail: "it takes mail now", MovedMail: "its mail now goes where that of many lookalikes goes",
	} {
		e := query()
		e.Action, e.Mode, e.Via, e.Count = action, "monitor", "mx.stranger.example", 1
		all[action] = e
		want[action] = "us.army.ml looks like us.army.mil (omission, policy mil): " + says + ", mail server mx.stranger.example, id k3j5q2abcd"
	}
	for name, message := range want {
		assert.Equal(t, message, all[name].Message(), name)
	}
}

// FuzzJSON: whatever a client sends, an event is one line of JSON that says the same.
func FuzzJSON(f *testing.F) {
	f.Add("us.army.ml", "relay", "bob@us.army.ml")
	f.Add("a\nb", "\"\x00\xff", "\u2028<>&")
	f.Fuzz(func(t *testing.T, name, helo, recipient string) {
		e := query()
		e.Name, e.SMTP = name, &SMTP{Helo: helo, Recipient: recipient}
		var line bytes.Buffer
		require.NoError(t, NewJSON(&line, "host").Encode(e))
		require.Equal(t, line.Len()-1, bytes.IndexByte(line.Bytes(), '\n'), "one line")
		var fields map[string]any
		require.NoError(t, json.Unmarshal(line.Bytes(), &fields))
		for key, value := range map[string]string{"typoguard.lookalike": name, "typoguard.helo": helo, "typoguard.recipient": recipient} {
			if value == "" {
				require.NotContains(t, fields, key)
				continue
			}
			require.Equal(t, string([]rune(value)), fields[key]) // the conversion replaces what is not UTF-8
		}
	})
}
