package history

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// damagedLayout is what is appended to the names of a damaged database's files.
const damagedLayout = ".damaged-20060102T150405Z"

// magic is how an SQLite database begins.
const magic = "SQLite format 3\x00"

// isDamaged reports whether an error says that the pages of the database make no sense. A file that never was a database is somebody
// else's, and not damaged.
func (f *sqliteFile) isDamaged(err error, wasOpen bool) bool {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Code() & 0xff { // without the extension
	case sqlite3.SQLITE_CORRUPT:
		return true
	case sqlite3.SQLITE_NOTADB:
		return wasOpen || f.hasMagic()
	}
	return false
}

// hasMagic reports whether the file begins like a database.
func (f *sqliteFile) hasMagic() bool {
	file, err := os.Open(f.path)
	if err != nil {
		return false
	}
	defer file.Close()
	begin := make([]byte, len(magic))
	_, err = io.ReadFull(file, begin)
	return err == nil && string(begin) == magic
}

// setAside renames the files of a damaged database, so that the next use begins a new one. It returns the new name. Another store of the
// same file may have been faster: then there is nothing to do.
func (f *sqliteFile) setAside(now time.Time) (string, error) {
	if f.moved() {
		return "", nil
	}
	aside := f.path + now.UTC().Format(damagedLayout)
	if _, err := os.Lstat(aside); !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s already exists", aside) // until the next second
	}
	if err := os.Rename(f.path, aside); err != nil {
		return "", err
	}
	for _, extension := range []string{"-wal", "-shm"} {
		if err := os.Rename(f.path+extension, aside+extension); err != nil && !errors.Is(err, os.ErrNotExist) {
			return aside, err
		}
	}
	return aside, nil
}

// rescue sets a damaged database aside. The caller holds the lock. Other errors are none of its business.
func (s *Store) rescue(err error, wasOpen bool) {
	f, ok := s.database.(*sqliteFile)
	if !ok || !f.isDamaged(err, wasOpen) {
		return
	}
	aside, failure := f.setAside(time.Now())
	if aside == "" && failure == nil {
		return
	}
	if s.config.Observer != nil {
		s.config.Observer.Damaged()
	}
	if s.config.Logger == nil {
		return
	}
	if failure != nil {
		s.config.Logger.Error("The database is damaged, and cannot be set aside", "file", f.path, "error", failure)
		return
	}
	s.config.Logger.Error("The database is damaged: it was set aside, and a new one is begun. Its events are missing on the page", "file", f.path, "aside", aside, "error", err)
}
