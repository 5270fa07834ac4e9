package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// eventFile writes an event of a name at a time to a file.
func eventFile(t *testing.T, events ...*event.Event) string {
	t.Helper()
	var out bytes.Buffer
	encoder := event.NewJSON(&out, "ns1")
	for _, e := range events {
		require.NoError(t, encoder.Encode(e))
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	require.NoError(t, os.WriteFile(path, out.Bytes(), 0o600))
	return path
}

// lookalikeEvent is an event of a name.
func lookalikeEvent(id, name, intended string, first time.Time) *event.Event {
	return &event.Event{
		ID: id, First: first, Last: first, Count: 1, Client: "192.0.2.25", Name: name, Question: name, Type: "MX", Action: "nxdomain", Mode: "enforce",
		Lookalike: event.Lookalike{Protected: "mil", Intended: intended, Policy: "mil"},
	}
}

// joinedReport is a report in JSON.
type joinedReport struct {
	Warnings []string
	Events   []struct {
		ID, Name, Client string
		Messages         []struct {
			MessageID string `json:"message_id"`
			Sender    string
			Recipient string
			Outcome   string
			Tries     int
			First     time.Time
			Corrected *time.Time
		}
	}
}

// TestJoinSamples: messages are found in what each real mail server logged.
func TestJoinSamples(t *testing.T) {
	servers := map[string]string{
		"postfix-delivered.log": "delivered", "postfix-smtp.log": "delivered", "postfix-bounced.log": "bounced", "postfix-deferred.log": "deferred",
		"exim-delivered.log": "delivered", "exim-bounced.log": "bounced", "exim-deferred.log": "deferred",
		"sendmail-delivered.log": "delivered", "sendmail-bounced.log": "bounced", "sendmail-deferred.log": "deferred",
		"opensmtpd-delivered.log": "delivered", "opensmtpd-bounced.log": "bounced", "opensmtpd-deferred.log": "deferred",
		"courier.log": "delivered", "qmail-multilog.log": "delivered", "qmail-syslog.log": "delivered", "haraka-default.log": "delivered", "haraka-json.log": "delivered",
		"journalctl-with-unit.log": "delivered",
	}
	for name, outcome := range servers {
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("logs", "testdata", name))
			require.NoError(t, err)
			log := filepath.Join(t.TempDir(), "mail.log")
			require.NoError(t, os.WriteFile(log, content, 0o600))
			require.NoError(t, os.Chtimes(log, testEnd, testEnd))
			r := logs.NewReader(logs.Options{})
			r.Begin(testEnd, content)
			var seen time.Time
			for line := range strings.Lines(string(content)) {
				r.Read([]byte(strings.TrimSuffix(line, "\n")), func(r *logs.Record) {
					if string(r.Name) == "army.ml" && r.Outcome.String() == outcome {
						seen = time.Unix(r.Time, 0)
					}
				})
			}
			require.False(t, seen.IsZero())

			got := runCommand(t, "", "audit", "-join", eventFile(t, lookalikeEvent("qj3mvx4wka", "army.ml", "army.mil", seen.Add(-time.Second))), "-json", "-addresses", log)
			require.Zero(t, got.status, got.errs)
			var report joinedReport
			require.NoError(t, json.Unmarshal([]byte(got.out), &report), got.out)
			require.Len(t, report.Events, 1)
			require.NotEmpty(t, report.Events[0].Messages)
			m := report.Events[0].Messages[0]
			assert.Contains(t, []string{"bob@army.ml", "@army.ml"}, m.Recipient) // Haraka logs the domain only
			assert.Equal(t, outcome, m.Outcome)
			require.NotEmpty(t, m.MessageID)
			assert.Contains(t, string(content), m.MessageID)
			if name != "journalctl-with-unit.log" { // it has no line of the sender
				assert.Contains(t, m.Sender, "@corp.example")
			}
		})
	}
}

