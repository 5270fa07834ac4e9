package rpz

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coredns/caddy"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

const twoPolicies = `. {
    typoguard mil {
        protect mil
        allow gov.ml
        clients 192.0.2.0/24
    }
    typoguard trial {
        protect army.nl
        mode monitor
    }
    typoguard sink {
        protect navy.nl
        clients 198.51.100.0/24
        action sinkhole 192.0.2.25 2001:db8::25
        ttl 10
    }
}
`

// parseRows returns the records of a zone, which must be whole, as text.
func parseRows(t *testing.T, zone string) (soa *dns.SOA, rows []string) {
	t.Helper()
	parser := dns.NewZoneParser(strings.NewReader(zone), "", "")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		switch rr := rr.(type) {
		case *dns.SOA:
			require.Nil(t, soa, "one SOA record")
			soa = rr
		default:
			rows = append(rows, strings.ReplaceAll(rr.String(), "\t", " "))
		}
	}
	require.NoError(t, parser.Err())
	require.NotNil(t, soa)
	return soa, rows
}

func TestCommand(t *testing.T) {
	out, errs, err := command(t, twoPolicies, "-serial", "7", "-origin", "RPZ.example")
	require.NoError(t, err)
	soa, rows := parseRows(t, out)
	assert.Equal(t, "rpz.example.", soa.Hdr.Name)
	assert.EqualValues(t, 7, soa.Serial)
	assert.EqualValues(t, 60, soa.Minttl)
	assert.Equal(t, []string{
		"rpz.example. 60 IN NS localhost.",
		"gov.ml.rpz.example. 60 IN CNAME rpz-passthru.",
		"*.gov.ml.rpz.example. 60 IN CNAME rpz-passthru.",
		"il.rpz.example. 60 IN CNAME .",
		"*.il.rpz.example. 60 IN CNAME .",
	}, rows[:5])
	assert.Contains(t, out, "\n*.mit CNAME .\n")
	for _, row := range []string{
		"navy.ml.rpz.example. 10 IN MX 10 navy.ml.",
		"nay.nl.rpz.example. 10 IN A 192.0.2.25",
		"nay.nl.rpz.example. 10 IN AAAA 2001:db8::25",
		"*.nay.nl.rpz.example. 10 IN MX 10 nay.nl.",
	} {
		assert.Contains(t, rows, row)
	}
	assert.NotContains(t, out, "\nary.nl ")
	assert.Equal(t, []string{
		"policy trial left out because it is in mode monitor; add -monitor to include it",
		"policy mil: clients: rows apply to every client of the server that loads the zone, not only to 192.0.2.0/24",
		"policy sink: clients: rows apply to every client of the server that loads the zone, not only to 198.51.100.0/24",
	}, strings.Split(errs, "\n")[:3])
}

// TestAboveListed: the zone says that a name above a listed suffix exists, and hides those below it as before.
func TestAboveListed(t *testing.T) {
	const exists = "%s CNAME *.\n*.%s CNAME .\n"
	for _, test := range []struct {
		name, options string
		above, not    []string
	}{
		{"allowed", "allow gov.ml", []string{"ml"}, []string{"il", "mit"}},
		{"allowed far below", "allow x.y.z.ml", []string{"ml", "z.ml", "y.z.ml"}, []string{"il"}},
		{"protected by another policy", "}\n typoguard two {\n protect x.navy.ml", []string{"ml", "navy.ml"}, []string{"nay.ml", "x.nav.ml"}},
		{"below a lookalike of another policy", "}\n typoguard two {\n protect navy.ml\n allow x.nay.ml", []string{"ml", "nay.ml"}, []string{"nav.ml"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, _, err := command(t, ". {\n typoguard one {\n protect mil\n "+test.options+"\n }\n}\n")
			require.NoError(t, err)
			for _, name := range test.above {
				assert.Contains(t, out, "\n"+strings.ReplaceAll(exists, "%s", name))
			}
			for _, name := range test.not {
				assert.NotContains(t, out, "\n"+name+" CNAME *.\n")
			}
		})
	}
}

// TestAboveListedOtherActions: only an NXDOMAIN says something about the names below.
func TestAboveListedOtherActions(t *testing.T) {
	for action, row := range map[string]string{"nodata": "CNAME *.", "nullmx": "MX 0 .", "sinkhole 192.0.2.25": "MX 10 ml.\nml A 192.0.2.25"} {
		out, _, err := command(t, ". {\n typoguard {\n protect mil\n allow gov.ml\n action "+action+"\n }\n}\n")
		require.NoError(t, err)
		assert.Contains(t, out, "\nml "+row+"\n*.ml ", action)
	}
}

