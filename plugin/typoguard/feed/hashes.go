package feed

import (
	"bufio"
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
)

// hash stands for a row: two rows never have the same one.
type hash [16]byte

// hashOf returns the hash of a row, which does not depend on the version of the zone.
func hashOf(scratch, owner []byte, k kind) (hash, []byte) {
	scratch = append(append(append(scratch[:0], owner...), 0), k.text...)
	scratch = append(scratch, byte(k.ttl>>24), byte(k.ttl>>16), byte(k.ttl>>8), byte(k.ttl))
	sum := sha256.Sum256(scratch)
	return hash(sum[:16]), scratch
}

// compare compares two hashes as they stand in files.
func (h *hash) compare(other *hash) int {
	if high, otherHigh := binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(other[:8]); high != otherHigh {
		return cmp.Compare(high, otherHigh)
	}
	return cmp.Compare(binary.BigEndian.Uint64(h[8:]), binary.BigEndian.Uint64(other[8:]))
}

// entry is a hash with the number of its row in the spool, from 0.
type entry struct {
	hash hash
	row  uint32
}

// entrySize is how many bytes an entry has in a file: the hash, and the row in network byte order.
const entrySize = len(hash{}) + 4

// sortedRun is the number of hashes that are sorted in memory: a zone of five million rows must not need more of it than a small one, and
// nothing interrupts the sorting.
const sortedRun = 1 << 15

// sorter sorts the hashes of any number of rows in files.
type sorter struct {
	dir   string
	pace  *pace.Pace
	run   []entry
	other []entry // as long, to sort the run
	runs  *os.File
	sizes []int  // of the runs, in hashes
	rows  uint32 // that were added
}

// add adds the hash of the next row.
func (s *sorter) add(h hash) error {
	if len(s.run) == cap(s.run) { // append would make ever larger ones by small steps, and so much more garbage
		s.run = slices.Grow(s.run, min(max(len(s.run), 1<<10), sortedRun-len(s.run)))
	}
	s.run = append(s.run, entry{h, s.rows})
	if s.rows++; len(s.run) < sortedRun {
		return nil
	}
	return s.flush()
}

// flush writes the run in memory.
func (s *sorter) flush() (err error) {
	if len(s.run) == 0 {
		return nil
	}
	if s.runs == nil {
		if s.runs, err = tempFile(s.dir); err != nil {
			return err
		}
	}
	s.run, s.other = distribute(s.run, s.other)
	w := bufio.NewWriterSize(s.runs, bufferSize)
	for i := range s.run {
		_ = s.run[i].write(w) // Flush returns the error
	}
	s.sizes = append(s.sizes, len(s.run))
	s.run = s.run[:0]
	return w.Flush()
}

// distribution is how many bits of a hash say where it belongs in a run: hashes are evenly spread, so that few have the same ones.
const distribution = 14

// distribute sorts entries, with the help of a buffer. It returns the sorted entries, and a buffer for the next time. It takes a tenth of the time
// of slices.SortFunc.
func distribute(entries, buffer []entry) (sorted, next []entry) {
	place := func(e *entry) int { return int(binary.BigEndian.Uint16(e.hash[:]) >> (16 - distribution)) }
	ends := make([]uint32, 1<<distribution+1) // of the entries before a place
	for i := range entries {
		ends[place(&entries[i])+1]++
	}
	for i := range ends[1:] {
		ends[i+1] += ends[i]
	}
	sorted = slices.Grow(buffer[:0], len(entries))[:len(entries)]
	for i := range entries {
		at := place(&entries[i])
		sorted[ends[at]] = entries[i]
		ends[at]++ // and so it becomes the end of this place
	}
	begin := uint32(0)
	for _, end := range ends[:1<<distribution] {
		slices.SortFunc(sorted[begin:end], func(a, b entry) int { return a.hash.compare(&b.hash) })
		begin = end
	}
	return sorted, entries
}

// write writes the entry.
func (e *entry) write(w *bufio.Writer) error {
	_, _ = w.Write(e.hash[:]) // the next one returns its error, too
	_, err := w.Write(binary.BigEndian.AppendUint32(w.AvailableBuffer(), e.row))
	return err
}

// sorted writes all hashes with their rows, in ascending order, to a file, and returns it with the SHA-256 of the hashes: which rows there are,
// in whatever order.
func (s *sorter) sorted() (file *os.File, sum [sha256.Size]byte, err error) {
	if err := s.flush(); err != nil {
		return nil, sum, err
	}
	s.run, s.other = nil, nil
	if file, err = tempFile(s.dir); err != nil {
		return nil, sum, err
	}
	digest := sha256.New()
	summed := bufio.NewWriterSize(digest, bufferSize)
	w := bufio.NewWriterSize(file, bufferSize)
	if err = s.merge(w, summed); err == nil {
		err = errors.Join(w.Flush(), summed.Flush())
	}
	if err != nil {
		return nil, sum, errors.Join(err, file.Close())
	}
	return file, [sha256.Size]byte(digest.Sum(nil)), nil
}

// merge writes all runs in ascending order, and their hashes alone to summed.
func (s *sorter) merge(w, summed *bufio.Writer) error {
	var open hashHeap
	at := int64(0)
	for _, size := range s.sizes {
		length := int64(size) * int64(entrySize)
		r := newHashReader(io.NewSectionReader(s.runs, at, length))
		at += length
		if r.next() {
			open = append(open, r)
		}
	}
	heap.Init(&open)
	for len(open) > 0 {
		s.pace.Step()
		first := open[0]
		_, _ = summed.Write(first.hash[:]) // a digest does not fail
		if err := first.write(w); err != nil {
			return err
		}
		if first.next() {
			heap.Fix(&open, 0)
			continue
		}
		if first.err != nil {
			return first.err
		}
		heap.Pop(&open)
	}
	return nil
}

// close releases what the sorter has on disk.
func (s *sorter) close() {
	if s.runs != nil {
		_ = s.runs.Close() // nothing of it is needed any more
	}
}

// hashBuffer is the size of reads of hashes, from many runs at the same time.
const hashBuffer = 8 << 10

// hashReader reads entries.
type hashReader struct {
	*bufio.Reader
	entry
	err error
}

func newHashReader(r io.Reader) *hashReader {
	return &hashReader{Reader: bufio.NewReaderSize(r, hashBuffer)}
}

// next reads the next entry. It returns false at the end, and if that fails.
func (r *hashReader) next() bool {
	read, err := r.Peek(entrySize)
	if err != nil {
		if len(read) > 0 || !errors.Is(err, io.EOF) {
			r.err = fmt.Errorf("reading the hashes: %w", err)
		}
		return false
	}
	r.entry = entry{hash(read[:len(hash{})]), binary.BigEndian.Uint32(read[len(hash{}):])}
	_, _ = r.Discard(entrySize) // they are in the buffer
	return true
}

// hashHeap has the reader with the least hash first. It implements heap.Interface.
type hashHeap []*hashReader

func (h hashHeap) Len() int           { return len(h) }
func (h hashHeap) Less(i, j int) bool { return h[i].hash.compare(&h[j].hash) < 0 }
func (h hashHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *hashHeap) Push(x any) { *h = append(*h, x.(*hashReader)) }

// Pop implements heap.Interface.
func (h *hashHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// readHashes returns a reader of all hashes of a zone.
func (z *zoneSpool) readHashes() *hashReader {
	return newHashReader(io.NewSectionReader(z.hashes, 0, 1<<62))
}