// TestJoinCommand: what people, programs and spreadsheets get, without addresses and with them.
func TestJoinCommand(t *testing.T) {
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.Local)
	events := eventFile(t, lookalikeEvent("aaaaaaaaaa", "army.ml", "army.mil", noon), lookalikeEvent("bbbbbbbbbb", "navy.ml", "navy.mil", noon))
	from := func(id string) string {
		return "Nov 20 12:00:00 relay postfix/qmgr[1]: " + id + ": from=<alice@corp.example>, size=1, nrcpt=1 (queue active)\n"
	}
	log := filepath.Join(t.TempDir(), "mail.log")
	require.NoError(t, os.WriteFile(log, []byte(from("AAAAAA")+delivery("Nov 20 12:00:01", "AAAAAA", "bob@army.ml", "bounced")+
		from("BBBBBB")+delivery("Nov 20 12:20:00", "BBBBBB", "bob@army.mil", "sent")), 0o600))
	require.NoError(t, os.Chtimes(log, testEnd, testEnd))
	t.Chdir(t.TempDir()) // without a Corefile

	got := runCommand(t, "", "audit", "-join", events, log)
	require.Zero(t, got.status, got.errs)
	assert.Contains(t, got.out, "\nEvents: 2, with messages in these logs: 1. Messages: 1 (0 delivered, 1 bounced, 0 deferred), corrected by the sender within a day: 1.\n")
	assert.Regexp(t, `\naaaaaaaaaa +army\.ml +army\.mil +192\.0\.2\.25 +AAAAAA +2026-11-20 12:00 +@corp\.example +@army\.ml +bounced +2026-11-20 12:20\n`, got.out)
	assert.Regexp(t, `\nWithout a message in these logs:\nbbbbbbbbbb +2026-11-20 12:00 +navy\.ml +192\.0\.2\.25\n$`, got.out)

	got = runCommand(t, "", "audit", "-join", events, "-csv", "-addresses", log)
	require.Zero(t, got.status, got.errs)
	rows, err := csv.NewReader(strings.NewReader(got.out)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	assert.Equal(t, joinedHeader, rows[0])
	stamp := func(hour, minute, second int) string {
		return time.Date(2026, time.November, 20, hour, minute, second, 0, time.Local).Format(time.RFC3339)
	}
	assert.Equal(t, []string{"aaaaaaaaaa", stamp(12, 0, 0), "army.ml", "army.mil", "mil", "enforce", "nxdomain", "192.0.2.25", "AAAAAA", "alice@corp.example", "bob@army.ml",
		stamp(12, 0, 1), stamp(12, 0, 1), "1", "bounced", stamp(12, 20, 0)}, rows[1])
	assert.Equal(t, "bbbbbbbbbb", rows[2][0])
	assert.Equal(t, make([]string, 8), rows[2][8:])

	for _, format := range []string{"-json", "-csv"} {
		got = runCommand(t, "", "audit", "-join", events, format, log)
		assert.NotContains(t, got.out, "alice", format)
		assert.NotContains(t, got.out, "bob", format)
	}
}

// TestJoinHistory: the events may be in a history, which is not changed; one of them is found by its id.
func TestJoinHistory(t *testing.T) {
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.Local)
	dsn := history.SQLite(filepath.Join(t.TempDir(), "events.db"))
	s, err := history.Open(historyconfig.Store{DSN: dsn})
	require.NoError(t, err)
	repeated := lookalikeEvent("bbbbbbbbbb", "navy.ml", "navy.mil", noon)
	repeated.Last = noon.Add(4 * time.Minute)
	watched := lookalikeEvent("cccccccccc", "army.ml", "army.mil", noon)
	watched.Action = event.Registered
	literal := lookalikeEvent("ffffffffff", "", "", noon) // a listener refused mail to an address literal
	literal.Question, literal.Action, literal.Lookalike = "", event.SMTPRefused, event.Lookalike{}
	merged := lookalikeEvent("dddddddddd", "coast.ml", "coast.mil", noon.Add(-6*time.Minute)) // of two, each with repeats
	merged.Last = noon.Add(3 * time.Minute)
	_, err = s.Write(t.Context(), []*event.Event{lookalikeEvent("aaaaaaaaaa", "army.ml", "army.mil", noon), repeated, watched, literal, merged})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	other, err := history.Open(historyconfig.Store{DSN: dsn, Host: "ns2"})
	require.NoError(t, err)
	_, err = other.Write(t.Context(), []*event.Event{lookalikeEvent("eeeeeeeeee", "army.ml", "army.mil", noon.Add(time.Second))}) // of the same mistake
	require.NoError(t, err)
	require.NoError(t, other.Close())
	log := filepath.Join(t.TempDir(), "mail.log")
	require.NoError(t, os.WriteFile(log, []byte(delivery("Nov 20 12:00:01", "AAAAAA", "bob@army.ml", "bounced")+
		delivery("Nov 20 12:03:00", "CCCCCC", "bob@coast.ml", "bounced")+delivery("Nov 20 12:05:00", "BBBBBB", "bob@navy.ml", "bounced")), 0o600))
	require.NoError(t, os.Chtimes(log, testEnd, testEnd))
	t.Chdir(t.TempDir())
	for _, tt := range []struct {
		name string
		args []string
		want []string // the events
	}{
		{"all", nil, []string{"aaaaaaaaaa AAAAAA", "bbbbbbbbbb BBBBBB", "dddddddddd CCCCCC"}},
		{"one", []string{"-event", "bbbbbbbbbb"}, []string{"bbbbbbbbbb BBBBBB"}},
		{"one by another id", []string{"-event", "eeeeeeeeee"}, []string{"aaaaaaaaaa AAAAAA"}},
		{"since its repeats", []string{"-since", "2026-11-20 12:02"}, []string{"bbbbbbbbbb BBBBBB", "dddddddddd CCCCCC"}},
		{"both", []string{"-event", "aaaaaaaaaa", "-event", "bbbbbbbbbb"}, []string{"aaaaaaaaaa AAAAAA", "bbbbbbbbbb BBBBBB"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := runCommand(t, "", append(append([]string{"audit", "-join", dsn, "-json"}, tt.args...), log)...)
			require.Zero(t, got.status, got.errs)
			var report joinedReport
			require.NoError(t, json.Unmarshal([]byte(got.out), &report))
			var found []string
			for _, e := range report.Events {
				require.Len(t, e.Messages, 1, e.ID)
				found = append(found, e.ID+" "+e.Messages[0].MessageID)
			}
			assert.ElementsMatch(t, tt.want, found)
		})
	}
}

