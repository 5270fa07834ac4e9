package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"
)

// compressors are what logs are compressed with.
var compressors = map[string]func(io.Writer) (io.WriteCloser, error){
	"gzip": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	"xz":   func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	"lz4":  func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil },
}

// opened calls read with the only log of a source.
func opened(t *testing.T, content io.Reader, read func(*Log)) error {
	t.Helper()
	logs := 0
	err := Each("-", content, nil, func(l *Log) error { logs++; read(l); return nil })
	require.LessOrEqual(t, logs, 1)
	return err
}

// compressed returns content as a compressor makes it.
func compressed(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w, err := compressors[name](&buffer)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buffer.Bytes()
}

// readAll returns the lines of a log until an error, and that unless it is the end.
func readAll(l *Log) ([]string, error) {
	var lines []string
	for {
		line, err := l.Next()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		lines = append(lines, string(line))
	}
}

// numbered returns lines that do not compress well.
func numbered(lines int) []byte {
	var b bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&b, "line %d %x\n", i, uint64(i)*0x9E3779B97F4A7C15)
	}
	return b.Bytes()
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", MaxItem+10)
	tests := []struct {
		name, content string
		want          []string
		tooLong       int64
	}{
		{"empty", "", nil, 0},
		{"lines", "one\ntwo\r\n\nfour\n", []string{"one", "two", "", "four"}, 0},
		{"last without an end", "one\ntwo", []string{"one", "two"}, 0},
		{"too long", "one\n" + long + "\nthree\n", []string{"one", "three"}, 1},
		{"too long at the end", "one\n" + long, []string{"one"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NoError(t, opened(t, strings.NewReader(tt.content), func(l *Log) {
				assert.Equal(t, "standard input", l.Name)
				head, err := l.Head(3)
				require.NoError(t, err)
				assert.Equal(t, tt.content[:min(3, len(tt.content))], string(head))
				lines, err := readAll(l)
				require.NoError(t, err)
				assert.Equal(t, tt.want, lines)
				assert.Equal(t, tt.tooLong, l.TooLong)
				assert.EqualValues(t, len(tt.want)+int(tt.tooLong), l.Items)
				assert.EqualValues(t, len(tt.content), l.Octets)
			}))
		})
	}
}

// TestCompressed: every compression is seen by its content, also several streams behind one another, and what is cut off is
// an error that says how far it was.
func TestCompressed(t *testing.T) {
	content := numbered(5000)
	for name := range compressors {
		t.Run(name, func(t *testing.T) {
			archive := compressed(t, name, content)
			file := filepath.Join(t.TempDir(), "mail.log.1")
			require.NoError(t, os.WriteFile(file, append(bytes.Clone(archive), archive...), 0o600))
			changed := time.Date(2026, time.August, 1, 0, 0, 0, 0, time.UTC)
			require.NoError(t, os.Chtimes(file, changed, changed))
			var watched bytes.Buffer
			require.NoError(t, Each(file, nil, &watched, func(l *Log) error {
				assert.WithinDuration(t, changed, l.Changed, 0)
				lines, err := readAll(l)
				assert.Len(t, lines, 10000)
				return err
			}))
			assert.Equal(t, 2*len(archive), watched.Len())

			for _, size := range []int{7, 20, len(archive) / 2, len(archive) - 1} {
				var err error
				refused := opened(t, bytes.NewReader(archive[:size]), func(l *Log) {
					var lines []string
					lines, err = readAll(l)
					assert.Less(t, len(lines), 5001)
					for i, line := range lines {
						require.True(t, strings.HasPrefix(line, fmt.Sprintf("line %d ", i)), line)
					}
					if len(lines) > 0 {
						require.ErrorContains(t, err, fmt.Sprintf("after %d lines and ", len(lines)))
					}
				})
				err = errors.Join(err, refused)
				require.ErrorContains(t, err, "standard input is cut off after ", "%d of %d octets", size, len(archive))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			}
			archive[len(archive)/2] ^= 0xff
			var damaged error
			refused := opened(t, bytes.NewReader(archive), func(l *Log) { _, damaged = readAll(l) })
			require.Error(t, errors.Join(damaged, refused), "a damaged one")
		})
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	never := func(*Log) error { return errors.New("there is nothing to read") }
	err := Each(filepath.Join(dir, "missing"), nil, nil, never)
	require.ErrorIs(t, err, os.ErrNotExist)
	err = Each(dir, nil, nil, never)
	require.EqualError(t, err, dir+" is a directory; expected a log file")
}

func TestFrames(t *testing.T) {
	content, err := os.ReadFile("../logs/testdata/coredns.dnstap")
	require.NoError(t, err)
	count := func(content []byte) (items int64, err error) {
		refused := opened(t, bytes.NewReader(content), func(l *Log) {
			if err = l.ReadFrames(); err == nil {
				_, err = readAll(l)
			}
			items = l.Items
		})
		return items, errors.Join(err, refused)
	}
	n, err := count(content)
	require.NoError(t, err)
	assert.EqualValues(t, 18, n)
	n, err = count(compressed(t, "zstd", content))
	require.NoError(t, err)
	assert.EqualValues(t, 18, n)
	n, err = count(content[:len(content)/2])
	require.ErrorContains(t, err, "standard input is cut off after 8 lines and ")
	assert.EqualValues(t, 8, n)
	_, err = count([]byte("no frames at all"))
	require.Error(t, err)
}

func TestOrder(t *testing.T) {
	tests := []struct{ name, given, want string }{
		{"rotated by number", "mail.log mail.log.1 mail.log.10.gz mail.log.2.gz", "mail.log.10.gz mail.log.2.gz mail.log.1 mail.log"},
		{"rotated by date", "mail.log mail.log-20261121.zst mail.log-20261114.xz", "mail.log-20261114.xz mail.log-20261121.zst mail.log"},
		{"dates with hyphens", "q-2026-11-21 q-2026-11-14.gz", "q-2026-11-14.gz q-2026-11-21"},
		{"BIND's versions", "queries queries.0 queries.1", "queries.1 queries.0 queries"},
		{"two logs", "b/mail.log a/mail.log a/mail.log.1 b/mail.log.1", "b/mail.log.1 b/mail.log a/mail.log.1 a/mail.log"},
		{"no rotation", "z.log a.log - m.log", "z.log a.log - m.log"},
		{"compressed only", "mail.log.3.gz mail.log.4.gz", "mail.log.4.gz mail.log.3.gz"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			given := strings.Fields(tt.given)
			assert.Equal(t, strings.Fields(tt.want), Order(given))
			assert.Equal(t, strings.Fields(tt.given), given, "what was given stays as it is")
		})
	}
}
