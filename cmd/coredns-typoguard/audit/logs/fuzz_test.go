package logs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// oneRecord are formats that name one recipient or one question a line.
var oneRecord = map[string]bool{"postfix": true, "exim": true, "opensmtpd": true, "qmail": true, "courier": true, "coredns": true, "bind": true, "unbound": true, "dnsmasq": true,
	"powerdns": true, "windows-dns": true, "names": true}

// addSeeds gives a fuzz target the lines of all samples, and of the other tests.
func addSeeds(f *testing.F) {
	f.Helper()
	for _, pattern := range []string{"testdata/*.log", "testdata/*.txt", "../testdata/cases/*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, name := range files {
			content, err := os.ReadFile(name)
			require.NoError(f, err)
			seen := 0
			for line := range bytes.Lines(content) {
				if seen++; seen <= 10 {
					f.Add(bytes.TrimRight(line, "\r\n"))
				}
			}
		}
	}
	for _, server := range servers {
		f.Add([]byte(envelopes[0].wrap(server.program, server.message)))
	}
	for _, envelope := range envelopes {
		f.Add([]byte(envelope.wrap(servers[0].program, servers[0].message)))
	}
}

// checkRecord checks what every record must be like.
func checkRecord(t *testing.T, r *Record, format string) {
	t.Helper()
	require.NotEmpty(t, r.Name, format)
	require.GreaterOrEqual(t, r.Time, int64(0), format)
	if r.Type == 0 { // clients may ask for anything
		require.NotContains(t, string(r.Name), "@", format)
	}
	if r.Outcome != Asked {
		require.Zero(t, r.Type, format)
	}
}

// FuzzParsers: no parser finds a name or an address that does not stand in the line as it is, nor one without a domain, nor
// two where a line has one; and a line is never taken without a record.
func FuzzParsers(f *testing.F) {
	addSeeds(f)
	f.Add([]byte("21-Nov-1026 23:56:56 client #: query: navy.ml IN MX")) // a thousand years ago
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.ContainsAny(line, "\n") {
			return
		}
		for _, name := range append(Formats(), "") {
			if name != "dnstap" {
				checkLine(t, name, line)
			}
		}
	})
}

// checkLine reads a line alone, with the format given.
func checkLine(t *testing.T, name string, line []byte) {
	t.Helper()
	r := NewReader(Options{Format: name})
	r.Begin(testEnd, nil)
	records := 0
	decoded := bytes.IndexByte(line, '{') >= 0 || bytes.Contains(line, []byte(" PACKET ")) // is no text as it is
	result := r.Read(line, func(r *Record) {
		records++
		checkRecord(t, r, name)
		for _, text := range [][]byte{r.Name, r.Local} {
			require.True(t, decoded || bytes.Contains(line, text), "%s: %q", name, text)
		}
	})
	if result == Taken {
		require.Positive(t, records, name)
	}
	if result == Foreign || result == Other {
		require.Zero(t, records, name)
	}
	for _, c := range r.Counts() {
		if oneRecord[c.Format] {
			require.LessOrEqual(t, records, 1, c.Format)
		}
	}
}

// FuzzFiles: whatever a file has in it, lines are counted once, and records are whole.
func FuzzFiles(f *testing.F) {
	addSeeds(f)
	f.Add([]byte("a,recipient\n1,\"x\n@y\"\n\n#fields\tquery\nz"))
	f.Add([]byte("__CURSOR=\nMESSAGE\nx\n\nMESSAGE=\n"))
	f.Add([]byte("army.ml\nnavy.ml\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, o := range []Options{{}, {Columns: map[string]string{"recipient": "1", "status": "2"}}, {Columns: map[string]string{"name": "query"}}} {
			r := NewReader(o)
			for range 2 {
				r.Begin(testEnd, content)
				read, lines := int64(0), int64(0)
				found := func(r *Record) { checkRecord(t, r, "") }
				for line := range bytes.Lines(content) {
					read++
					r.Read(bytes.TrimRight(line, "\r\n"), found)
				}
				r.End(found)
				for _, c := range r.Counts() {
					lines += c.Lines
					require.LessOrEqual(t, c.Taken+c.Unknown, c.Lines)
				}
				require.LessOrEqual(t, lines, read+1, "an entry of the journal may end with the file")
			}
		}
	})
}

// FuzzPostfixDelivery: whatever an address is, a delivery to it is found, with its domain.
func FuzzPostfixDelivery(f *testing.F) {
	f.Add("bob", "army.ml")
	f.Add(`"a>, b@c"`, "army.ml")
	f.Add(`a"b`, "us.army.ml")
	f.Fuzz(func(t *testing.T, local, name string) {
		if bytes.ContainsAny([]byte(local+name), "\n<>\\") || bytes.ContainsAny([]byte(name), "@\"[, ") || local == "" || name == "" {
			return // is no address as Postfix writes it
		}
		found := false
		r := NewReader(Options{})
		r.Begin(testEnd, nil)
		line := "Nov 21 23:38:15 relay postfix/smtp[31589]: 9C70A9883A1: to=<" + local + "@" + name +
			">, relay=mx.army.ml[192.0.2.1]:25, delay=0.01, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
		r.Read([]byte(line), func(r *Record) {
			found = true
			require.Equal(t, name, string(r.Name))
			require.Equal(t, local, string(r.Local))
			require.Equal(t, Delivered, r.Outcome)
		})
		require.True(t, found)
	})
}

// FuzzDnstap: a frame that is no dnstap is refused, not trusted.
func FuzzDnstap(f *testing.F) {
	content, err := os.ReadFile("testdata/coredns.dnstap")
	require.NoError(f, err)
	for _, frame := range items(f, content) {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		records := 0
		result := newDnstap(nil).parse(&entry{message: frame}, func(r *Record) {
			records++
			require.NotEmpty(t, r.Name)
		})
		require.Equal(t, result == Taken, records == 1)
	})
}
