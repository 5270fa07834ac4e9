package suffixlist

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadAll: a body is read whole or not at all, whatever its length is to the pieces that it is read in, and however it arrives.
func TestReadAll(t *testing.T) {
	for _, length := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3 * pieceSize} {
		body := bytes.Repeat([]byte("x\n"), length)[:length]
		for name, arriving := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "by halves": iotest.HalfReader, "with its end": iotest.DataErrReader,
		} {
			got, err := readAll(arriving(bytes.NewReader(body)), int64(length))
			require.NoError(t, err, "%d %s", length, name)
			assert.True(t, bytes.Equal(body, got), "%d %s", length, name)
			_, err = readAll(io.MultiReader(arriving(bytes.NewReader(body)), strings.NewReader("x")), int64(length))
			require.ErrorContains(t, err, "more than", "%d %s", length, name)
			for _, end := range []error{io.ErrUnexpectedEOF, errors.New("reset")} {
				_, err = readAll(io.MultiReader(arriving(bytes.NewReader(body)), iotest.ErrReader(end)), int64(length))
				require.ErrorIs(t, err, end, "%d %s", length, name)
			}
		}
	}
}

// TestReadAllWithoutEnd: a server that sends without end costs little more memory than a list may have.
func TestReadAllWithoutEnd(t *testing.T) {
	const largest = 16 << 20
	flood := func() io.Reader { return io.LimitReader(endless{}, 10*largest) }
	result := testing.Benchmark(func(b *testing.B) {
		b.Helper()
		b.ReportAllocs()
		for b.Loop() {
			_, err := readAll(flood(), largest)
			require.Error(b, err)
		}
	})
	assert.Less(t, result.AllocedBytesPerOp(), int64(largest)*5/4)
}

// endless is a list without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
