package audit

import (
	"bytes"
	"net/netip"
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
		a := newAuditor(newJudge(blocks, netip.Addr{}, nil), options{})
		a.readAll([]string{"-"}, bytes.NewReader(log.Bytes()), progress{})
		require.Empty(b, a.refused)
		require.EqualValues(b, 28572, a.items.Taken)
	}
}
