package audit

import (
	"archive/tar"
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
)

// postfixLine is a line of Postfix.
func postfixLine(format string, args ...any) string {
	return "Nov 21 23:38:15 relay postfix/smtp[1]: " + fmt.Sprintf(format, args...) + "\n"
}

const sentOK = "relay=mx[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent (ok)"

// TestDoubts: a report that may lack something says so above all else, and the exit status is another one.
func TestDoubts(t *testing.T) {
	good := postfixLine("9C70A9883A1: to=<bob@corp.example>, " + sentOK)
	bad := postfixLine("9C70A9883A1: to=<bob@army.ml>, relay=mx[192.0.2.1]:25, delay=1, dsn=2.0.0, status=teleported (ok)")
	idle := "Nov 21 23:38:15 relay postfix/qmgr[1]: 9C70A9883A1: removed\n"
	query := "Nov 21 23:38:15 ns dnsmasq[1]: query[MX] army.ml from 10.0.0.1\n"
	tests := []struct {
		name, log string
		status    int
		want      string
	}{
		{"all is understood", good, 0, ""},
		{"one in a hundred is not", strings.Repeat(good, 99) + bad, 0, ""},
		{"more than one in a hundred", strings.Repeat(good, 98) + bad, 3, "1 of 99 lines that look like a delivery, a query or a name were not understood"},
		{"only what is not understood", bad, 3, "1 of 1 lines that look like"},
		{"no delivery", idle, 3, "nothing was taken of 1 lines"},
		{"queries, but no delivery", idle + query, 3, "the log of a mail server without any delivery"},
		{"queries only", query, 0, ""},
		{"nothing", "", 3, "there was nothing to read"},
		{"names with something else", "army.ml\n" + strings.Repeat("navy.ml\n", 50) + "what is this\n", 3, "1 of 52 lines that look like"},
		{"a line that is too long", good + strings.Repeat("x", 2<<20) + "\n", 3, "1 lines are longer than 1 MiB"},
		{"a table without a recipient in any row", "recipient,status\n,delivered\n", 3, "nothing was taken of 2 lines"},
		{"an event nobody knows", "recipient,status\nbob@army.ml,teleported\n", 3, "1 of 1 lines that look like"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := runAudit(t, tt.log, "-")
			assert.Equal(t, tt.status, got.status, got.errs)
			first, _, _ := strings.Cut(got.out, "\n")
			assert.Equal(t, tt.want != "", strings.HasPrefix(first, "warning: "), first)
			assert.Contains(t, first, tt.want)
			assert.Equal(t, tt.status, runAudit(t, tt.log, "-json", "-").status)
			got = runAudit(t, tt.log, "-csv", "-")
			assert.Equal(t, tt.status, got.status)
			assert.Contains(t, got.errs, tt.want, "a CSV has no place for it")
		})
	}
}

// TestUnderstood: the summary says of each program how much of what it wrote was understood.
func TestUnderstood(t *testing.T) {
	got := runAudit(t, postfixLine("9C70A9883A1: to=<bob@army.ml>, "+sentOK)+postfixLine("9C70A9883A1: to=<bob@army.ml>, relay=x, status=y")+
		"Nov 21 23:38:15 ns dnsmasq[1]: query[MX] army.ml from 10.0.0.1\nNov 21 23:38:15 relay cron[1]: x\n", "-")
	assert.Contains(t, got.out, "standard input: 4 lines, 315 octets: postfix 2, 1 taken, 1 NOT UNDERSTOOD (50.0 %); dnsmasq 1, 1 taken; other programs 1\n")
}

// spellings are addresses whose local part is not easy to see; each has the word secret in it.
var spellings = []string{
	"secret@army.ml", `"secret name"@army.ml`, `"name, secret"@army.ml`, `"a@secret"@army.ml`, "prvs=0123abc=secret=corp.example@army.ml", "sean.o'secret@army.ml", "secret+tag@army.ml",
	"=secret@army.ml", "+secret@army.ml", "-secret@army.ml", "@secret@army.ml", "\tsecret@army.ml", "secret%corp.example@army.ml", "séc-secret@army.ml", `"secret\"x"@army.ml`, "corp!secret@army.ml",
}

