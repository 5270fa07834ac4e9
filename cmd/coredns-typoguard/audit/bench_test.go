package audit

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/maillog"
)

// BenchmarkPostfix reads, judges and counts a log of Postfix, from memory.
func BenchmarkPostfix(b *testing.B) {
	var log bytes.Buffer
	require.NoError(b, maillog.Write(&log, 200_000))
	blocks := testBlocks(b, corefileOfTests)
	b.SetBytes(int64(log.Len()))
	b.ReportAllocs()
	for b.Loop() {
		a := newAuditor(blocks, options{})
		require.NoError(b, a.readAll([]string{"-"}, bytes.NewReader(log.Bytes()), progress{}))
		require.EqualValues(b, 28572, a.items.Taken)
	}
}
