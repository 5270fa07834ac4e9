// Package input opens log files, compressed or not, alone or in archives, and hands out their lines, frames of dnstap, or
// objects in JSON.
package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Log is an open log. Errors in reading it say how far it was read.
type Log struct {
	// Name is that of the file, with the path in the archive behind it, or "standard input".
	Name string
	// Changed is when the file was last changed, and for standard input the time it was opened.
	Changed time.Time
	// Items is the number of lines, or frames, handed out so far, and Octets how many octets have been read, decompressed.
	Items, Octets int64
	// TooLong is the number of items that were left out because they were longer than MaxItem.
	TooLong int64

	reader *bufio.Reader
	next   func() ([]byte, error)
	end    byte // of a line
	buffer []byte
}

// MaxItem is the greatest length of a line or frame, in octets.
const MaxItem = 1 << 20

// Each opens a file, or standard input if the path is "-", and calls read with every log in it: there are several in an
// archive. Every octet of the file itself passes through watch, which shows the progress; it may be nil. The error is the
// first of reading, or says why there is nothing to read.
func Each(path string, stdin io.Reader, watch io.Writer, read func(*Log) error) error {
	buffer := bufio.NewReaderSize(nil, MaxItem)
	if path == "-" {
		return unpack(source{name: "standard input", changed: time.Now(), Reader: watched(stdin, watch), buffer: buffer}, read)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory; expected a log file", path)
	}
	s := source{name: path, changed: info.ModTime(), Reader: watched(file, watch), buffer: buffer}
	if info.Mode().IsRegular() {
		s.file, s.size = file, info.Size()
	}
	return unpack(s, read)
}

func watched(r io.Reader, watch io.Writer) io.Reader {
	if watch == nil {
		return r
	}
	return io.TeeReader(r, watch)
}

// source is what a log is read from.
type source struct {
	io.Reader
	name    string
	changed time.Time
	file    io.ReaderAt // of a file that is no pipe, and not compressed
	size    int64
	buffer  *bufio.Reader // of the log that is read, of all in an archive one after the other
}

// member returns the source of a file in an archive.
func (s *source) member(name string, changed time.Time, content io.Reader) source {
	const longest = 250
	name = strings.ToValidUTF8(name[:min(len(name), longest)], "")
	return source{Reader: content, name: s.name + ":" + name, changed: changed, buffer: s.buffer}
}

// newLog returns the log in a source that is neither compressed nor an archive.
func newLog(s source) *Log {
	l := &Log{Name: s.name, Changed: s.changed, reader: s.buffer}
	l.reader.Reset(decoded(s.Reader))
	l.next, l.end = l.line, '\n'
	head, _ := l.Head(headSize) // an error is that of the first read, too
	switch {
	case isObjects(head):
		l.next = l.object
	case bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0: // of an old Macintosh
		l.end = '\r'
	}
	return l
}

// headSize is how much of a log is looked at to see what ends its lines.
const headSize = 64 << 10

// Head returns what the log begins with, up to so many octets, without reading past it. An error in the midst of that is
// left to Next.
func (l *Log) Head(octets int) ([]byte, error) {
	head, err := l.reader.Peek(min(octets, MaxItem))
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
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
		line, err := l.reader.ReadSlice(l.end)
		l.Octets += int64(len(line))
		switch {
		case err == nil:
			l.Items++
			line = line[:len(line)-1]
			for len(line) > 0 && line[len(line)-1] == '\r' { // twice, if it was converted twice
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
		rest, err := l.reader.ReadSlice(l.end)
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
