package feed

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"

	"github.com/miekg/dns"
)

// bufferSize is that of reads and writes.
const bufferSize = 32 << 10

// tempFile creates a file that nobody else sees, and that is gone as soon as it is closed, even by the end of the process.
func tempFile(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, ".typoguard-feed-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// spool is rows on disk. It does not change once it is complete.
type spool struct {
	file       *os.File
	prototypes []dns.RR // by kind
	kinds      []kind
	numbers    map[kind]int
	rows       int
	users      atomic.Int32
}

// spoolWriter writes a spool.
type spoolWriter struct {
	*spool
	w       *bufio.Writer
	scratch []byte
}

// newSpool returns an empty spool, with one user.
func newSpool(dir string) (*spoolWriter, error) {
	file, err := tempFile(dir)
	if err != nil {
		return nil, err
	}
	s := &spool{file: file, numbers: map[kind]int{}}
	s.users.Store(1)
	return &spoolWriter{spool: s, w: bufio.NewWriterSize(file, bufferSize)}, nil
}

// add appends a row.
func (w *spoolWriter) add(owner []byte, k kind) error {
	number, ok := w.numbers[k]
	if !ok {
		prototype, err := k.prototype()
		if err != nil {
			return err
		}
		number = len(w.kinds)
		w.numbers[k] = number
		w.kinds, w.prototypes = append(w.kinds, k), append(w.prototypes, prototype)
	}
	w.scratch = binary.AppendUvarint(w.scratch[:0], uint64(number))
	w.scratch = binary.AppendUvarint(w.scratch, uint64(len(owner)))
	w.scratch = append(w.scratch, owner...)
	w.rows++
	_, err := w.w.Write(w.scratch)
	return err
}

// each calls visit with the rows, in their order, until it returns an error. The row is valid during the call only.
func (s *spool) each(visit func(row) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(s.file, 0, 1<<62), bufferSize)
	var name []byte
	for range s.rows {
		number, err := binary.ReadUvarint(r)
		if err != nil {
			return fmt.Errorf("reading the spool: %w", err)
		}
		length, err := binary.ReadUvarint(r)
		if err != nil {
			return fmt.Errorf("reading the spool: %w", err)
		}
		if number >= uint64(len(s.kinds)) || length > maxOwner {
			return errors.New("reading the spool: it is damaged")
		}
		name = slices.Grow(name[:0], int(length))[:length]
		if _, err := io.ReadFull(r, name); err != nil {
			return fmt.Errorf("reading the spool: %w", err)
		}
		if err := visit(row{name, int(number)}); err != nil {
			return err
		}
	}
	return nil
}

// maxOwner is more than the length of any name.
const maxOwner = 255

// use adds a user.
func (s *spool) use() { s.users.Add(1) }

// release removes a user. The last one removes the spool.
func (s *spool) release() {
	if s.users.Add(-1) == 0 {
		_ = s.file.Close() // it has been read as far as needed
	}
}

// zoneSpool is the rows of a whole zone, with their hashes.
type zoneSpool struct {
	*spool
	hashes *os.File // sorted
	sum    [sha256.Size]byte
}

// close ends the feed's own use of the rows.
func (z *zoneSpool) close() {
	_ = z.hashes.Close() // nothing of it is needed any more
	z.release()
}