// TestCommandOptions: which rows the options choose.
func TestCommandOptions(t *testing.T) {
	for _, test := range []struct {
		name       string
		args       []string
		has, lacks []string
	}{
		{"one policy", []string{"-policy", "sink"}, []string{"nay.nl MX 10 nay.nl.", "nay.nl A 192.0.2.25"}, []string{"ml CNAME *.", "ary.nl CNAME ."}},
		{"a client of one", []string{"-client", "198.51.100.1"}, []string{"nay.nl A 192.0.2.25"}, []string{"ml CNAME *."}},
		{"a client of the other", []string{"-client", "192.0.2.1"}, []string{"ml CNAME *."}, []string{"nay.nl A 192.0.2.25"}},
		{"the same, over IPv4 mapped", []string{"-client", "::ffff:192.0.2.1"}, []string{"ml CNAME *."}, []string{"nay.nl A 192.0.2.25"}},
		{"monitor", []string{"-monitor"}, []string{"ary.nl CNAME .", "ml CNAME *."}, nil},
		{"one that monitors", []string{"-monitor", "-policy", "trial"}, []string{"ary.nl CNAME ."}, []string{"ml CNAME *."}},
		{"all top-level domains", []string{"-all-tlds"}, []string{"mi1 CNAME ."}, []string{"mil CNAME ."}},
		{"a Latin letter", nil, []string{"xn--nvy-qla.nl A 192.0.2.25"}, []string{"xn--nvy-qla.ml A 192.0.2.25"}},
		{"server by key", []string{"-server", "dns://.:53"}, []string{"ml CNAME *."}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, errs, err := command(t, twoPolicies, test.args...)
			require.NoError(t, err)
			out = strings.ReplaceAll(out, " 10 A", " A")
			out = strings.ReplaceAll(out, " 10 MX", " MX")
			for _, row := range test.has {
				assert.Contains(t, out, "\n"+row+"\n")
			}
			for _, row := range test.lacks {
				assert.NotContains(t, out, "\n"+row+"\n")
			}
			_, rows := parseRows(t, out)
			assert.Regexp(t, `(?m)^[0-9]+ rows for [0-9]+ names, exceptions: [0-9]+$`, errs)
			assert.Contains(t, errs, strconv.Itoa(len(rows)-1)+" rows for ") // but for the NS record
		})
	}
}

func TestCommandErrors(t *testing.T) {
	const twoBlocks = "a.example {\n typoguard {\n protect army.mil\n }\n}\nb.example {\n typoguard {\n protect navy.mil\n }\n}\nc.example {\n}\n"
	for _, test := range []struct {
		name, text string
		args       []string
		expected   string
	}{
		{"argument", twoPolicies, []string{"mil"}, `unexpected argument "mil"; expected options only`},
		{"unknown policy", twoPolicies, []string{"-policy", "x"}, `policy: no policy "x"; expected one of mil, trial, sink`},
		{"policy that monitors", twoPolicies, []string{"-policy", "trial"}, `policy "trial" is in mode monitor; expected a policy in mode enforce, or -monitor`},
		{"client", twoPolicies, []string{"-client", "x"}, `client: ParseAddr("x"): unable to parse IP; expected an IPv4 or IPv6 address`},
		{"nobody's client", twoPolicies, []string{"-client", "203.0.113.1", "-policy", "mil"}, `client: no policy applies to 203.0.113.1`},
		{"origin", twoPolicies, []string{"-origin", "a_b"}, `origin: "a_b"; expected the name of a zone such as rpz.example`},
		{"root as origin", twoPolicies, []string{"-origin", "."}, `origin: "."; expected the name of a zone such as rpz.example`},
		{"too many rows", twoPolicies, []string{"-max-rows", "7521"}, `the zone would have 7540 rows; expected at most 7521 (-max-rows)`},
		{"far too many rows", twoPolicies, []string{"-max-rows", "9"}, `the zone would have about 7540 rows; expected at most 9 (-max-rows)`},
		{"no policy", ". {\n}", nil, `Corefile: no server block has a typoguard stanza; expected at least one`},
		{"two blocks", twoBlocks, nil, `2 server blocks have policies; expected -server with the key, or the view, of one of dns://a.example.:53, dns://b.example.:53`},
		{"block without a policy", twoBlocks, []string{"-server", "c.example"}, `server: the server block has no policy; expected one with a typoguard stanza`},
		{"file in no directory", twoPolicies, []string{"-o", "/nonexistent/zone"}, `no such file or directory`},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, _, err := command(t, test.text, test.args...)
			require.ErrorContains(t, err, test.expected)
			assert.Empty(t, out)
		})
	}
}