// TestNoLocalParts: no output has a local part without -addresses, of lines that are understood, and of those that are not.
func TestNoLocalParts(t *testing.T) {
	for _, address := range spellings {
		quoted := strings.ReplaceAll(address, `"`, `""`)
		logs := map[string]string{
			"delivery": "Nov 21 23:38:15 relay postfix/qmgr[1]: 9C70A9883A1: from=<" + address + ">, size=1, nrcpt=1 (queue active)\n" + postfixLine("9C70A9883A1: to=<%s>, "+sentOK, address),
			"unknown":  postfixLine("9C70A9883A1: to=<%s>, relay=mx, status=teleported (for <%s>)", address, address) + postfixLine("9C70A9883A1: to=<bob@army.ml>, "+sentOK),
			"cut":      postfixLine("9C70A9883A1: to=<%s>, relay=mx", address) + postfixLine("9C70A9883A1: to=<secr") + postfixLine("9C70A9883A1: to=<bob@army.ml>, "+sentOK),
			"far":      postfixLine("9C70A9883A1: to=<%s>, status=%s %s", address, strings.Repeat("x", 95), address) + postfixLine("9C70A9883A1: to=<bob@army.ml>, "+sentOK),
			"table":    "recipient,sender,source,status\n\"" + quoted + `","` + quoted + `","` + quoted + "\",delivered\nx," + `"` + quoted + "\",,delivered\n",
			"object":   fmt.Sprintf("{\"recipient\":%q,\"sender\":%q,\"status\":\"delivered\"}\n{\"recipient\":%q,\"status\":\"teleported\"}\n", address, address, address),
		}
		for name, log := range logs {
			for _, form := range []string{"", "-json", "-csv"} {
				args := []string{"-"}
				if form != "" {
					args = []string{form, "-"}
				}
				got := runAudit(t, log, args...)
				assert.NotContains(t, got.out+got.errs, "secr", "%s of %s, %s", name, address, form)
			}
		}
	}
}

// TestCells: no cell of the CSV begins with what a spreadsheet takes for a formula, and none has a control character.
func TestCells(t *testing.T) {
	log := ""
	for i, address := range spellings {
		id := fmt.Sprintf("9C70A9883%02d", i)
		log += "Nov 21 23:38:15 relay postfix/smtpd[1]: " + id + ": client=" + address + "\x1b[2J\a[10.0.0.7]\n" + postfixLine(id+": from=<%s>, size=1, nrcpt=1", address) + postfixLine(id+": to=<%s>, "+sentOK, address)
		log += fmt.Sprintf("Nov 21 23:38:15 ns dnsmasq[1]: query[MX] -%d.army.ml from =cmd|x\n", i)
	}
	for _, args := range [][]string{{"-csv", "-addresses", "-"}, {"-csv", "-"}, {"-csv", "testdata/cases/inj.log"}} {
		got := runAudit(t, log, args...)
		require.Equal(t, 0, got.status, got.errs)
		rows, err := csv.NewReader(strings.NewReader(got.out)).ReadAll()
		require.NoError(t, err)
		require.Greater(t, len(rows), 1)
		for _, row := range rows {
			for _, value := range row {
				if value != "" {
					assert.NotContains(t, "=+-@\t\r\n", value[:1], value)
				}
				assert.Equal(t, -1, strings.IndexFunc(value, unicode.IsControl), "%q", value)
			}
		}
	}
	assert.Equal(t, -1, strings.IndexFunc(strings.ReplaceAll(runAudit(t, log, "-addresses", "-").out, "\n", ""), unicode.IsControl))
}

// TestVeryManyFiles: of an archive of very many files the later ones are one row, in which nothing is lost, and so are their warnings.
func TestVeryManyFiles(t *testing.T) {
	const files = maxFiles + 200
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for i := range files {
		line := delivery("Nov 20 12:00:00", "AAAAAA", "bob@army.ml", "sent")
		if i%2 == 1 {
			line = "Nov 20 12:00:00 relay postfix/smtp[1]: connect to mx[192.0.2.1]:25\n"
		}
		require.NoError(t, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%0300d", i), Size: int64(len(line)), Mode: 0o600}))
		_, err := w.Write([]byte(line))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	r, err := auditAll(t, corefileOfTests, options{}, archive.String())
	require.NoError(t, err)
	require.Len(t, r.Files, maxFiles)
	assert.EqualValues(t, files, r.Lines.Read)
	assert.EqualValues(t, files/2, r.Lookalike.Delivered)
	rest := r.Files[maxFiles-1]
	assert.Equal(t, "further files", rest.Name)
	assert.EqualValues(t, files-maxFiles+1, rest.Items)
	assert.Equal(t, []logs.Count{{Format: "postfix", Lines: 201, Taken: 100, Mail: true}}, rest.Formats)
	assert.Less(t, len(r.Files[0].Name), 400)
	require.Len(t, r.Warnings, maxWarnings+1)
	assert.Equal(t, "and there are more such files", r.Warnings[maxWarnings])
}
