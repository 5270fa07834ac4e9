package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

const (
	// filePermissions keep events, which tell who writes to whom, from others.
	filePermissions = 0o640
	// rotatedLayout is what the name of a rotated file ends with: the time, in UTC.
	rotatedLayout = "2006-01-02T15-04-05.000"
	// pruneInterval is how often old files are looked for, beside at every rotation.
	pruneInterval = time.Hour
)

var rotatedSuffix = regexp.MustCompile(`^\.\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}$`)

// FileConfig says how events are kept in a file.
type FileConfig struct {
	Path string
	// Size is how many octets the file grows to, about, before it is renamed and a new one begun.
	Size int64
	// Keep is how many renamed files are kept, and Age for how long; 0 is for ever.
	Keep int
	Age  time.Duration
	// Host is the one that reports.
	Host string
}

// File is a Target: a file to which JSON lines are appended. Each line is written whole or not at all. It is opened anew
// when somebody, such as logrotate, has renamed or removed it.
//
// What is written is in the hands of the operating system, and survives the end of the process, however sudden. It is not
// forced onto the disk: what a crash of the host itself leaves of the last seconds is up to the file system.
type File struct {
	config FileConfig
	file   *os.File // nil if it is to be opened
	size   int64
	torn   bool // the file ends within a line
	pruned time.Time

	lines   bytes.Buffer
	encoder *event.JSON
}

// NewFile returns a target. The file is opened when there is something to write.
func NewFile(config FileConfig) *File {
	f := &File{config: config}
	f.encoder = event.NewJSON(&f.lines, config.Host)
	return f
}

// Write implements Target.
func (f *File) Write(_ context.Context, events []*event.Event) (int, error) {
	if err := f.prepare(); err != nil {
		return 0, err
	}
	f.lines.Reset()
	if f.torn {
		f.lines.WriteByte('\n')
	}
	var ends []int // of the lines
	for _, e := range events {
		if err := f.encoder.Encode(e); err != nil {
			return 0, fmt.Errorf("encoding event %s: %w", e.ID, err)
		}
		ends = append(ends, f.lines.Len())
	}
	n, err := f.file.Write(f.lines.Bytes())
	if err != nil {
		return f.cut(n, ends), err
	}
	f.size += int64(n)
	f.torn = false
	return len(events), nil
}

// cut takes back the part of a line that was written before an error, and returns how many lines there are before it.
func (f *File) cut(written int, ends []int) int {
	lines, _ := slices.BinarySearch(ends, written+1) // lines that end at or before written
	whole := 0
	if lines > 0 {
		whole = ends[lines-1]
	}
	if written > whole {
		_ = f.file.Truncate(f.size + int64(whole)) // if that fails, too, open will see that a line is torn
	}
	_ = f.Close() // and opened anew: the disk may be another one by then
	return lines
}

// prepare makes sure that the file is open, is the one of that name, and has room.
func (f *File) prepare() error {
	if f.file != nil {
		if err := f.check(); err != nil {
			return err
		}
	}
	if f.file == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	if time.Since(f.pruned) >= pruneInterval {
		return f.prune()
	}
	return nil
}

// check closes the file if it is not the one of that name any more, or is full.
func (f *File) check() error {
	opened, err := f.file.Stat()
	if err != nil {
		return err
	}
	f.size = opened.Size() // somebody may have truncated it
	named, err := os.Stat(f.config.Path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case os.SameFile(opened, named) && f.size < f.config.Size:
		return nil
	case os.SameFile(opened, named):
		if err := f.rotate(); err != nil {
			return err
		}
	}
	err = f.file.Close()
	f.file = nil
	return err
}

// open opens the file, which may be full or end within a line.
func (f *File) open() error {
	file, err := os.OpenFile(f.config.Path, os.O_APPEND|os.O_CREATE|os.O_RDWR, filePermissions)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", f.config.Path)
	}
	last := []byte{'\n'}
	if err == nil && info.Size() > 0 {
		_, err = file.ReadAt(last, info.Size()-1)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return errors.Join(err, file.Close())
	}
	f.file, f.size, f.torn = file, info.Size(), last[0] != '\n'
	if f.size < f.config.Size {
		return nil
	}
	err = errors.Join(f.rotate(), f.file.Close())
	f.file = nil
	if err != nil {
		return err
	}
	return f.open()
}

// rotate renames the file. It stays open.
func (f *File) rotate() error {
	name := f.config.Path + "." + time.Now().UTC().Format(rotatedLayout)
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s exists already", name) // for a millisecond at most
	}
	if err := os.Rename(f.config.Path, name); err != nil {
		return err
	}
	return f.prune()
}

// prune removes rotated files that are too many or too old.
func (f *File) prune() error {
	f.pruned = time.Now()
	rotated, err := f.rotated()
	if err != nil {
		return err
	}
	for i, name := range rotated { // the newest first
		if (f.config.Keep == 0 || i < f.config.Keep) && !f.expired(name) {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// rotated returns the paths of the rotated files, the newest first.
func (f *File) rotated() ([]string, error) {
	dir, base := filepath.Split(f.config.Path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if suffix, ok := strings.CutPrefix(entry.Name(), base); ok && rotatedSuffix.MatchString(suffix) {
			names = append(names, dir+entry.Name())
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names, nil
}

// expired reports whether a rotated file is too old, by its name.
func (f *File) expired(name string) bool {
	at, err := time.Parse("."+rotatedLayout, strings.TrimPrefix(name, f.config.Path))
	return err == nil && f.config.Age > 0 && time.Since(at) > f.config.Age
}

// Close implements Target.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}
