package sink

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/clock"
)

// newFile returns a target in a directory of its own.
func newFile(t *testing.T, size int64, keep int, age time.Duration) (*File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.json")
	f := NewFile(FileConfig{Path: path, Size: size, Keep: keep, Age: age, Host: "host"})
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f, path
}

func write(t *testing.T, f *File, names ...string) {
	t.Helper()
	n, err := f.Write(t.Context(), ids(names...))
	require.NoError(t, err)
	require.Equal(t, len(names), n)
}

// idsIn returns the ids of the lines of a file, each of which must be JSON.
func idsIn(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.HasSuffix(content, []byte("\n")))
	var found []string
	for line := range bytes.Lines(content) {
		var fields map[string]any
		require.NoError(t, json.Unmarshal(line, &fields), "%s", line)
		found = append(found, fields["event.id"].(string))
	}
	return found
}

func TestFileAppends(t *testing.T) {
	f, path := newFile(t, 1<<20, 0, 0)
	write(t, f, "a", "b")
	write(t, f, "c")
	assert.Equal(t, []string{"a", "b", "c"}, idsIn(t, path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(filePermissions), info.Mode().Perm(), "not for everybody")

	require.NoError(t, f.Close())
	write(t, f, "d")
	assert.Equal(t, []string{"a", "b", "c", "d"}, idsIn(t, path), "a restart appends")
}

// TestFileReopens: what somebody else does to the file is noticed before the next event is written.
func TestFileReopens(t *testing.T) {
	f, path := newFile(t, 1<<20, 0, 0)
	write(t, f, "a")
	require.NoError(t, os.Rename(path, path+".1"))
	write(t, f, "b")
	assert.Equal(t, []string{"a"}, idsIn(t, path+".1"))
	assert.Equal(t, []string{"b"}, idsIn(t, path))

	require.NoError(t, os.Rename(path, path+".2"))
	require.NoError(t, os.WriteFile(path, nil, 0o600)) // logrotate with create
	write(t, f, "c")
	assert.Equal(t, []string{"c"}, idsIn(t, path))

	require.NoError(t, os.Truncate(path, 0)) // logrotate with copytruncate
	write(t, f, "d")
	assert.Equal(t, []string{"d"}, idsIn(t, path))

	require.NoError(t, os.Remove(path))
	write(t, f, "e")
	assert.Equal(t, []string{"e"}, idsIn(t, path))
}

// TestFileRecovers: an error is returned, and the next try succeeds once its cause is gone.
func TestFileRecovers(t *testing.T) {
	f, path := newFile(t, 1<<20, 0, 0)
	write(t, f, "a")
	dir := filepath.Dir(path)
	require.NoError(t, os.Rename(dir, dir+".away"))
	_, err := f.Write(t.Context(), ids("b"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Rename(dir+".away", dir))
	write(t, f, "b")
	assert.Equal(t, []string{"a", "b"}, idsIn(t, path))

	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700))
	_, err = f.Write(t.Context(), ids("c"))
	require.Error(t, err)
	require.NoError(t, os.Remove(path))
	write(t, f, "c")
	assert.Equal(t, []string{"c"}, idsIn(t, path))
}

// TestFileWriteFails: an error of the write itself is returned, and the events are written by the next try.
func TestFileWriteFails(t *testing.T) {
	f, path := newFile(t, 1<<20, 0, 0)
	write(t, f, "a")
	require.NoError(t, f.file.Close())
	var err error
	f.file, err = os.Open(path) // for reading only
	require.NoError(t, err)
	n, err := f.Write(t.Context(), ids("b", "c"))
	require.ErrorIs(t, err, syscall.EBADF)
	assert.Zero(t, n)
	write(t, f, "b", "c")
	assert.Equal(t, []string{"a", "b", "c"}, idsIn(t, path))
}

// TestFileNotRegular: what would take events and keep none is refused.
func TestFileNotRegular(t *testing.T) {
	f := NewFile(FileConfig{Path: os.DevNull, Size: 1 << 20, Host: "host"})
	_, err := f.Write(t.Context(), ids("a"))
	require.EqualError(t, err, "/dev/null is not a regular file")
	require.NoError(t, f.Close())
}

// TestFileClose: the file is given back, and that twice does no harm.
func TestFileClose(t *testing.T) {
	f, _ := newFile(t, 1<<20, 0, 0)
	require.NoError(t, f.Close(), "not opened yet")
	write(t, f, "a")
	file := f.file
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	require.ErrorIs(t, file.Close(), os.ErrClosed)
}

// TestFileTornLine: a line that a dying process or a full disk cut off stays by itself.
func TestFileTornLine(t *testing.T) {
	f, path := newFile(t, 1<<20, 0, 0)
	require.NoError(t, os.WriteFile(path, []byte(`{"torn":`), 0o600))
	write(t, f, "a")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(content), "{\"torn\":\n{\"message\""))
	write(t, f, "b")
	content, err = os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, 3, bytes.Count(content, []byte("\n")), "and no empty line")
}

// TestFileCut: of what was written before an error, whole lines count and others are taken back.
func TestFileCut(t *testing.T) {
	tests := []struct {
		written, lines int
		rest           string
	}{
		{0, 0, "old\n"}, {1, 0, "old\n"}, {3, 0, "old\n"}, {4, 1, "old\none\n"}, {5, 1, "old\none\n"}, {8, 2, "old\none\ntwo\n"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.written), func(t *testing.T) {
			f, path := newFile(t, 1<<20, 0, 0)
			require.NoError(t, os.WriteFile(path, []byte("old\n"), 0o600))
			require.NoError(t, f.open())
			_, err := f.file.WriteString("one\ntwo\n"[:tt.written])
			require.NoError(t, err)
			assert.Equal(t, tt.lines, f.cut(tt.written, []int{4, 8}))
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, tt.rest, string(content))
		})
	}
}

