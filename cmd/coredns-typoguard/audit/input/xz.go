package input

import (
	"bytes"
	"errors"
	"io"

	"github.com/ulikunitz/xz"
)

// maxDictionary is the largest dictionary of an xz stream that is read, in octets: that of xz -9.
const maxDictionary = 64 << 20

// newXZ returns a reader of xz streams. The library takes a file that is cut off in the header of a block for a whole one,
// so the end is looked at here: the footer of a stream ends with YZ, and only zeros may follow
// (The .xz File Format, sections 2.1.2.4 and 2.2).
func newXZ(source io.Reader) (io.Reader, error) {
	end := &ending{Reader: source}
	plain, err := xz.ReaderConfig{DictCap: maxDictionary}.NewReader(end)
	return &wholeXZ{plain, end}, err
}

// wholeXZ turns the end of a file without a footer into an error.
type wholeXZ struct {
	io.Reader
	end *ending
}

func (w *wholeXZ) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	if errors.Is(err, io.EOF) && string(w.end.last) != "YZ" {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// ending remembers the last two octets before the zeros at the end.
type ending struct {
	io.Reader
	last []byte
}

func (e *ending) Read(b []byte) (int, error) {
	n, err := e.Reader.Read(b)
	if read := bytes.TrimRight(b[:n], "\x00"); len(read) > 0 {
		e.last = append(e.last, read[max(0, len(read)-2):]...)
		e.last = append(e.last[:0], e.last[max(0, len(e.last)-2):]...)
	}
	return n, err
}
