package rpz

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// spool keeps its content until it is complete, because a zone may turn out too large.
type spool struct {
	*os.File
	path string // the file to replace; "" to write to out
	out  io.Writer
}

// newSpool returns an empty spool. For a file, it is next to the file, so that a rename can replace it. For a writer, it has no name from
// the start, because a signal may end the process if nobody reads the output.
func newSpool(path string, out io.Writer) (*spool, error) {
	dir := os.TempDir()
	if path != "" {
		dir = filepath.Dir(path)
	}
	file, err := os.CreateTemp(dir, ".typoguard-rpz-")
	if err != nil {
		return nil, err
	}
	s := &spool{file, path, out}
	if path == "" {
		_ = os.Remove(file.Name()) // if open files cannot be removed, discard does it
	}
	return s, nil
}

// commit replaces the file, complete and synced to disk, or copies the content to the writer.
func (s *spool) commit() error {
	if s.path == "" {
		_, err := s.Seek(0, io.SeekStart)
		if err == nil {
			_, err = io.Copy(s.out, s.File)
		}
		return err
	}
	for _, step := range []func() error{s.takeAfter, s.Sync, s.Close} {
		if err := step(); err != nil {
			return err
		}
	}
	return os.Rename(s.Name(), s.path)
}

// takeAfter gives the file the mode and owner of the one it replaces, so that the same server can read it. A new file is readable by
// everyone: it contains no secrets.
func (s *spool) takeAfter() error {
	old, err := os.Stat(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return s.Chmod(0o644)
	}
	if err == nil {
		err = s.Chmod(old.Mode().Perm())
	}
	if err == nil {
		err = keepOwner(s.File, old)
	}
	return err
}

// discard removes the spool unless it was committed.
func (s *spool) discard() {
	_ = s.Close()           // it may already be closed
	_ = os.Remove(s.Name()) // fails after a rename
}
