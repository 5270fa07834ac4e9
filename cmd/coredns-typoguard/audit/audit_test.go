package audit

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// corefileOfTests is the one that most tests here use.
const corefileOfTests = `
. {
	typoguard mil {
		protect mil
		allow gov.ml
	}
	typoguard trial {
		protect army.nl
		mode monitor
	}
}
`

// testBlocks loads a Corefile that needs no other plugin.
func testBlocks(tb testing.TB, content string) *corefile.Blocks {
	tb.Helper()
	before := dnsserver.Directives
	tb.Cleanup(func() { dnsserver.Directives = before })
	require.NoError(tb, dnsserver.SetDirectives([]string{"typoguard"}))
	blocks, err := typoguard.Load(caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(content), ServerTypeName: "dns"})
	require.NoError(tb, err)
	return &corefile.Blocks{All: blocks}
}

// auditAll audits logs that are given by their content.
func auditAll(t *testing.T, corefile string, o options, contents ...string) (*report, error) {
	t.Helper()
	a := newAuditor(newJudge(testBlocks(t, corefile), o.client, o.resolver), o)
	dir := t.TempDir()
	var paths []string
	for i, content := range contents {
		path := filepath.Join(dir, fmt.Sprintf("mail.log.%d", len(contents)-i))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chtimes(path, testEnd, testEnd))
		paths = append(paths, path)
	}
	a.readAll(paths, nil, progress{})
	return a.report(), errors.Join(errors.Join(a.refused...), errors.Join(a.cut...))
}

// testEnd is when the logs of these tests were last changed.
var testEnd = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.Local)

// delivery is a line of Postfix about mail to an address.
func delivery(stamp, id, address, status string) string {
	return fmt.Sprintf("%s relay postfix/smtp[1]: %s: to=<%s>, relay=mx[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=%s (x)\n", stamp, id, address, status)
}

// TestCounts: what became of mail, when, from where, and whether it would be blocked, by name and policy.
func TestCounts(t *testing.T) {
	older := "Nov 19 10:00:00 relay postfix/smtpd[1]: AAAAAA: client=host.corp.example[192.0.2.7]\n" +
		"Nov 19 10:00:00 relay postfix/qmgr[1]: AAAAAA: from=<alice@corp.example>, size=1, nrcpt=1 (queue active)\n" +
		delivery("Nov 19 10:00:01", "AAAAAA", "bob@army.ml", "deferred") +
		delivery("Nov 19 10:00:01", "BBBBBB", "bob@gov.ml", "sent")
	newer := delivery("Nov 20 10:00:01", "AAAAAA", "bob@army.ml", "deferred") +
		delivery("Nov 20 12:00:00", "AAAAAA", "bob@Army.ML", "sent") +
		delivery("Nov 20 12:00:01", "CCCCCC", "eve@army.ml", "bounced") +
		delivery("Nov 21 12:00:01", "DDDDDD", "eve@army.nk", "sent") +
		delivery("Nov 21 12:00:02", "EEEEEE", "eve@us.army.mil", "sent") +
		delivery("Nov 21 12:00:03", "FFFFFF", "eve@example.org", "sent") +
		"nonsense of carol@corp.example\n"
	r, err := auditAll(t, corefileOfTests, options{addresses: true}, older, newer)
	require.NoError(t, err)
	assert.Equal(t, itemCounts{Read: 11, Taken: 8, Other: 3}, r.Lines)
	assert.Equal(t, counts{Count: 8, Blocked: 4, Delivered: 5, Bounced: 1, Deferred: 2}, r.Deliveries)
	assert.Equal(t, map[string]int64{"allowed": 1, "monitor": 1, "protected": 1, "no_match": 1}, r.Passed)
	assert.Equal(t, counts{Count: 5, Blocked: 4, Delivered: 2, Bounced: 1, Deferred: 2}, r.Lookalike)
	require.Len(t, r.Lookalikes, 2)

	army := r.Lookalikes[0]
	assert.Equal(t, "army.ml army.mil mil 1 omission mil nxdomain enforce",
		fmt.Sprint(army.Name, " ", army.Intended, " ", army.Protected, " ", army.Distance, " ", army.Kind, " ", army.Policy, " ", army.Action, " ", army.Mode))
	assert.Equal(t, counts{Count: 4, Blocked: 4, Delivered: 1, Bounced: 1, Deferred: 2}, army.counts)
	assert.Equal(t, time.Date(2026, time.November, 19, 10, 0, 1, 0, time.Local), *army.First)
	assert.Equal(t, time.Date(2026, time.November, 20, 12, 0, 1, 0, time.Local), *army.Last)
	assert.EqualValues(t, 2, army.Days)
	assert.Equal(t, []valueCount{{"host.corp.example[192.0.2.7]", 3}, {"unknown", 1}}, army.Sources, "known from the older file")
	assert.Equal(t, []valueCount{{"alice@corp.example", 3}}, army.Senders)
	assert.Equal(t, []valueCount{{"bob@army.ml", 2}, {"bob@Army.ML", 1}, {"eve@army.ml", 1}}, army.Recipients)

	assert.Equal(t, "army.nk monitor", r.Lookalikes[1].Name+" "+r.Lookalikes[1].Mode)
	assert.Zero(t, r.Lookalikes[1].Blocked)
	assert.Equal(t, []allowable{{Domain: "army.ml", Names: 1, counts: army.counts, Days: 2, Sources: 2},
		{Domain: "army.nk", Names: 1, counts: r.Lookalikes[1].counts, Days: 1, Sources: 1}}, r.Allow)
	assert.Equal(t, 2, r.Protected)
	assert.Equal(t, []string{"army.nl"}, r.NeverSeen)
}