// TestJoinDoubts: what may be missing is said, and has another exit status; what cannot be joined is an error.
func TestJoinDoubts(t *testing.T) {
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.Local)
	events := eventFile(t, lookalikeEvent("aaaaaaaaaa", "army.ml", "army.mil", noon))
	broken := filepath.Join(t.TempDir(), "broken.jsonl")
	content, err := os.ReadFile(events)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(broken, append(content, `{"@timestamp":"2026`...), 0o600))
	later := delivery("Nov 20 13:00:00", "AAAAAA", "bob@army.ml", "bounced")
	tests := []struct {
		name, log string
		args      []string
		status    int
		want      string
	}{
		{"another time", later, []string{"-join", events}, 3, "1 tries of mail to these names are at no event's time: do the clocks agree, and the time zone of the logs with TZ?"},
		{"no time", strings.TrimPrefix(later, "Nov 20 13:00:00 relay "), []string{"-join", events}, 3, "1 tries of mail to lookalikes have no time"},
		{"half an event", delivery("Nov 20 12:00:00", "AAAAAA", "bob@army.ml", "bounced"), []string{"-join", broken}, 3, "1 lines of what -join names are no events"},
		{"a relay on this host", strings.Replace(delivery("Nov 20 12:00:00", "AAAAAA", "bob@army.ml", "sent"), "mx[192.0.2.1]:25", "127.0.0.1[127.0.0.1]:10024", 1), []string{"-join", events}, 3, " relayed "},
		{"no events", later, []string{"-join", "/dev/null"}, 2, "join: /dev/null: no event; expected lines of JSON, as events writes them, or a history"},
		{"no such event", later, []string{"-join", events, "-event", "bbbbbbbbbb"}, 2, `no event "bbbbbbbbbb" that is a query for a lookalike`},
		{"an event of nothing", later, []string{"-event", "aaaaaaaaaa"}, 2, "event, and no join; expected what has the event, such as -join /var/log/typoguard/events.json"},
		{"no history", later, []string{"-join", "sqlite:///nope/events.db"}, 2, "join: sqlite:///nope/events.db: stat /nope/events.db: no such file or directory"},
		{"no database", later, []string{"-join", "mysql://user:secret@host/db"}, 2, `join: unknown database "mysql://…"; expected sqlite:///PATH or postgres://USER@HOST/DATABASE`},
		{"no file", later, []string{"-join", "missing.jsonl"}, 2, "join: open missing.jsonl: no such file or directory"},
		{"with -suggest", later, []string{"-join", events, "-suggest", t.TempDir()}, 2, "join, and suggest; expected only one of them"},
		{"both from standard input", later, []string{"-join", "-"}, 2, "join: -, and no FILE; expected one of the two to be a file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := runCommand(t, tt.log, append([]string{"audit", "-conf", "testdata/policy.conf"}, tt.args...)...)
			assert.Equal(t, tt.status, got.status, got.errs)
			assert.Contains(t, got.out+got.errs, tt.want)
		})
	}
}
