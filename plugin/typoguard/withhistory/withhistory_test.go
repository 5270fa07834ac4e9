package withhistory_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"
	_ "github.com/coredns/coredns/plugin/bind" // the servers of these tests listen on loopback only
	clog "github.com/coredns/coredns/plugin/pkg/log"
	_ "github.com/coredns/coredns/plugin/root" // and their files are in a directory

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	_ "github.com/typoguard/coredns-typoguard/plugin/typoguard/withhistory"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"
)

func init() { clog.Discard() }

// patience is how long to wait for what happens soon.
const patience = 20 * time.Second

// ask asks a running server for MX and returns the answer's code.
func ask(t *testing.T, instance *caddy.Instance, name string) int {
	t.Helper()
	reply, err := dns.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeMX), instance.Servers()[0].LocalAddr().String())
	require.NoError(t, err)
	return reply.Rcode
}

// rows returns the result of a query, columns with a space between them, as people get it who open the file by themselves.
func rows(t require.TestingT, path, query string) []string {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	result, err := db.Query(query)
	require.NoError(t, err)
	defer result.Close()
	columns, err := result.Columns()
	require.NoError(t, err)
	var all []string
	for result.Next() {
		values, into := make([]string, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, result.Scan(into...))
		all = append(all, strings.Join(values, " "))
	}
	require.NoError(t, result.Err())
	return all
}

// TestParseErrors holds every message whole. ROOT stands for the directory of relative file names.
func TestParseErrors(t *testing.T) {
	caddytest.UseDirectives(t)
	const database = `; expected sqlite:///PATH or postgres://USER@HOST/DATABASE`
	tests := []struct{ name, options, want string }{
		{"no database", "history", `3 - Error during parsing: history: no argument; expected a database such as sqlite:///var/lib/typoguard/events.db or postgres://user@host/database`},
		{"a path", "history events.db", `3 - Error during parsing: history: not a database URL` + database},
		{"no path", "history sqlite://", `3 - Error during parsing: history: unknown database "sqlite://…"` + database},
		{"another database", "history mysql://user:secret@host/db", `3 - Error during parsing: history: unknown database "mysql://…"` + database},
		{"a bad DSN", "history postgres://user:secret@host:port/db", `3 - Error during parsing: history: invalid PostgreSQL URL: `},
		{"no directory", "history sqlite://nope/events.db", `3 - Error during parsing: history: ROOT/nope is not a directory; expected one that exists`},
		{"a directory", "history sqlite://.", `3 - Error during parsing: history: ROOT is not a regular file; expected a file, or none`},
		{"unknown setting", "history sqlite://e.db keep 3", `3 - Error during parsing: history: unknown setting "keep"; expected one of age, size`},
		{"no age", "history sqlite://e.db age 30", `3 - Error during parsing: history: age "30"; expected a duration such as 30d, 1d12h or 12h`},
		{"small", "history sqlite://e.db size 64KB", `3 - Error during parsing: history: size "64KB"; expected at least 1MB, such as 1GB, or 0 for no limit`},
		{"two histories", "history sqlite://e.db\nhistory sqlite://f.db", `4 - Error during parsing: history: already given at Corefile:3; expected it once`},
		{"a page of nothing", "review", `3 - Error during parsing: review: the policy has no history; expected one in the same stanza, such as history sqlite:///var/lib/typoguard/events.db`},
		{"unknown setting of a page", "history sqlite://e.db\nreview 127.0.0.1:8053 tls on", `4 - Error during parsing: review: unknown setting "tls"; expected one of clients_file, clients_ptr, host, web_config`},
		{"no editors", "history sqlite://e.db\nreview 127.0.0.1:8053 editors", `4 - Error during parsing: review: editors without a value; expected users`},
		{"editors of a page without users", "history sqlite://e.db\nreview editors alice bob", `4 - Error during parsing: review: editors: nobody logs in to the page; expected a web_config with users or client certificates`},
		{"allowed by no history", "allow_from history", `3 - Error during parsing: allow_from: the policy has no history; expected one in the same stanza, such as history sqlite:///var/lib/typoguard/events.db`},
		{"allowed by another one", "allow_from events\nhistory sqlite://e.db", `3 - Error during parsing: allow_from: "events"; expected history`},
		{"signed by nobody", "allow_from history\nminisign key\nhistory sqlite://e.db", `4 - Error during parsing: minisign: `},
		{"no value", "history sqlite://e.db\nreview 127.0.0.1:8053 host a web_config", `4 - Error during parsing: review: `},
		{"no port", "history sqlite://e.db\nreview 127.0.0.1", `4 - Error during parsing: review: `},
		{"open to all", "history sqlite://e.db\nreview 0.0.0.0:8053", `4 - Error during parsing: review: `},
		{"names that are not there", "history sqlite://e.db\nreview clients_file clients", `4 - Error during parsing: review: clients_file: open ROOT/clients`},
		{"names that nobody knows", "history sqlite://e.db\nreview clients_ptr ns1", `4 - Error during parsing: review: clients_ptr "ns1"; expected system, or the address of a resolver such as 192.0.2.53 or 192.0.2.53:5353`},
		{"a file that is not there", "history sqlite://e.db\nreview 192.0.2.1:8053 web_config web.yml", `4 - Error during parsing: review: `},
		{"two pages", "history sqlite://e.db\nreview\nreview", `5 - Error during parsing: review: already given at Corefile:4; expected it once`},
		{"a digest of nothing", "notify mailto:a@b.example relay smtp://c.example from d@e.example", `3 - Error during parsing: notify: the policy has no history to sum up; expected one in the same stanza, such as history sqlite:///var/lib/typoguard/events.db`},
		{"a digest by nobody", "history sqlite://e.db\nnotify mailto:a@b.example", `4 - Error during parsing: notify: relay or from is missing; expected both, such as relay smtp://mail.corp.example from typoguard@corp.example`},
		{"a digest for nobody", "history sqlite://e.db\nnotify mailto: relay smtp://c.example from d@e.example", `4 - Error during parsing: notify: address ""; expected one such as soc@corp.example, and several with a comma between them`},
		{"a digest at no time", "history sqlite://e.db\nnotify mailto:a@b.example relay smtp://c.example from d@e.example at noon", `4 - Error during parsing: notify: at "noon"; expected a time of day such as 07:00`},
		{"a digest nowhere on Earth", "history sqlite://e.db\nnotify mailto:a@b.example relay smtp://c.example from d@e.example timezone Mars/Base", `4 - Error during parsing: notify: timezone "Mars/Base"; expected a name such as Europe/Amsterdam or UTC`},
		{"a digest without a password", "history sqlite://e.db\nnotify mailto:a@b.example relay smtp://c.example from d@e.example login nope", `4 - Error during parsing: notify: open ROOT/nope: no such file or directory`},
		{"a digest with starttls", "history sqlite://e.db\nnotify mailto:a@b.example relay smtp://c.example from d@e.example starttls maybe", `4 - Error during parsing: notify: starttls "maybe"; expected on or off`},
		{"an unknown setting of a digest", "history sqlite://e.db\nnotify mailto:a@b.example template s", `4 - Error during parsing: notify: unknown setting "template"; expected one of at, ca, every, from, login, relay, starttls, timezone, url`},
		{"a digest twice", "history sqlite://e.db\nnotify mailto:a@b.example relay smtp://c.example from d@e.example\nnotify mailto:a@b.example relay smtp://c.example from d@e.example", `5 - Error during parsing: notify: mailto:a@b.example twice; expected different ones`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			input := caddy.CaddyfileInput{Filepath: "Corefile", ServerTypeName: "dns",
				Contents: []byte(". {\ntypoguard {\n" + tt.options + "\nprotect mil\n}\n" + "root " + root + "\n}")}
			_, err := typoguard.Load(input)
			require.Error(t, err)
			want := "plugin/typoguard: Corefile:" + strings.ReplaceAll(tt.want, "ROOT", root)
			assert.True(t, strings.HasPrefix(err.Error(), want), "%s\nbegins with %s", err, want)
			assert.NotContains(t, err.Error(), "secret")
			entries, err := os.ReadDir(root)
			require.NoError(t, err)
			assert.Empty(t, entries, "parsing has no side effects")
		})
	}
}

