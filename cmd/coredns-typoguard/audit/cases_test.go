package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
)

// outcome is how the command ended.
type commandOutcome struct {
	status    int
	out, errs string
}

// runAudit runs the command with the policy of testdata/cases.
func runAudit(t *testing.T, stdin string, args ...string) commandOutcome {
	t.Helper()
	return runCommand(t, stdin, append([]string{"audit", "-conf", "testdata/policy.conf"}, args...)...)
}

// runCommand runs a command.
func runCommand(t *testing.T, stdin string, args ...string) commandOutcome {
	t.Helper()
	before := dnsserver.Directives
	t.Cleanup(func() { dnsserver.Directives = before })
	require.NoError(t, dnsserver.SetDirectives([]string{"typoguard"}))
	var out, errs bytes.Buffer
	root := &cli.Command{
		Commands: []*cli.Command{Command()}, Reader: strings.NewReader(stdin), Writer: &out, ErrWriter: &errs,
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
	}
	err := root.Run(t.Context(), append([]string{"coredns-typoguard"}, args...))
	got := commandOutcome{out: out.String(), errs: errs.String()}
	var status cli.ExitCoder
	switch {
	case errors.As(err, &status) && status.Error() == "":
		got.status = status.ExitCode()
	case err != nil:
		got.status, got.errs = 2, got.errs+err.Error()
	}
	return got
}

// tallied are the counts of a lookalike: delivered, bounced, deferred, relayed, and those of which no more is known.
type tallied [5]int64

// countsOf reads a report in JSON.
func countsOf(t *testing.T, out string) map[string]tallied {
	t.Helper()
	var r struct {
		Lookalikes []struct {
			Name string `json:"name"`
			counts
		} `json:"lookalikes"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &r), out)
	all := map[string]tallied{}
	for _, l := range r.Lookalikes {
		all[l.Name] = tallied{l.Delivered, l.Bounced, l.Deferred, l.Relayed, l.Count - l.Delivered - l.Bounced - l.Deferred}
	}
	return all
}

// TestCases: logs as real hosts have them give what stands in them, and the exit status says if anything may be missing.
func TestCases(t *testing.T) {
	one := map[string]tallied{"army.ml": {1, 0, 1}, "navy.mi": {0, 1}} // bob@army.ml delivered, bob@navy.mi bounced, x@army.ml deferred
	three := map[string]tallied{"army.ml": {3, 0, 3}, "navy.mi": {0, 3}}
	query := map[string]tallied{"army.ml": {4: 1}}
	cases := map[string]struct {
		status int
		want   map[string]tallied
	}{
		"cisco-esa-mail_logs.log":   {0, map[string]tallied{"army.ml": {1}}},
		"exchange-msgtrk.log":       {0, map[string]tallied{"army.ml": {1}, "navy.mi": {0, 1}}},
		"inj.log":                   {0, map[string]tallied{"army.ml": {1}, "navy.mi": {1}}},
		"m365-get-messagetrace.csv": {0, map[string]tallied{"army.ml": {1}}},
		"migrated.log":              {0, map[string]tallied{"army.ml": {3, 0, 2}, "navy.mi": {0, 2}}},
		"names.csv":                 {0, map[string]tallied{"army.ml": {4: 2}, "navy.mi": {4: 1}}},
		"p.log":                     {0, map[string]tallied{"army.ml": {0, 0, 3}}},
		"pf-docker-json.log":        {0, one},
		"pf-head-dovecot.log":       {0, one},
		"pf-journal-json.log":       {0, one},
		"pf-journal-short-full.log": {0, one},
		"pf-plain.log":              {0, one},
		"pf-rfc5424-nopri.log":      {0, one},
		"pf-rfc5424.log":            {0, one},
		"pf-rsyslog-json.log":       {0, one},
		"pf-small-trunc.log.gz":     {2, one},
		"pf-template-changed.log":   {0, three},
		"pf-utf16le-bom.log":        {0, one},
		"pf.log.bz2":                {0, one},
		"reject.log":                {0, map[string]tallied{"army.ml": {0, 1, 1}, "navy.mi": {0, 1}}},
		"rspamd.log":                {0, query},
		"sendmail-solaris.log":      {0, map[string]tallied{"army.ml": {1}}},
		"stunnel.log":               {3, map[string]tallied{"army.ml": {3: 1}, "navy.mi": {3: 1}}},
		"suricata-eve.json":         {0, query},
		"umbrella.csv":              {0, query},
		"zeek-dns-json.log":         {0, query},
	}
	files, err := filepath.Glob("testdata/cases/*")
	require.NoError(t, err)
	assert.Len(t, files, len(cases))
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			got := runAudit(t, "", "-json", filepath.Join("testdata/cases", name))
			assert.Equal(t, tt.status, got.status, got.errs)
			assert.Equal(t, tt.want, countsOf(t, got.out))
		})
	}
}

// TestStunnel: what went into a tunnel on this host, and did not come back, is said.
func TestStunnel(t *testing.T) {
	got := runAudit(t, "", "testdata/cases/stunnel.log")
	assert.Contains(t, got.out, "messages handed to 127.0.0.1[127.0.0.1]:10465 (relay on this host, not counted as delivered): 2; seen again in this log: 0 of 2\n")
	assert.True(t, strings.HasPrefix(got.out, "warning: testdata/cases/stunnel.log: the log of a mail server without any delivery"), got.out)
}

// TestStunnelBesideOthers: what was delivered to the same names is no sign of what a relay that never sends anything back did.
func TestStunnelBesideOthers(t *testing.T) {
	got := runAudit(t, "", "testdata/cases/pf-plain.log", "testdata/cases/stunnel.log")
	assert.Equal(t, 3, got.status)
	assert.Contains(t, got.out, "warning: 2 messages to lookalikes were handed to a relay on this host, and are not seen again")
}

// TestRefused: what cannot be read or recognised is an error, and there is no report.
func TestRefused(t *testing.T) {
	mail := "testdata/cases/pf-plain.log"
	tests := []struct {
		name, stdin, want string
		args              []string
	}{
		{"missing", "", "open missing: no such file or directory", []string{"missing"}},
		{"missing beside a good one", "", "open missing: no such file or directory", []string{mail, "missing"}},
		{"a directory", "", "testdata is a directory; expected a log file", []string{"testdata"}},
		{"a table without a header", "alice@corp.example,bob@army.ml,Delivered\n", "standard input: unknown format", []string{"-"}},
		{"the same with blanks", "alice@corp.example bob@army.ml\n", "standard input: unknown format", []string{"-"}},
		{"prose", "we wrote to bob@army.ml\nand never heard of him\n", "standard input: unknown format", []string{"-"}},
		{"another server", "Nov 21 23:38:15 relay stalwart[1]: to bob@army.ml delivered\n", "standard input: unknown format", []string{"-"}},
		{"a zip in a pipe", "PK\x03\x04" + strings.Repeat("x", 100), "standard input is a zip archive in a pipe", []string{"-"}},
		{"a column that is not there", "a,b\nc,d\n", "standard input: unknown format", []string{"-column", "recipient=3", "-"}},
		{"a role there is none of", "", `column: "x=1"; expected recipient=COLUMN or name=COLUMN`, []string{"-column", "x=1", "-"}},
		{"nothing to judge", "", "column: no column with what is to be judged", []string{"-column", "time=1", "-"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := runAudit(t, tt.stdin, tt.args...)
			assert.Equal(t, 2, got.status)
			assert.Empty(t, got.out)
			assert.Contains(t, got.errs, tt.want)
		})
	}
}
