package suffixlist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// readTimeout limits the time to read a file: a file system on a network may not answer for ever.
	readTimeout = 10 * time.Second
	// maxFile is the maximum size of a file in bytes.
	maxFile = 256 << 20
)

// errBusy is returned while an earlier attempt to read a file has not returned.
var errBusy = errors.New("the file system has not answered an earlier attempt to read it")

// file reads one file. Reading has a goroutine of its own, because nothing can interrupt a system call; there is at most one.
type file struct{ busy atomic.Bool }

// read returns the content of a regular file.
func (f *file) read(ctx context.Context, path string, timeout time.Duration, readAll func(string) ([]byte, error)) ([]byte, error) {
	if !f.busy.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("%s: %w", path, errBusy)
	}
	type result struct {
		content []byte
		err     error
	}
	done := make(chan result, 1)
	go func() {
		content, err := readAll(path)
		f.busy.Store(false)
		done <- result{content, err}
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.content, r.err
	case <-timer.C:
		return nil, fmt.Errorf("%s: the file system has not answered for %s", path, timeout)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ReadRegular reads a regular file. Anything else, such as a pipe, could block or never end.
func ReadRegular(path string) (content []byte, err error) {
	opened, err := os.OpenFile(filepath.Clean(path), os.O_RDONLY|syscall.O_NONBLOCK, 0) // opening a pipe would block, too
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	info, err := opened.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	// In one piece, because one that grows takes several times as much memory; and somewhat more, for bytes.Buffer to see the end.
	read := bytes.NewBuffer(make([]byte, 0, min(info.Size(), maxFile)+bytes.MinRead))
	_, err = read.ReadFrom(io.LimitReader(opened, maxFile+1))
	if err == nil && read.Len() > maxFile {
		err = fmt.Errorf("%s: more than %d bytes", path, maxFile)
	}
	return read.Bytes(), err
}
