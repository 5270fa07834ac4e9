package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// maxMemory is what audit takes at most, in kilobytes of 1000 bytes.
const maxMemory = 64_000

const (
	bombSize = 64 << 20
	mailLine = "Nov 21 23:38:15 relay postfix/smtp[1]: 9C70A9883A1: to=<bob@army.ml>, relay=mx[192.0.2.1]:25, status=sent (ok)\n"
)

// bzip2Bomb is bombSize line ends, which Go cannot compress with bzip2.
const bzip2Bomb = "QlpoOTFBWSZTWStxu3EBX45AAIAQAAggADCATUZCoCWpCoCXMUFZJlNZiLN1OACidcAAwBAACCAAIKU0GY41RUQmxUVEJ4u5IpwoSG8oAe0A"

// repeated reads a text again and again.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		k := copy(b[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

// packed compresses a content.
func packed(t *testing.T, content io.Reader, compressor func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := compressor(&out)
	require.NoError(t, err)
	_, err = io.Copy(w, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func gzipped(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }

// bombs are small files that have much in them.
func bombs() map[string]func(t *testing.T) []byte {
	much := func(text string, size int64) io.Reader { return io.LimitReader(&repeated{text: text}, size) }
	return map[string]func(t *testing.T) []byte{
		"lines in gzip in gzip": func(t *testing.T) []byte {
			t.Helper()
			return packed(t, bytes.NewReader(packed(t, much("\n", bombSize), gzipped)), gzipped)
		},
		"one line in gzip": func(t *testing.T) []byte {
			t.Helper()
			return packed(t, much("x", bombSize), gzipped)
		},
		"one JSON string in gzip": func(t *testing.T) []byte {
			t.Helper()
			return packed(t, io.MultiReader(strings.NewReader(`[{"recipient":"`), much("x", bombSize), strings.NewReader(`"}]`)), gzipped)
		},
		"members of gzip": func(t *testing.T) []byte {
			t.Helper()
			return bytes.Repeat(packed(t, strings.NewReader(mailLine), gzipped), 50_000)
		},
		"lines in zstd": func(t *testing.T) []byte {
			t.Helper()
			return packed(t, much("\n", bombSize), func(w io.Writer) (io.WriteCloser, error) {
				return zstd.NewWriter(w, zstd.WithWindowSize(8<<20))
			})
		},
		"a window of 128 MiB in zstd": func(t *testing.T) []byte {
			t.Helper()
			return packed(t, much(mailLine, bombSize), func(w io.Writer) (io.WriteCloser, error) {
				return zstd.NewWriter(w, zstd.WithWindowSize(128<<20))
			})
		},
		"lines in xz": func(t *testing.T) []byte {
			t.Helper()
			return packed(t, much(mailLine, bombSize/4), func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })
		},
		"lines in LZ4": func(t *testing.T) []byte {
			t.Helper()
			return packed(t, much("\n", bombSize), func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil })
		},
		"lines in bzip2": func(t *testing.T) []byte {
			t.Helper()
			content, err := base64.StdEncoding.DecodeString(bzip2Bomb)
			require.NoError(t, err)
			return content
		},
		"many files in tar": func(t *testing.T) []byte {
			t.Helper()
			return packed(t, tarOf(t, 4000, 100), gzipped)
		},
		"long names in tar": func(t *testing.T) []byte {
			t.Helper()
			return packed(t, tarOf(t, 50, 900_000), gzipped)
		},
		"many files in zip":     func(t *testing.T) []byte { t.Helper(); return zipOf(t, 10_000, 10) },
		"too many files in zip": func(t *testing.T) []byte { t.Helper(); return zipOf(t, 60_000, 100) },
	}
}