// TestAddressesHidden: without the option no local part is shown anywhere.
func TestAddressesHidden(t *testing.T) {
	r, err := auditAll(t, corefileOfTests, options{}, delivery("Nov 20 12:00:00", "AAAAAA", "general.smith@army.ml", "sent")+
		"Nov 20 12:00:00 relay postfix/qmgr[1]: AAAAAA: from=<alice.miller@corp.example>, size=1, nrcpt=1 (queue active)\n"+
		delivery("Nov 20 12:00:00", "AAAAAA", "general.smith@army.ml", "sent")+
		"x general.smith@army.ml (alice.miller@corp.example)\n"+delivery("Nov 20 12:00:00", "AAAAAA", "general.smith@army.ml", "unheard-of"))
	require.NoError(t, err)
	for name, write := range map[string]func(io.Writer, *report) error{"text": writeText, "JSON": writeJSON, "CSV": writeCSV} {
		var out strings.Builder
		require.NoError(t, write(&out, r))
		assert.NotContains(t, out.String(), "smith", name)
		assert.NotContains(t, out.String(), "miller", name)
		assert.Contains(t, out.String(), "@corp.example", "the domain of the sender stands for an unknown host")
	}
}

// TestBounds: -since is included, and -until is not; records without a time are an error then.
func TestBounds(t *testing.T) {
	log := ""
	for _, hour := range []string{"10", "11", "12", "13"} {
		log += delivery("Nov 20 "+hour+":00:00", "AAAAAA", "bob@army.ml", "sent")
	}
	at := func(hour int) int64 { return time.Date(2026, time.November, 20, hour, 0, 0, 0, time.Local).Unix() }
	r, err := auditAll(t, corefileOfTests, options{since: at(11), until: at(13)}, log)
	require.NoError(t, err)
	assert.EqualValues(t, 2, r.Deliveries.Count)
	assert.EqualValues(t, 2, r.Outside)
	assert.Equal(t, at(11), r.First.Unix())
	assert.Equal(t, at(12), r.Last.Unix())

	_, err = auditAll(t, corefileOfTests, options{since: at(11)}, "army.ml\n")
	require.EqualError(t, err, "since, until: there are records without a time stamp, which were left out; expected logs with time stamps")
}