// TestContradictions: policies may share a history and a page, and have to agree about them.
func TestContradictions(t *testing.T) {
	caddytest.UseDirectives(t)
	share := func(one, other string) error {
		input := caddytest.Corefile("typoguard a {\nprotect mil\n" + one + "\n}\ntypoguard b {\nprotect gov\n" + other + "\n}")
		_, err := typoguard.Load(input)
		return err
	}
	dir := t.TempDir()
	e, f := "history sqlite://"+filepath.Join(dir, "e.db"), "history sqlite://"+filepath.Join(dir, "f.db")
	const at = " at Corefile:5; expected the same settings for both, which share "
	require.NoError(t, share(e+"\nreview", e+" age 90d size 1GB\nreview 127.0.0.1:8053"))
	require.NoError(t, share(e+"\nreview", f+"\nreview 127.0.0.1:8054"))
	require.ErrorContains(t, share(e, e+" age 30d"), `history: "age 720h0m0s size 1073741824" contradicts "age 2160h0m0s size 1073741824"`+at+"sqlite://"+dir+"/e.db")
	require.ErrorContains(t, share(e+"\nreview", f+"\nreview"), `Corefile:11 - Error during parsing: review: web_config "" host "" history sqlite://`+dir+
		`/f.db contradicts web_config "" host "" history sqlite://`+dir+"/e.db at Corefile:6")
	const mail = "\nnotify mailto:a@b.example relay smtp://c.example from d@e.example"
	require.NoError(t, share(e+mail, e+mail+" every day"))
	require.NoError(t, share(e+mail, f+mail+" every sunday"), "of another history")
	require.ErrorContains(t, share(e+mail, e+mail+" every sunday"), `Corefile:11 - Error during parsing: notify: "relay smtp://c.example from d@e.example every sunday" contradicts `+
		`"relay smtp://c.example from d@e.example" at Corefile:6; expected the same settings for both, which share mailto:a@b.example`)
	err := share("history postgres://u:secret1@host/db", "history postgres://u:secret2@host/db")
	require.ErrorContains(t, err, "history: the password or options differ from those at Corefile:5; expected the same for both, which share postgres://u@host:5432/db")
	assert.NotContains(t, err.Error(), "secret")
}

// TestLoadOpensNothing: the commands take such a Corefile, and leave no database behind.
func TestLoadOpensNothing(t *testing.T) {
	caddytest.UseDirectives(t)
	dir := t.TempDir()
	blocks, err := typoguard.Load(caddytest.Corefile("typoguard {\nprotect mil\nhistory sqlite://" + filepath.Join(dir, "e.db") + "\nreview\n}"))
	require.NoError(t, err)
	d := blocks[0].Judge(&policy.Query{Name: "army.ml", Type: dns.TypeMX})
	assert.Equal(t, policy.Lookalike, d.Verdict)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}