// tarOf returns an archive of files with names that have so many bytes.
func tarOf(t *testing.T, files, name int) io.Reader {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := range files {
		header := &tar.Header{Name: fmt.Sprintf("%0*d/%d", name, i, i), Size: int64(len(mailLine)), Mode: 0o600, Format: tar.FormatPAX}
		require.NoError(t, w.WriteHeader(header))
		_, err := io.WriteString(w, mailLine)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return &out
}

// zipOf returns an archive of files with names that have so many bytes.
func zipOf(t *testing.T, files, name int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := range files {
		file, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%0*d", name, i)})
		require.NoError(t, err)
		_, err = io.WriteString(file, mailLine)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestBombs: whatever is in a file, audit takes no more memory than it says.
func TestBombs(t *testing.T) {
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	dir := t.TempDir()
	conf := filepath.Join(dir, "Corefile")
	kit.WriteFile(t, conf, corefile)
	for name, bomb := range bombs() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "bomb")
			require.NoError(t, os.WriteFile(path, bomb(t), 0o600))
			peak := peakOf(t, exec.Command(binary, "audit", "-conf", conf, "-csv", path, "-"))
			t.Logf("%d kB", peak)
			assert.Less(t, peak, maxMemory)
		})
	}
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakOf runs audit, which reads standard input last, and returns how much memory it took until then, in kilobytes. What the kernel tells
// of a process that has ended counts the memory of the one that started it, too.
func peakOf(t *testing.T, audit *exec.Cmd) int {
	t.Helper()
	in, err := audit.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, audit.Start())
	_, err = io.Copy(in, io.LimitReader(&repeated{text: "example.org\n"}, 4<<20)) // more than a pipe and the buffers hold: it is read
	require.NoError(t, err)
	m := highWater.FindStringSubmatch(kit.ReadFile(t, fmt.Sprintf("/proc/%d/status", audit.Process.Pid)))
	require.NotNil(t, m)
	require.NoError(t, in.Close())
	_ = audit.Wait() // its exit status says that there was no mail
	kibibytes, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	return kibibytes * 1024 / 1000
}

// TestJoinMemory: as many events as may be, more messages than are told apart, and more mail to intended domains than is remembered.
func TestJoinMemory(t *testing.T) {
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	const (
		most       = 20_000
		recipients = 4
	)
	var events, log strings.Builder
	begin := time.Date(2026, time.November, 21, 0, 0, 0, 0, time.UTC)
	for n := range most {
		name, at := fmt.Sprintf("host%d.some-department.army", n%5000), begin.Add(time.Duration(n)*time.Second)
		fmt.Fprintf(&events, `{"typoguard.id":"e%09d","typoguard.lookalike":"%s.ml","typoguard.intended":"%s.mil","typoguard.policy":"mil","typoguard.mode":"enforce",`+
			`"event.action":"nxdomain","client.ip":"192.0.2.25","event.start":"%[4]s","event.end":"%[4]s","message":"%[5]s"}`+"\n", n, name, name, at.Format(time.RFC3339), strings.Repeat("x", 200))
		for k := range recipients {
			const line = "%s relay postfix/%s[1]: %X: %s=<somebody.with.a.long.name.%d@%s>, relay=none, delay=1, status=%s (no)\n"
			id, stamp := 0xA0000000+(n*recipients+k)*2, at.Format(time.Stamp)
			fmt.Fprintf(&log, line, stamp, "qmgr", id, "from", k, "corp.example", "")
			fmt.Fprintf(&log, line, stamp, "smtp", id, "to", n*recipients+k, name+".ml", "bounced")
			fmt.Fprintf(&log, line, stamp, "qmgr", id+1, "from", k, "corp.example", "")
			fmt.Fprintf(&log, line, stamp, "smtp", id+1, "to", n*recipients+k, name+".mil", "bounced")
		}
	}
	dir := t.TempDir()
	kit.WriteFile(t, filepath.Join(dir, "events.jsonl"), events.String())
	kit.WriteFile(t, filepath.Join(dir, "mail.log"), strings.ReplaceAll(log.String(), ".mil>, relay=none, delay=1, status=bounced", ".mil>, relay=mx, delay=1, status=deferred"))
	cmd := exec.Command(binary, "audit", "-join", filepath.Join(dir, "events.jsonl"), "-addresses", "-csv", filepath.Join(dir, "mail.log"), "-")
	cmd.Env = append(os.Environ(), "TZ=UTC")
	peak := peakOf(t, cmd)
	t.Logf("%d kB", peak)
	assert.Less(t, peak, maxMemory)
}
