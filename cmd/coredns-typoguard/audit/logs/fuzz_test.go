package logs

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
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
			f.Add(content[:min(len(content), 4096)])
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

// FuzzParsers: no parser finds a name or an address that does not stand in the line as it is, nor a sender, nor one without a domain,
// nor two where a line has one; and a line is never taken without a record.
func FuzzParsers(f *testing.F) {
	addSeeds(f)
	f.Add([]byte("21-Nov-1026 23:56:56 client #: query: navy.ml IN MX")) // a thousand years ago
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.ContainsAny(line, "\n") {
			return
		}
		texts := textsOf(line)
		for _, name := range append(Formats(), "") {
			if name != "dnstap" {
				checkLine(t, name, line, texts)
			}
		}
	})
}

// checkLine reads a line alone, which has texts in it, with the format given.
func checkLine(t *testing.T, name string, line []byte, texts [][]byte) {
	t.Helper()
	r := NewReader(Options{Format: name})
	r.Begin(testEnd, nil)
	records := 0
	found := map[string]int{}
	result := r.Read(line, func(r *Record) {
		records++
		checkRecord(t, r, name)
		for _, text := range [][]byte{r.Name, r.Local, r.Sender} {
			require.Positive(t, occurrences(texts, text), "%s: %q", name, text)
		}
		found[string(r.Name)]++
		require.LessOrEqual(t, found[string(r.Name)], occurrences(texts, r.Name), "%s: two records for one %q", name, r.Name)
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

// textsOf returns the texts that a line may have in it: itself, the values of JSON with those inside of them, and the name of a packet
// that Windows logs, such as (4)army(2)ml(0).
func textsOf(line []byte) [][]byte {
	texts := [][]byte{line}
	for at := range line {
		if line[at] == '{' {
			var value any
			decoder := json.NewDecoder(bytes.NewReader(line[at:]))
			if decoder.Decode(&value) == nil {
				texts = append(texts, stringsIn(value, 0)...)
			}
		}
	}
	if bytes.Contains(line, []byte(" PACKET ")) {
		name := labelLength.ReplaceAll(line, []byte("."))
		texts = append(texts, name, bytes.ReplaceAll(name, []byte(" "), nil))
	}
	return texts
}

// labelLength is the length of a label in a name that Windows logs.
var labelLength = regexp.MustCompile(`\(\d+\)`)

// stringsIn returns the strings in a value of JSON.
func stringsIn(value any, depth int) [][]byte {
	var all [][]byte
	switch v := value.(type) {
	case string:
		if all = append(all, []byte(v)); depth < 4 {
			if inner := textsOf([]byte(v)); len(inner) > 1 {
				all = append(all, inner[1:]...)
			}
		}
	case []any:
		text := make([]byte, len(v)) // journald writes what is not UTF-8 as numbers
		for i := range v {
			octet, _ := v[i].(float64)
			text[i] = byte(octet)
		}
		all = append(all, text)
		for _, element := range v {
			all = append(all, stringsIn(element, depth+1)...)
		}
	case map[string]any:
		for _, member := range v {
			all = append(all, stringsIn(member, depth+1)...)
		}
	}
	return all
}

// occurrences counts how often a text stands in others.
func occurrences(texts [][]byte, text []byte) int {
	n := 0
	for _, t := range texts {
		n += bytes.Count(t, text)
	}
	return n
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
