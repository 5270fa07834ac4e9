package rpz

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// spool keeps what is written until all of it is known to be wanted: a zone may turn out too large.
type spool struct {
	*os.File
	path string    // the file to become; "" if out is where it goes
	out  io.Writer // where it is copied then
}

// newSpool returns an empty one. A file is made beside the one to become, so that a rename puts it in place. What goes to a
// writer has no name from the start, since the process may end by a signal when nobody reads on.
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
		_ = os.Remove(file.Name()) // where open files can be; otherwise discard does
	}
	return s, nil
}

// commit puts what was written where it goes: into the file, complete and on disk, or into the writer.
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

// takeAfter gives the file the mode and the owner of the one it replaces, so that the server which reads that can read
// this. A new one is for everybody: what is in it is no secret to who may see the Corefile.
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

// discard removes what was not put anywhere.
func (s *spool) discard() {
	_ = s.Close()           // as it may have been
	_ = os.Remove(s.Name()) // which has another name after a rename
}
