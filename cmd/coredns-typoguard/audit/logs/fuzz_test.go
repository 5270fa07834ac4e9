package logs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParsers: no parser finds a name or an address that does not stand in the line as it is, in the places that it should,
// nor one without a domain; and a line is never taken without a record.
func FuzzParsers(f *testing.F) {
	files, err := filepath.Glob("testdata/*.log")
	require.NoError(f, err)
	for _, name := range files {
		content, err := os.ReadFile(name)
		require.NoError(f, err)
		for line := range bytes.Lines(content) {
			f.Add(bytes.TrimRight(line, "\n"))
		}
	}
	f.Add([]byte("21-Nov-1026 23:56:56 client #: query: navy.ml IN MX"))                                                   // a thousand years ago
	f.Add([]byte(`{"level":"INFO","plugin":"log","client_ip":"127.0.0.1","qname":"army.ml.","qtype":"MX","qclass":"IN"}`)) // at no time
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, format := range Formats {
			records := 0
			result := format.New(NewClock(testEnd)).Parse(line, func(r *Record) {
				records++
				require.NotEmpty(t, r.Name, format.Name)
				require.GreaterOrEqual(t, r.Time, int64(0), format.Name)
				if format.Name != "coredns" || line[0] != '{' { // in JSON it may be escaped
					address := r.Name
					if len(r.Local) > 0 {
						address = append(append(bytes.Clone(r.Local), '@'), r.Name...)
					}
					require.True(t, bytes.Contains(line, address), "%s: %q", format.Name, address)
				}
				if format.Mail {
					require.NotEqual(t, Asked, r.Outcome, format.Name)
					require.NotContains(t, string(r.Name), "@", format.Name)
				} else {
					require.Equal(t, Asked, r.Outcome, format.Name)
				}
			})
			require.Equal(t, result == Taken, records > 0, format.Name)
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
		line := "Nov 21 23:38:15 relay postfix/smtp[31589]: 9C70A9883A1: to=<" + local + "@" + name +
			">, relay=mx.army.ml[192.0.2.1]:25, delay=0.01, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
		newPostfix(NewClock(testEnd)).Parse([]byte(line), func(r *Record) {
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
		result := newDnstap(nil).Parse(frame, func(r *Record) {
			records++
			require.NotEmpty(t, r.Name)
		})
		require.Equal(t, result == Taken, records == 1)
	})
}

// FuzzDetect: whatever a log begins with, there is a format or none, and the parsers are not confused by it.
func FuzzDetect(f *testing.F) {
	f.Add([]byte("army.ml\nnavy.ml\n"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x22\x00\x00\x00\x02"))
	f.Fuzz(func(t *testing.T, head []byte) {
		format, ok := Detect(head, *NewClock(testEnd))
		require.Equal(t, ok, format.New != nil)
		if !ok || IsDnstap(head) {
			return
		}
		again, ok := Detect(append(bytes.Clone(head), head...), *NewClock(testEnd))
		if bytes.HasSuffix(head, []byte("\n")) && ok && format.Name != "unbound" && again.Name != "unbound" { // whose queries hide its replies
			require.Equal(t, format.Name, again.Name, "twice the same log is the same format")
		}
	})
}
