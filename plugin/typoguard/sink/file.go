package sink

import (
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

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/clock"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

const (
	// filePermissions hide events from other users, because they show who writes to whom.
	filePermissions = 0o640
	// rotatedLayout is the layout of the time, in UTC, at the end of a rotated file's name.
	rotatedLayout = "2006-01-02T15-04-05.000"
	// pruneInterval is how often old files are removed, besides at every rotation.
	pruneInterval = time.Hour
)

var rotatedSuffix = regexp.MustCompile(`^\.\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}$`)

// FileConfig configures a File.
type FileConfig struct {
	Path string
	// Size is the approximate size in bytes at which the file is renamed and a new one started.
	Size int64
	// Keep is how many renamed files are kept, and Age for how long; 0 means without limit.
	Keep int
	Age  time.Duration
	// Host is the resolver that reports.
	Host string
}

// File is a Target that appends JSON lines to a file. It writes each line whole or not at all, and reopens the file after
// another program, such as logrotate, has renamed or removed it.
//
// Written events survive even a sudden end of the process, because the operating system has them. They are not synced to
// disk: how much of the last seconds survives a crash of the host depends on the file system.
type File struct {
	config FileConfig
	file   *os.File // nil while it is closed
	size   int64
	torn   bool // the file ends in the middle of a line
	pruned time.Time
	clock  clock.Watch
	lines  *jsonBuffer
}

// NewFile returns a target, which opens the file at the first write.
func NewFile(config FileConfig) *File {
	return &File{config: config, lines: newJSONBuffer(config.Host)}
}

// Write implements Target.
func (f *File) Write(_ context.Context, events []*event.Event) (int, error) {
	if err := f.prepare(); err != nil {
		return 0, err
	}
	f.lines.Reset()
	if f.torn {
		_ = f.lines.WriteByte('\n') // as with any bytes.Buffer, the error is always nil
	}
	var ends []int // of the lines
	for _, e := range events {
		if err := f.lines.encode(e); err != nil {
			return 0, err
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

// cut removes the incomplete line that an error left behind, and returns how many complete lines were written.
func (f *File) cut(written int, ends []int) int {
	lines, _ := slices.BinarySearch(ends, written+1) // lines that end at or before written
	whole := 0
	if lines > 0 {
		whole = ends[lines-1]
	}
	if written > whole {
		_ = f.file.Truncate(f.size + int64(whole)) // if this fails too, open detects the torn line
	}
	_ = f.Close() // and reopened later: it may be on another disk by then
	return lines
}

// prepare makes sure that the file is open, still has its name, and has room.
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

// check closes the file if it no longer has its name, or is full.
func (f *File) check() error {
	opened, err := f.file.Stat()
	if err != nil {
		return err
	}
	f.size = opened.Size() // another program may have truncated it
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

// open opens the file, which may be full or end in the middle of a line.
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

// rotate renames the file, which stays open.
func (f *File) rotate() error {
	name := f.config.Path + "." + time.Now().UTC().Format(rotatedLayout)
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s already exists", name) // until the next millisecond
	}
	if err := os.Rename(f.config.Path, name); err != nil {
		return err
	}
	return f.prune()
}

// prune removes excess and expired rotated files.
func (f *File) prune() error {
	steady := f.clock.Steady() // with a wrong date, all would have expired
	f.pruned = time.Now()
	rotated, err := f.rotated()
	if err != nil {
		return err
	}
	for i, name := range rotated { // newest first
		if (f.config.Keep == 0 || i < f.config.Keep) && (!steady || !f.expired(name)) {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// rotated returns the paths of the rotated files, newest first.
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

// expired reports whether a rotated file is too old, according to its name.
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