// TestFile: the zone takes the place of a file as a whole, with a serial that is larger, or not at all.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zone")
	write := func(args ...string) (*dns.SOA, string) {
		t.Helper()
		out, _, err := command(t, twoPolicies, append([]string{"-o", path}, args...)...)
		require.NoError(t, err)
		assert.Empty(t, out)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		soa, _ := parseRows(t, string(content))
		return soa, string(content)
	}
	first, _ := write()
	assert.Greater(t, first.Serial, uint32(1<<30), "the time")
	second, _ := write()
	assert.Greater(t, second.Serial, first.Serial)
	fixed, _ := write("-serial", "2147483648")
	assert.EqualValues(t, 2147483648, fixed.Serial)
	_, _, err := command(t, twoPolicies, "-o", path, "-serial", "2147483647")
	require.EqualError(t, err, "serial: 2147483647 is less than the serial 2147483648 of "+path+"; expected at least that")
	third, before := write()
	assert.Positive(t, int32(third.Serial-fixed.Serial), "larger in serial number arithmetic")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.EqualValues(t, 0o644, info.Mode().Perm())

	_, _, err = command(t, twoPolicies, "-o", path, "-max-rows", "1")
	require.ErrorContains(t, err, "-max-rows")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, string(after))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, left, 1, "nothing else is left behind")
}

// TestInterrupted: nothing is left of a zone that was not finished.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	blocks, err := typoguard.Load(caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(twoPolicies), ServerTypeName: "dns"})
	require.NoError(t, err)
	s := rows.Select(blocks[0].Set, blocks[0].Suffixes, rows.Options{Now: time.Now()})
	_, err = (&zone{origin: "rpz.example."}).write(ctx, io.Discard, nil, s.Plan(false), 10_000)
	require.EqualError(t, err, "interrupted; nothing was written")
}

// TestFileThatIsNoZone: a file given by mistake stays.
func TestFileThatIsNoZone(t *testing.T) {
	for content, expected := range map[string]string{"army.mil\nnavy.mil\n": "is not a zone file", "; nothing\n": "has no SOA record"} {
		path := filepath.Join(t.TempDir(), "list.txt")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, _, err := command(t, twoPolicies, "-o", path)
		require.ErrorContains(t, err, expected)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, content, string(after))
	}
}

// TestFileKeepsItsOwner: the server that reads a zone can read its successor.
func TestFileKeepsItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zone")
	_, _, err := command(t, twoPolicies, "-o", path)
	require.NoError(t, err)
	uid := os.Getuid()
	if uid == 0 {
		uid = 65534
	}
	require.NoError(t, os.Chown(path, uid, os.Getgid()))
	require.NoError(t, os.Chmod(path, 0o640))
	_, _, err = command(t, twoPolicies, "-o", path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.EqualValues(t, 0o640, info.Mode().Perm())
	assert.EqualValues(t, uid, info.Sys().(*syscall.Stat_t).Uid)
}

func TestFileThatIsNone(t *testing.T) {
	_, _, err := command(t, twoPolicies, "-o", os.DevNull)
	require.EqualError(t, err, "o: /dev/null is not a regular file; expected a zone file to replace")
	_, _, err = command(t, twoPolicies, "-o", t.TempDir())
	require.ErrorContains(t, err, "is not a regular file; expected a zone file to replace")
}

// TestUnfit: what no row can express is said, not passed over.
func TestUnfit(t *testing.T) {
	origin := strings.Repeat(strings.Repeat("b", 59)+".", 4) // which leaves ten octets to a name and its wildcard
	out, errs, err := command(t, ". {\n typoguard {\n protect armada.nl\n }\n}", "-origin", origin)
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^1299 names are left out, such as [a-z0-9.-]{12,}: they do not fit into a zone with this origin$`, errs)
	parseRows(t, out)
	assert.Contains(t, out, "\n*.rmada.nl CNAME .\n")
	assert.NotContains(t, out, "\nxn--rmada-zta.nl ")
}

// TestUnfitException: what cannot be let pass is an error, since a wildcard above would hide it.
func TestUnfitException(t *testing.T) {
	origin := strings.Repeat(strings.Repeat("b", 59)+".", 4)
	out, _, err := command(t, ". {\n typoguard {\n protect mil\n allow legitimate.ml\n }\n}", "-origin", origin)
	require.EqualError(t, err, "the exception for legitimate.ml does not fit into the zone "+origin+"; expected a zone with a shorter name")
	assert.Empty(t, out)
}
