package feed

import (
	"bufio"
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"errors"
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

// sortedRun is the number of hashes that are sorted in memory: a zone of five million rows must not need more of it than a small one, and
// nothing interrupts the sorting.
const sortedRun = 1 << 15

// sorter sorts any number of hashes in files.
type sorter struct {
	dir   string
	pace  *pace.Pace
	run   []hash
	runs  *os.File
	sizes []int // of the runs, in hashes
}

// add adds a hash.
func (s *sorter) add(h hash) error {
	if len(s.run) == cap(s.run) { // append would make ever larger ones by small steps, and so much more garbage
		s.run = slices.Grow(s.run, min(max(len(s.run), 1<<10), sortedRun-len(s.run)))
	}
	if s.run = append(s.run, h); len(s.run) < sortedRun {
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
	slices.SortFunc(s.run, func(a, b hash) int { return a.compare(&b) })
	w := bufio.NewWriterSize(s.runs, bufferSize)
	for i := range s.run {
		_, _ = w.Write(s.run[i][:]) // Flush returns the error
	}
	s.sizes = append(s.sizes, len(s.run))
	s.run = s.run[:0]
	return w.Flush()
}

// sorted writes all hashes, in ascending order, to a file, and returns it with their SHA-256.
func (s *sorter) sorted() (file *os.File, sum [sha256.Size]byte, err error) {
	if err := s.flush(); err != nil {
		return nil, sum, err
	}
	s.run = nil
	if file, err = tempFile(s.dir); err != nil {
		return nil, sum, err
	}
	digest := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(file, digest), bufferSize)
	if err = s.merge(w); err == nil {
		err = w.Flush()
	}
	if err != nil {
		return nil, sum, errors.Join(err, file.Close())
	}
	return file, [sha256.Size]byte(digest.Sum(nil)), nil
}

// merge writes the hashes of all runs in ascending order.
func (s *sorter) merge(w io.Writer) error {
	var open hashHeap
	at := int64(0)
	for _, size := range s.sizes {
		length := int64(size) * int64(len(hash{}))
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
		if _, err := w.Write(first.hash[:]); err != nil {
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

// hashReader reads hashes.
type hashReader struct {
	*bufio.Reader
	hash hash
	err  error
}

func newHashReader(r io.Reader) *hashReader {
	return &hashReader{Reader: bufio.NewReaderSize(r, hashBuffer)}
}

// next reads the next hash. It returns false at the end, and if that fails.
func (r *hashReader) next() bool {
	_, err := io.ReadFull(r.Reader, r.hash[:])
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return err == nil
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
