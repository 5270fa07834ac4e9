package logs

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tap "github.com/dnstap/golang-dnstap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// queries are the questions that testdata/dns-samples.sh asks of every DNS server, in class IN. CoreDNS's log writes names
// in lower case.
var queries = []string{
	"army.ml MX", "us.army.ml MX", "army.mil MX", "example.org A", "gov.ml AAAA", "army.nk TXT", "xn--rmy-5cd.mil MX", "army.ml A", "navy.ml MX",
}

// deliveries are what the tests of mail servers (test/mail) send, with what became of it in one case.
func deliveries(lookalikes string) []string {
	return []string{"bob@army.mil delivered", "bob@army.ml " + lookalikes, "bob@navy.mil delivered", "bob@navy.ml " + lookalikes}
}

// threeTried are what became of three messages to lookalikes, of which one does not exist.
var threeTried = []string{"bob@army.ml delivered", "bob@navy.ml delivered", "bob@nowhere.ml bounced"}

// harakaTried are the same without what Haraka does not log, and with the bounce of one.
var harakaTried = []string{"army.ml delivered", "navy.ml delivered", "bob@nowhere.ml bounced", "corp.example deferred"}

// samples are what real servers wrote; testdata/README.md says which.
var samples = map[string]struct {
	format string
	want   []string
	timed  bool
}{
	"postfix-delivered.log":    {"postfix", deliveries("delivered"), true},
	"postfix-smtp.log":         {"postfix", deliveries("delivered"), true},
	"postfix-bounced.log":      {"postfix", deliveries("bounced"), true},
	"postfix-deferred.log":     {"postfix", deliveries("deferred"), true},
	"exim-delivered.log":       {"exim", deliveries("delivered"), true},
	"exim-bounced.log":         {"exim", deliveries("bounced"), true},
	"exim-deferred.log":        {"exim", deliveries("deferred"), true},
	"sendmail-delivered.log":   {"sendmail", deliveries("delivered"), true},
	"sendmail-bounced.log":     {"sendmail", deliveries("bounced"), true},
	"sendmail-deferred.log":    {"sendmail", deliveries("deferred"), true},
	"opensmtpd-delivered.log":  {"opensmtpd", deliveries("delivered"), true},
	"opensmtpd-bounced.log":    {"opensmtpd", deliveries("bounced"), true},
	"opensmtpd-deferred.log":   {"opensmtpd", deliveries("deferred"), true},
	"opensmtpd-foreground.log": {"opensmtpd", deliveries("bounced"), false},
	"bind.log":                 {"bind", queries, true},
	"bind-full.log":            {"bind", queries, true},
	"bind-iso.log":             {"bind", queries, true},
	"bind-bare.log":            {"bind", queries, false},
	"unbound.log":              {"unbound", queries, true},
	"unbound-ascii.log":        {"unbound", queries, true},
	"unbound-replies.log":      {"unbound", queries, true},
	"unbound-tag.log":          {"unbound", queries, true},
	"coredns-text.log":         {"coredns", queries, false},
	"coredns-readme.log":       {"coredns", queries, false},
	"coredns-json.log":         {"coredns", queries, true},
	"coredns.dnstap":           {"dnstap", queries, true},
	"courier.log":              {"courier", threeTried, true},
	"qmail-multilog.log":       {"qmail", threeTried, true},
	"qmail-syslog.log":         {"qmail", threeTried, true},
	"haraka-default.log":       {"haraka", harakaTried, true},
	"haraka-json.log":          {"haraka", harakaTried, true},
	"journalctl-with-unit.log": {"postfix", []string{"bob@army.ml delivered", "bob@navy.mi bounced", "x@army.ml deferred"}, true},
	"names.txt":                {"names", []string{"army.ml", "us.army.mil", "bob@navy.ml"}, false},
}

// brief writes a record without what differs from server to server.
func brief(r *Record) string {
	r.Name = bytes.ToLower(bytes.TrimSuffix(r.Name, []byte(".")))
	stamp := "-"
	if r.Time != 0 {
		stamp = "YYYY-MM-DD hh:mm:ss"
	}
	record, _, _ := strings.Cut(shown(r)[len(stamp)+1:], " from ")
	return strings.TrimSuffix(record, " asked")
}

// items returns the lines, or frames, of a sample.
func items(tb testing.TB, content []byte) [][]byte {
	tb.Helper()
	if !IsDnstap(content) {
		var lines [][]byte
		for line := range bytes.Lines(content) {
			lines = append(lines, bytes.TrimRight(line, "\r\n"))
		}
		return lines
	}
	reader, err := tap.NewReader(bytes.NewReader(content), nil)
	require.NoError(tb, err)
	var frames [][]byte
	for {
		frame := make([]byte, tap.MaxPayloadSize)
		n, err := reader.ReadFrame(frame)
		if errors.Is(err, io.EOF) {
			return frames
		}
		require.NoError(tb, err)
		frames = append(frames, frame[:n])
	}
}

// TestSamples: the format of every sample is recognised, by a few lines, too, and all that is in it is found, and no line
// is strange.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(name string) bool {
		return strings.HasSuffix(name, ".md") || strings.HasSuffix(name, ".sh") || strings.HasSuffix(name, "fuzz")
	})
	assert.Len(t, files, len(samples))
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		sample := samples[name]
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			r := NewReader(Options{})
			r.Begin(testEnd, content)
			var got []string
			for _, item := range items(t, content) {
				result := r.Read(item, func(r *Record) {
					assert.Equal(t, sample.timed, r.Time != 0, "time of %s", r.Name)
					if r.Time != 0 {
						assert.WithinDuration(t, testEnd, time.Unix(r.Time, 0), 24*time.Hour)
					}
					got = append(got, brief(r))
				})
				assert.NotEqual(t, Unknown, result, "%q", item)
			}
			assert.Equal(t, sample.format, most(r.Counts()))
			assert.ElementsMatch(t, sample.want, got)
		})
	}
}

// most returns the format of which there are most lines.
func most(counts []Count) string {
	format, lines := "", int64(0)
	for _, c := range counts {
		if c.Lines > lines {
			format, lines = c.Format, c.Lines
		}
	}
	return format
}
