package history

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// TestDamagedLog: what SQLite leaves out of a write-ahead log that is damaged after a kill is said, once. A log that is whole, or ends
// within a transaction, is not damaged.
func TestDamagedLog(t *testing.T) {
	const before, after = 15, 20 // transactions: fewer than make SQLite empty the log
	for name, tt := range map[string]struct {
		damage func(log []byte, size int) []byte // size is that of the log with the first transactions
		kept   int
		said   string // nothing if empty
	}{
		"whole": {func(log []byte, _ int) []byte { return log }, before + after, ""},
		"a page in the middle": {func(log []byte, size int) []byte {
			log[size+walFrame+100] ^= 0xff
			return log
		}, before, fmt.Sprintf("transactions=%d", after)},
		"the header": {func(log []byte, _ int) []byte {
			log[17] ^= 0xff
			return log
		}, 0, "transactions=unknown"},
		"cut off": {func(log []byte, size int) []byte { return log[:size+100] }, before, ""},
		"leftovers of an earlier time": {func(log []byte, size int) []byte {
			for at := size; at < len(log); at += walFrame + 4096 {
				log[at+8]++ // the salt
			}
			return log
		}, before, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			live := filepath.Join(dir, "live.db")
			s := open(t, historyconfig.Store{DSN: "sqlite://" + live})
			sizes := map[int]int{}
			for i := range before + after {
				if i == 0 { // the tables are not in the log
					h, err := s.ready(t.Context())
					require.NoError(t, err)
					_, err = h.write.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
					require.NoError(t, err)
				}
				info, err := os.Stat(live + "-wal")
				require.NoError(t, err)
				sizes[i] = int(info.Size())
				write(t, s, lookup(fmt.Sprintf("event%05d", i), time.Minute))
			}
			killed := filepath.Join(dir, "killed.db") // as a process leaves it that is killed
			for _, extension := range []string{"", "-wal"} {
				content, err := os.ReadFile(live + extension)
				require.NoError(t, err)
				if extension != "" {
					content = tt.damage(content, sizes[before])
				}
				require.NoError(t, os.WriteFile(killed+extension, content, 0o600))
			}
			var out bytes.Buffer
			var damaged damages
			for range 2 {
				again, err := Open(historyconfig.Store{DSN: "sqlite://" + killed, Logger: slog.New(slog.NewTextHandler(&out, nil)), Observer: &damaged})
				require.NoError(t, err)
				list, err := again.Events(t.Context(), Filter{}, Page{})
				require.NoError(t, err)
				assert.Equal(t, tt.kept, list.Total)
				require.NoError(t, again.Close())
			}
			if tt.said == "" {
				assert.Empty(t, out.String())
				assert.Zero(t, damaged)
				return
			}
			assert.Contains(t, out.String(), tt.said)
			assert.EqualValues(t, 1, damaged)
		})
	}
}
