package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/ulikunitz/xz"
)

// newXZ returns a reader of xz streams. The library takes a file that is cut off in the header of a block for a whole one,
// so the end is looked at here: the footer of a stream ends with YZ, and only zeros may follow
// (The .xz File Format, sections 2.1.2.4 and 2.2).
func newXZ(source io.Reader, head []byte) (io.Reader, error) {
	if size := dictionary(head); size > maxWindow {
		return nil, fmt.Errorf("its dictionary has %d MiB, and at most %d are read; expected it from a pipe: xz -dc FILE | coredns-typoguard audit", size>>20, maxWindow>>20)
	}
	end := &ending{Reader: source}
	plain, err := xz.ReaderConfig{DictCap: smallDictionary}.NewReader(end)
	if err != nil {
		return nil, err
	}
	return &wholeXZ{plain, end}, nil
}

// smallDictionary is the least that the library takes: it takes what the file says if that is more.
const smallDictionary = 1 << 12

// dictionary returns the size of the dictionary of the first block, which the filter LZMA2 has in a byte (sections 3.1 and
// 5.3.1). A file that is cut off before has none.
func dictionary(head []byte) int64 {
	const streamHeader, lzma2 = 12, 0x21
	if len(head) < streamHeader+2 {
		return 0
	}
	block := head[streamHeader:min(len(head), streamHeader+4*(int(head[streamHeader])+1))]
	at := 2
	for range bits.OnesCount8(block[1] & 0xc0) { // sizes of the block, in a variable number of octets
		for at < len(block) && block[at]&0x80 != 0 {
			at++
		}
		at++
	}
	if at+3 > len(block) || block[at] != lzma2 || block[at+1] != 1 || block[at+2] > 40 {
		return 0
	}
	n := int64(block[at+2])
	return (2 | n&1) << (n/2 + 11)
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
