package input

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// contents returns the lines of each log in a file, by its name without the file's.
func contents(t *testing.T, content []byte) (map[string]string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	all := map[string]string{}
	err := Each(path, nil, nil, func(l *Log) error {
		lines, err := readAll(l)
		all[strings.TrimPrefix(strings.TrimPrefix(l.Name, path), ":")] = strings.Join(lines, "|")
		return err
	})
	return all, err
}

var memberTime = time.Date(2026, time.August, 1, 0, 0, 0, 0, time.UTC)

func tarOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o600, ModTime: memberTime}))
		_, err := w.Write([]byte(files[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "directory/", Typeflag: tar.TypeDir}))
	require.NoError(t, w.Close())
	return archive.Bytes()
}

func zipOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for i := 0; i < len(files); i += 2 {
		member, err := w.Create(files[i])
		require.NoError(t, err)
		_, err = member.Write([]byte(files[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return archive.Bytes()
}

// skippable is a frame for the data of others.
func skippable(size int) []byte {
	frame := binary.LittleEndian.AppendUint32(nil, 0x184d2a53)
	return append(binary.LittleEndian.AppendUint32(frame, uint32(size)), make([]byte, size)...)
}

func utf16Of(s string, order binary.AppendByteOrder) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, unit)
	}
	return b
}

// written returns a file that a program wrote which Go has no library for, or with settings that the library does not have:
//
//	printf 'one\ntwo\n' | bzip2 >two.bz2
//	printf 'one\n' | xz -9 >one-9.xz; printf 'one\n' | xz -6 >one-6.xz
//	head -c 1048576 /dev/zero | tr '\0' x | zstd --long=27 --no-check >x-long.zst
func written(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	return content
}

// TestUnpack: whatever is around a log is taken off, by the content alone.
func TestUnpack(t *testing.T) {
	const text = "one\ntwo\n"
	gz := compressed(t, "gzip", []byte(text))
	plain := map[string]string{"": "one|two"}
	long := strings.Repeat("a long enough line of text in UTF-16\n", 100)
	tests := []struct {
		name    string
		content []byte
		want    map[string]string
	}{
		{"gzip, members, zeros", append(append(bytes.Clone(gz), gz...), make([]byte, 100)...), map[string]string{"": "one|two|one|two"}},
		{"twice", compressed(t, "zstd", gz), plain},
		{"zstd behind a skippable frame", append(skippable(5), compressed(t, "zstd", []byte(text))...), plain},
		{"zstd before a skippable frame", append(compressed(t, "zstd", []byte(text)), skippable(5)...), plain},
		{"lz4 with skippable frames", bytes.Join([][]byte{skippable(0), compressed(t, "lz4", []byte(text)), skippable(9), compressed(t, "lz4", []byte(text))}, nil), map[string]string{"": "one|two|one|two"}},
		{"tar", tarOf(t, "mail.log", text, "queries.gz", string(gz)), map[string]string{"mail.log": "one|two", "queries.gz": "one|two"}},
		{"tar.gz", compressed(t, "gzip", tarOf(t, "mail.log", text)), map[string]string{"mail.log": "one|two"}},
		{"zip", zipOf(t, "mail.log", text, "mail.log.1.gz", string(gz)), map[string]string{"mail.log": "one|two", "mail.log.1.gz": "one|two"}},
		{"UTF-8 with a mark", []byte("\xef\xbb\xbf" + text), plain},
		{"UTF-16LE with a mark", utf16Of("\ufeff"+text, binary.LittleEndian), plain},
		{"UTF-16BE with a mark", utf16Of("\ufeff"+text, binary.BigEndian), plain},
		{"UTF-16LE without", utf16Of(long, binary.LittleEndian), map[string]string{"": strings.TrimSuffix(strings.ReplaceAll(long, "\n", "|"), "|")}},
		{"UTF-16BE without", utf16Of(long, binary.BigEndian), map[string]string{"": strings.TrimSuffix(strings.ReplaceAll(long, "\n", "|"), "|")}},
		{"UTF-16 compressed", compressed(t, "gzip", utf16Of("\ufeff"+text, binary.LittleEndian)), plain},
		{"a list of objects", []byte("[\n  {\"a\": \"}\\\"\"},\n  {\"b\": {\"c\": 1}}\n]\n"), map[string]string{"": `{"a": "}\""}|{"b": {"c": 1}}`}},
		{"objects over lines", []byte("{\n\t\"a\" : 1\n}\n{\n\t\"b\" : 2\n}\n"), map[string]string{"": "{\n\t\"a\" : 1\n}|{\n\t\"b\" : 2\n}"}},
		{"an object a line", []byte("{\"a\":1}\n{\"b\":2}\n"), map[string]string{"": `{"a":1}|{"b":2}`}},
		{"BZh alone", []byte("BZh9 is a name\n"), map[string]string{"": "BZh9 is a name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := contents(t, tt.content)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	t.Run("bzip2, twice", func(t *testing.T) {
		bz := written(t, "two.bz2")
		got, err := contents(t, append(bytes.Clone(bz), bz...))
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"": "one|two|one|two"}, got)
		_, err = contents(t, bz[:len(bz)-3])
		require.ErrorContains(t, err, "is cut off")
	})
}

