package input

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// maxWindow is how far back a compressed log may refer to itself, in octets, which have to be kept in memory.
const maxWindow = 8 << 20

// maxLayers is how many compressions and archives may lie around each other.
const maxLayers = 4

// lookAhead is how much of a file is looked at to see what it is: a header of a tar archive.
const lookAhead = 512

// unpack takes off compressions and archives, by what the content says, and calls read with every log inside.
func unpack(s source, read func(*Log) error) error { return unpackLayer(s, maxLayers, read) }

func unpackLayer(s source, layers int, read func(*Log) error) error {
	in := bufio.NewReaderSize(s.Reader, 64<<10)
	if err := skipFrames(in); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	head, err := in.Peek(lookAhead)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return (&Log{Name: s.name}).stopped(err)
	}
	s.Reader = in
	if layers > 0 {
		switch {
		case bytes.HasPrefix(head, []byte("PK\x03\x04")):
			return unzip(s, layers-1, read)
		case len(head) >= 263 && string(head[257:262]) == "ustar":
			return untar(s, layers-1, read)
		}
		plain, done, err := decompress(in, head)
		if done != nil {
			defer done()
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return (&Log{Name: s.name}).stopped(err)
		}
		if plain != nil {
			s.Reader, s.file = &sticky{Reader: plain}, nil
			return unpackLayer(s, layers-1, read)
		}
	}
	return read(newLog(s))
}

// decompress returns a reader of what is compressed, by its magic number: gzip (RFC 1952), Zstandard (RFC 8878), xz, bzip2
// and LZ4. It returns nil for what is not, and a function to be called at the end, or nil.
func decompress(in *bufio.Reader, head []byte) (plain io.Reader, done func(), err error) {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		plain, err = newGzip(in)
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		decoder, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return decoder, decoder.Close, nil
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		plain, err = newXZ(in, head)
	case len(head) >= 10 && string(head[:3]) == "BZh" && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17rE8P\x90"):
		plain = bzip2.NewReader(in)
	case bytes.HasPrefix(head, []byte("\x04\x22\x4d\x18")), bytes.HasPrefix(head, []byte("\x02\x21\x4c\x18")):
		plain = &frames{in: in, reader: lz4.NewReader(in)}
	}
	return plain, nil, err
}

// skipFrames skips what Zstandard and LZ4 have for the data of others: frames that a magic number begins, with their length.
func skipFrames(in *bufio.Reader) error {
	for {
		head, err := in.Peek(8)
		if err != nil || binary.LittleEndian.Uint32(head)&^0xf != 0x184d2a50 {
			return nil
		}
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		if _, err := io.CopyN(io.Discard, in, 8+size); err != nil {
			return io.ErrUnexpectedEOF
		}
	}
}

// frames reads one LZ4 frame after the other.
type frames struct {
	in     *bufio.Reader
	reader *lz4.Reader
}

func (f *frames) Read(b []byte) (int, error) {
	for {
		n, err := f.reader.Read(b)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
		if err := skipFrames(f.in); err != nil {
			return 0, err
		}
		if _, err := f.in.Peek(1); err != nil {
			return 0, err
		}
		f.reader.Reset(f.in)
	}
}

// sticky makes the error that a reader once returned its last: what follows it was never there.
type sticky struct {
	io.Reader
	err error
}

func (s *sticky) Read(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.Reader.Read(b)
	s.err = err
	return n, err
}

// untar reads the files in a tar archive.
func untar(s source, layers int, read func(*Log) error) error {
	end := &zeros{Reader: s.Reader}
	archive := tar.NewReader(end)
	var failures []error
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) && end.count < tarBlock {
			err = io.ErrUnexpectedEOF // the library takes an archive that is cut off between two files for a whole one
		}
		if errors.Is(err, io.EOF) {
			return errors.Join(failures...)
		}
		if err != nil {
			return errors.Join(append(failures, (&Log{Name: s.name}).stopped(err))...)
		}
		if header.Typeflag == tar.TypeReg {
			failures = AppendError(failures, unpackLayer(s.member(header.Name, header.ModTime, archive), layers, read))
		}
	}
}

// tarBlock is the least number of zeros that a tar archive ends with.
const tarBlock = 512

// zeros counts those that were read last.
type zeros struct {
	io.Reader
	count int
}

func (z *zeros) Read(b []byte) (int, error) {
	n, err := z.Reader.Read(b)
	trailing := n - len(bytes.TrimRight(b[:n], "\x00"))
	if trailing == n {
		trailing += z.count
	}
	z.count = trailing
	return n, err
}

// AppendError appends an error, if it is one, unless there are enough to see what is wrong.
func AppendError(failures []error, err error) []error {
	const enough = 20
	if err == nil || len(failures) > enough {
		return failures
	}
	if len(failures) == enough {
		err = errors.New("and more errors")
	}
	return append(failures, err)
}

// maxDirectory is how long the table of contents of a zip archive may be, which is kept in memory: of some ten thousand files.
const maxDirectory = 1 << 20

// directorySize returns the length of the table of contents of a zip archive, which the record at its end has (APPNOTE.TXT, section
// 4.3.16), and 0 if that is not found.
func directorySize(file io.ReaderAt, size int64) int64 {
	const record, longestComment = 22, 1<<16 - 1
	tail := make([]byte, min(size, record+longestComment))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return 0
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+record > len(tail) {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(tail[at+12:])) // the highest of all in the form for larger archives (zip64)
}

// unzip reads the files in a zip archive, which has its table of contents at the end.
func unzip(s source, layers int, read func(*Log) error) error {
	if s.file == nil {
		return fmt.Errorf("%s is a zip archive in a pipe or in another archive; expected a file", s.name)
	}
	if size := directorySize(s.file, s.size); size > maxDirectory {
		return fmt.Errorf("%s has too many files, with %d octets of names and the like; expected at most %d: unpack it", s.name, size, maxDirectory)
	}
	archive, err := zip.NewReader(s.file, s.size)
	if err != nil {
		return (&Log{Name: s.name}).stopped(err)
	}
	byName := map[string]*zip.File{}
	var names []string
	for _, file := range archive.File {
		if !file.FileInfo().IsDir() {
			byName[file.Name] = file
			names = append(names, file.Name)
		}
	}
	var failures []error
	for _, name := range Order(names) {
		file := byName[name]
		content, err := file.Open()
		if err != nil {
			failures = AppendError(failures, fmt.Errorf("%s:%s: %w", s.name, name, err))
			continue
		}
		failures = AppendError(failures, unpackLayer(s.member(name, file.Modified, content), layers, read))
		failures = AppendError(failures, content.Close())
	}
	return errors.Join(failures...)
}