// TestFileFullAtTheStart: a file that has its size already, because it was given a smaller one, or somebody else writes to it, is
// put aside before anything is written; also one that ends within a line.
func TestFileFullAtTheStart(t *testing.T) {
	for name, before := range map[string]string{
		"exactly full":       strings.Repeat("x", 1999) + "\n",
		"far too large":      strings.Repeat("x\n", 5000),
		"torn":               strings.Repeat("x", 3000),
		"torn, exactly full": strings.Repeat("x", 2000),
	} {
		t.Run(name, func(t *testing.T) {
			f, path := newFile(t, 2000, 3, 0)
			require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
			write(t, f, "a")
			assert.Equal(t, []string{"a"}, idsIn(t, path))
			files := rotatedFiles(t, path)
			require.Len(t, files, 1)
			content, err := os.ReadFile(files[0])
			require.NoError(t, err)
			assert.Equal(t, before, string(content))
		})
	}
	f, path := newFile(t, 2000, 3, 0)
	almost := strings.Repeat("x", 1998) + "\n"
	require.NoError(t, os.WriteFile(path, []byte(almost), 0o600))
	write(t, f, "a")
	assert.Empty(t, rotatedFiles(t, path), "one octet less is not full")
}

// rotatedFiles returns how many there are.
func rotatedFiles(t *testing.T, path string) []string {
	t.Helper()
	files, err := filepath.Glob(path + ".*")
	require.NoError(t, err)
	return files
}

// TestFileRotates: no event is lost, no file grows far beyond its size, and only so many are kept.
func TestFileRotates(t *testing.T) {
	f, path := newFile(t, 2000, 3, 0)
	require.NoError(t, os.WriteFile(path+".bak", nil, 0o600))
	nameless := filepath.Join(filepath.Dir(path), ".1999-12-31T00-00-00.000")
	require.NoError(t, os.WriteFile(nameless, nil, 0o600))
	var last []string
	for i := range 100 {
		name := fmt.Sprintf("id%d", i)
		require.EventuallyWithT(t, func(c *assert.CollectT) { // two rotations need two milliseconds
			_, err := f.Write(t.Context(), ids(name))
			assert.NoError(c, err)
		}, 5*time.Second, time.Millisecond)
		last = append(last, name)
	}
	files := rotatedFiles(t, path)
	assert.Len(t, files, 3+1, "and the one that is not ours")
	assert.FileExists(t, path+".bak")
	assert.FileExists(t, nameless, "of another file")
	var kept []string
	for _, name := range append(files[:3:3], path) {
		kept = append(kept, idsIn(t, name)...)
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Less(t, info.Size(), int64(3000))
	}
	assert.Equal(t, last[len(last)-len(kept):], kept, "all the last ones, in order")
}

// TestFileAge: rotated files that are too old are removed, even if nothing is rotated, but not as long as the date may be wrong.
func TestFileAge(t *testing.T) {
	f, path := newFile(t, 1<<20, 0, 24*time.Hour)
	synctest.Test(t, func(t *testing.T) {
		name := func(age time.Duration) string {
			return path + "." + time.Now().UTC().Add(-age).Format(rotatedLayout)
		}
		old, young := name(25*time.Hour), name(22*time.Hour)
		never := path + ".1999-13-31T00-00-00.000"
		for _, file := range []string{old, young, path + ".1999-12-31", never} {
			require.NoError(t, os.WriteFile(file, nil, 0o600))
		}
		write(t, f, "a")
		assert.FileExists(t, old, "the host may have started with a wrong date")
		<-time.After(clock.Settle)
		write(t, f, "b")
		assert.FileExists(t, never, "no time at all")
		assert.NoFileExists(t, old)
		assert.FileExists(t, young)
		assert.FileExists(t, path+".1999-12-31", "not ours")
	})
}

// TestFilePruneFails: that an old file cannot be removed is told of, and keeps no event from being written.
func TestFilePruneFails(t *testing.T) {
	f, path := newFile(t, 1<<20, 0, time.Hour)
	synctest.Test(t, func(t *testing.T) {
		old := path + ".1999-12-31T00-00-00.000"
		require.NoError(t, os.MkdirAll(filepath.Join(old, "not empty"), 0o700))
		write(t, f, "a")
		<-time.After(clock.Settle)
		_, err := f.Write(t.Context(), ids("b"))
		require.ErrorIs(t, err, syscall.ENOTEMPTY)
		write(t, f, "b")
		assert.Equal(t, []string{"a", "b"}, idsIn(t, path))
	})
}

// TestFileExactlyFull: a file that has just its size takes no more.
func TestFileExactlyFull(t *testing.T) {
	f, path := newFile(t, 1<<20, 0, 0)
	write(t, f, "a")
	info, err := os.Stat(path)
	require.NoError(t, err)
	for size, rotated := range map[int64]int{info.Size(): 1, info.Size() + 1: 0} {
		f, path := newFile(t, size, 0, 0)
		write(t, f, "a")
		write(t, f, "b")
		assert.Len(t, rotatedFiles(t, path), rotated)
	}
}