// TestMemberTime: a log in an archive is as old as the archive says.
func TestMemberTime(t *testing.T) {
	require.NoError(t, opened(t, bytes.NewReader(tarOf(t, "mail.log", "x\n")), func(l *Log) {
		assert.WithinDuration(t, memberTime, l.Changed, 0)
	}))
}

// TestUnpackErrors: what does not end, or takes too much memory, is refused with what to do.
func TestUnpackErrors(t *testing.T) {
	archive := tarOf(t, "mail.log", "one\ntwo\n", "second", "three\n")
	_, err := contents(t, archive[:700])
	require.ErrorContains(t, err, "is cut off")
	_, err = contents(t, zipOf(t, "a", "b\n")[:40])
	require.Error(t, err)
	_, err = contents(t, skippable(100)[:50])
	require.ErrorContains(t, err, "unexpected EOF")
	_, err = contents(t, []byte("[{\"a\": 1}, {\"b\""))
	require.ErrorContains(t, err, "is cut off after 1 lines")
	_, err = contents(t, []byte("[{\"a\": \""+strings.Repeat("x", MaxItem)+"\"}]"))
	require.NoError(t, err)
	t.Run("xz", func(t *testing.T) {
		_, err := contents(t, written(t, "one-9.xz"))
		require.ErrorContains(t, err, "its dictionary has 64 MiB, and at most 8 are read; expected it from a pipe: xz -dc FILE | coredns-typoguard audit")
		got, err := contents(t, written(t, "one-6.xz"))
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"": "one"}, got)
	})
	t.Run("zstd", func(t *testing.T) {
		_, err := contents(t, written(t, "x-long.zst"))
		require.ErrorContains(t, err, "window")
	})
}

// FuzzEach: whatever a file has in it, it is read to an end, or an error.
func FuzzEach(f *testing.F) {
	for _, magic := range []string{"\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "\xfd7zXZ\x00", "BZh91AY&SY", "\x04\x22\x4d\x18", "\x02\x21\x4c\x18", "PK\x03\x04", "\x50\x2a\x4d\x18\x01\x00\x00\x00x", "\xff\xfe", "[{", "{\n\"", "one\n"} {
		f.Add([]byte(magic + "\x00\x01\x02\x03"))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "log")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		_ = Each(path, nil, nil, func(l *Log) error { // an error is as good
			lines, err := readAll(l)
			require.GreaterOrEqual(t, l.Items, int64(len(lines)))
			return err
		})
	})
}

// TestTooMany: a zip archive whose table of contents would take much memory is refused, and of very many errors the first are kept.
func TestTooMany(t *testing.T) {
	long := strings.Repeat("x", 60_000)
	var files, bad []string
	for i := range 20 {
		files = append(files, long+strconv.Itoa(i), "army.ml\n")
	}
	for i := range 40 {
		bad = append(bad, strconv.Itoa(i), "\x1f\x8b\x08")
	}
	_, err := contents(t, zipOf(t, files...))
	require.ErrorContains(t, err, "has too many files")
	all, err := contents(t, zipOf(t, files[:20]...))
	require.NoError(t, err)
	assert.Len(t, all, 1, "whose names begin alike, and are cut")
	for _, archive := range [][]byte{zipOf(t, bad...), tarOf(t, bad...)} {
		_, err = contents(t, archive)
		require.Error(t, err)
		assert.Equal(t, 20, strings.Count(err.Error(), "is cut off"))
		assert.ErrorContains(t, err, "and more errors")
	}
}