// TestClients: a query is judged for the client that asked, a delivery for anybody or for the one that is given.
func TestClients(t *testing.T) {
	const scoped = ". {\ntypoguard relay {\nprotect mil\nclients 192.0.2.0/24\n}\n}"
	query := func(client string) string {
		return "[1795300695] unbound[2461:0] info: " + client + " army.ml. MX IN\n"
	}
	r, err := auditAll(t, scoped, options{client: netip.MustParseAddr("192.0.2.9")}, query("192.0.2.7")+query("198.51.100.1")+query("192.0.2.7"))
	require.NoError(t, err)
	assert.EqualValues(t, 2, r.Queries.Blocked)
	assert.Equal(t, map[string]int64{"client": 1}, r.Passed)
	require.Len(t, r.Lookalikes, 1)
	assert.EqualValues(t, 2, r.Lookalikes[0].Count)

	mail := delivery("Nov 20 12:00:00", "AAAAAA", "bob@army.ml", "sent")
	r, err = auditAll(t, scoped, options{}, mail)
	require.NoError(t, err)
	assert.EqualValues(t, 1, r.Deliveries.Blocked)
	r, err = auditAll(t, scoped, options{client: netip.MustParseAddr("198.51.100.1")}, mail)
	require.NoError(t, err)
	assert.Zero(t, r.Deliveries.Blocked)
}

// TestTypes: a query for a type that passes is of a lookalike, but would not be blocked.
func TestTypes(t *testing.T) {
	r, err := auditAll(t, corefileOfTests, options{}, "[1795300695] unbound[1:0] info: 192.0.2.7 army.ml. MX IN\n[1795300695] unbound[1:0] info: 192.0.2.7 army.ml. DS IN\n")
	require.NoError(t, err)
	assert.Equal(t, counts{Count: 2, Blocked: 1}, r.Lookalikes[0].counts)
	assert.Equal(t, map[string]int64{"type": 1}, r.Passed)
}

// TestServerBlocks: every name is judged by the block that serves it.
func TestServerBlocks(t *testing.T) {
	const two = "ml {\nroot /\n}\n. {\ntypoguard {\nprotect mil\n}\n}\n"
	r, err := auditAll(t, strings.Replace(two, "root /", "typoguard other {\nprotect navy.ml\n}", 1), options{}, "army.ml\narmy.il\nnavy.ml\n")
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"protected": 1, "no_match": 1}, r.Passed)
	assert.EqualValues(t, 1, r.Queries.Blocked)
	assert.Equal(t, []string{"mil"}, r.NeverSeen)
}

// TestBoundedRows: of very many lookalikes the later ones are one row, so that all sums are right; and so are sources.
func TestBoundedRows(t *testing.T) {
	var log strings.Builder
	const rows = 60_000
	for i := range rows {
		fmt.Fprintf(&log, "bob@host-%d.ml\n", i)
	}
	const again = 20
	for range again {
		log.WriteString("bob@host-0.ml\n")
	}
	r, err := auditAll(t, corefileOfTests, options{addresses: true}, log.String())
	require.NoError(t, err)
	assert.Less(t, len(r.Lookalikes), rows)
	assert.Greater(t, len(r.Lookalikes), 5_000)
	require.NotNil(t, r.Others)
	assert.EqualValues(t, rows-len(r.Lookalikes), r.Others.Blocked)
	assert.EqualValues(t, rows+again, r.Lookalike.Blocked)
	assert.Equal(t, "host-0.ml", r.Lookalikes[0].Name)
	assert.EqualValues(t, 1+again, r.Lookalikes[0].Count)

	var sources top
	const more = 5
	for i := range maxTop + more {
		sources.add([]byte{byte(i)}, true)
		sources.add([]byte{0}, true)
	}
	sources.add([]byte("new"), false)
	assert.Len(t, sources.values, maxTop)
	assert.EqualValues(t, more+1, sources.others)
	assert.EqualValues(t, maxTop+more+1, sources.values[0].Count)
}

