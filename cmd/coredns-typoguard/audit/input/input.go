// Package input opens log files, compressed or not, and hands out their lines, or frames of dnstap.
package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Log is an open log. Errors in reading it say how far it was read.
type Log struct {
	// Name is that of the file, or "standard input".
	Name string
	// Changed is when the file was last changed, and for standard input the time it was opened.
	Changed time.Time
	// Items is the number of lines, or frames, handed out so far, and Octets how many octets have been read, decompressed.
	Items, Octets int64
	// TooLong is the number of items that were left out because they were longer than MaxItem.
	TooLong int64

	reader *bufio.Reader
	closer []func()
	next   func() ([]byte, error)
	buffer []byte
}

// MaxItem is the greatest length of a line or frame, in octets.
const MaxItem = 1 << 20

// Open opens a file, or standard input if the path is "-". Every octet of the file itself passes through watch, which shows
// the progress; it may be nil.
func Open(path string, stdin io.Reader, watch io.Writer) (*Log, error) {
	l := &Log{Name: path, Changed: time.Now()}
	source := stdin
	if path == "-" {
		l.Name = "standard input"
	} else {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		l.closer = append(l.closer, func() { _ = file.Close() }) // it was only read
		info, err := file.Stat()
		if err == nil && info.IsDir() {
			err = fmt.Errorf("%s is a directory; expected a log file", path)
		}
		if err != nil {
			l.Close()
			return nil, err
		}
		l.Changed, source = info.ModTime(), file
	}
	if watch != nil {
		source = io.TeeReader(source, watch)
	}
	if err := l.decompress(bufio.NewReaderSize(source, 256<<10)); err != nil {
		l.Close()
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	l.next = l.line
	return l, nil
}

// decompress looks for the magic numbers of gzip (RFC 1952), Zstandard (RFC 8878) and xz.
func (l *Log) decompress(source *bufio.Reader) error {
	magic, err := source.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var plain io.Reader
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		plain, err = gzip.NewReader(source)
	case bytes.HasPrefix(magic, []byte("\x28\xb5\x2f\xfd")):
		var decoder *zstd.Decoder
		if decoder, err = zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20)); err == nil {
			l.closer = append(l.closer, decoder.Close)
			plain = decoder
		}
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")):
		plain, err = newXZ(source)
	default:
		l.reader = bufio.NewReaderSize(source, MaxItem)
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return l.stopped(err)
	}
	l.reader = bufio.NewReaderSize(plain, MaxItem)
	return nil
}

// Head returns what the log begins with, up to so many octets, without reading past it.
func (l *Log) Head(octets int) ([]byte, error) {
	head, err := l.reader.Peek(min(octets, MaxItem))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, l.stopped(err)
	}
	return head, nil
}

// Next returns the next line, without its end, or frame, which is valid until the next call. At the end of the log the
// error is io.EOF. A log whose compression ends early is an error that says so.
func (l *Log) Next() ([]byte, error) {
	item, err := l.next()
	if err == nil || errors.Is(err, io.EOF) {
		return item, err
	}
	return nil, l.stopped(err)
}

// line reads a line.
func (l *Log) line() ([]byte, error) {
	for {
		line, err := l.reader.ReadSlice('\n')
		l.Octets += int64(len(line))
		switch {
		case err == nil:
			l.Items++
			line = line[:len(line)-1]
			if len(line) > 0 && line[len(line)-1] == '\r' {
				line = line[:len(line)-1]
			}
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
			if err := l.skipLine(); err != nil {
				return nil, err
			}
		case errors.Is(err, io.EOF) && len(line) > 0: // a last line without an end
			l.Items++
			return line, nil
		default:
			return nil, err
		}
	}
}

// skipLine reads on to the end of a line that is too long.
func (l *Log) skipLine() error {
	l.Items++
	l.TooLong++
	for {
		rest, err := l.reader.ReadSlice('\n')
		l.Octets += int64(len(rest))
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// stopped says how far a log was read before an error.
func (l *Log) stopped(err error) error {
	what := "cannot be read on"
	if errors.Is(err, io.ErrUnexpectedEOF) {
		what = "is cut off"
	}
	return fmt.Errorf("%s %s after %d lines and %d octets: %w", l.Name, what, l.Items, l.Octets, err)
}

// Close closes the file. The log must not be used any more.
func (l *Log) Close() {
	for _, c := range l.closer {
		c()
	}
}
