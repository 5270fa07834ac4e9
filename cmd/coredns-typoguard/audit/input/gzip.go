package input

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// members reads a gzip file, member after member. Zeros may follow the last one: tapes and some file systems write them.
type members struct {
	in     *bufio.Reader
	reader *gzip.Reader
}

func newGzip(in *bufio.Reader) (io.Reader, error) {
	reader, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	reader.Multistream(false)
	return &members{in, reader}, nil
}

func (m *members) Read(b []byte) (int, error) {
	for {
		n, err := m.reader.Read(b)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
		if err := m.more(); err != nil {
			return 0, err
		}
	}
}

// more begins the next member. The error is io.EOF if there is none.
func (m *members) more() error {
	for {
		next, err := m.in.Peek(1)
		if err != nil {
			return err
		}
		if next[0] != 0 {
			break
		}
		if _, err := m.in.Discard(1); err != nil {
			return err
		}
	}
	err := m.reader.Reset(m.in)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	m.reader.Multistream(false)
	return err
}