// TestCacheGenerations: however many names there are, the cache holds two generations, and every verdict is right.
func TestCacheGenerations(t *testing.T) {
	j := newJudge(testBlocks(t, corefileOfTests), netip.Addr{}, nil)
	for round := range 2 {
		for i := range 3 * remembered {
			v := j.of(&logs.Record{Name: fmt.Appendf(nil, "host-%d.Example.", i)})
			require.Equal(t, policy.NoMatch.String(), v.reason, round)
		}
		require.Equal(t, blocked, j.of(&logs.Record{Name: []byte("ARMY.ml.")}).reason)
		require.LessOrEqual(t, len(j.names)+len(j.before), 2*remembered)
	}
}

// TestFailures: what cannot be read does not keep the rest from being read, and is an error.
func TestFailures(t *testing.T) {
	var archive bytes.Buffer
	w := gzip.NewWriter(&archive)
	for range 1000 {
		_, err := io.WriteString(w, delivery("Nov 20 12:00:00", "AAAAAA", "bob@army.ml", "sent"))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	r, err := auditAll(t, corefileOfTests, options{}, archive.String()[:archive.Len()/2], "what is this\nand that\n", "", "army.ml\n")
	require.ErrorContains(t, err, "mail.log.4 is cut off after ")
	require.ErrorContains(t, err, "unexpected EOF; the last record is of 2026-11-20T12:00:00")
	require.ErrorContains(t, err, "mail.log.3: unknown format; expected one of those that -help lists, or a table with -column recipient=COLUMN")
	assert.NotContains(t, err.Error(), "mail.log.2", "an empty file is no error")
	assert.Positive(t, r.Deliveries.Delivered)
	assert.EqualValues(t, 1, r.Queries.Count)
	var out strings.Builder
	require.NoError(t, writeText(&out, r))
	assert.Contains(t, out.String(), "NOT READ TO ITS END")
	assert.Contains(t, out.String(), "mail.log.2: 0 lines, 0 octets: empty")
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]string{
		"2026-11-21": "2026-11-21T00:00:00Z", "2026-11-21 10:30": "2026-11-21T10:30:00Z", "2026-11-21T10:30:05+01:00": "2026-11-21T09:30:05Z",
		"36h": "2026-11-21T00:00:00Z", "10d": "2026-11-12T12:00:00Z", "1.5d": "2026-11-21T00:00:00Z",
	} {
		seconds, err := parseTime(s, now)
		require.NoError(t, err, s)
		assert.Equal(t, want, time.Unix(seconds, 0).UTC().Format(time.RFC3339), s)
	}
	for _, s := range []string{"yesterday", "-3h", "0d", "d", "2026-02-30"} {
		_, err := parseTime(s, now)
		require.EqualError(t, err, fmt.Sprintf("%q; expected a time such as 2026-11-21 or 2026-11-21T23:38:15Z, or how long ago, such as 90d or 36h", s))
	}
}

// TestCSV: the columns are those of the header in every row.
func TestCSV(t *testing.T) {
	r, err := auditAll(t, corefileOfTests, options{addresses: true}, delivery("Nov 20 12:00:00", "AAAAAA", `"a,b"@army.ml`, "sent"))
	require.NoError(t, err)
	r.Others = &counts{Count: 3}
	var out bytes.Buffer
	require.NoError(t, writeCSV(&out, r))
	rows, err := csv.NewReader(&out).ReadAll() // which checks that all have the same number of fields
	require.NoError(t, err)
	require.Len(t, rows, 3)
	assert.Equal(t, csvHeader, rows[0])
	assert.Equal(t, `"a,b"@army.ml (1)`, rows[1][len(csvHeader)-1])
	assert.Equal(t, []string{"others", "3"}, []string{rows[2][0], rows[2][8]})
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		assert.Equal(t, want, thousands(n))
	}
}

// TestPopular: mail to a popular domain passes, and is no leak.
func TestPopular(t *testing.T) {
	r, err := auditAll(t, ". {\n\ttypoguard {\n\t\tprotect ing.com\n\t}\n}\n", options{format: "names"}, "bing.com\nmail.bing.com\nwing.com\n")
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"popular": 2}, r.Passed)
	require.Len(t, r.Lookalikes, 1)
	assert.Equal(t, "wing.com", r.Lookalikes[0].Name)
}
