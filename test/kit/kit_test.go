package kit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUntil: it asks again, and gives up when the program has exited or the context has ended, with what was printed.
func TestUntil(t *testing.T) {
	t.Parallel()
	failure := errors.New("not yet")
	sleeper, err := Launch(t.Context(), nil, "sleep", "600")
	require.NoError(t, err)
	asked := 0
	require.NoError(t, sleeper.Until(t.Context(), func() error {
		if asked++; asked < 3 {
			return failure
		}
		return nil
	}))
	assert.Equal(t, 3, asked)
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, sleeper.Until(ended, func() error { return failure }), failure)
	sleeper.End(syscall.SIGTERM)
	assert.Equal(t, -1, sleeper.ExitCode())

	brief, err := Launch(t.Context(), []string{"WORD=spoken"}, "sh", "-c", `echo "$WORD"; exit 3`)
	require.NoError(t, err)
	require.ErrorContains(t, brief.Until(t.Context(), func() error { return failure }), "sh exited: spoken")
	assert.Equal(t, 3, brief.ExitCode())
}

// TestFreeAddress: no address is given out twice, and each can be listened at.
func TestFreeAddress(t *testing.T) {
	t.Parallel()
	const many = 50
	var all sync.Map
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			for range many {
				_, again := all.LoadOrStore(FreeAddress(t), true)
				assert.False(t, again)
			}
		})
	}
	users.Wait()
	address := FreeAddress(t)
	assert.True(t, Closed(t, address))
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	defer listener.Close()
	assert.False(t, Closed(t, address))
}

// TestLock: the second waits for the first.
func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path, Patience)
	require.NoError(t, err)
	held := make(chan error)
	var second sync.WaitGroup
	second.Go(func() {
		unlock, err := Lock(t.Context(), path, Patience)
		held <- err
		if err == nil {
			assert.NoError(t, unlock())
		}
	})
	probe, err := os.Open(path)
	require.NoError(t, err)
	defer probe.Close()
	require.ErrorIs(t, syscall.Flock(int(probe.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
	select {
	case <-held:
		t.Error("both hold the lock")
	default:
	}
	require.NoError(t, unlock())
	require.NoError(t, <-held)
	second.Wait()
}

// TestFiles: a file is replaced as a whole, and one that is missing is empty.
func TestFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	assert.Empty(t, ReadFile(t, path))
	for _, content := range []string{"long at first", "short"} {
		WriteFile(t, path, content)
		assert.Equal(t, content, ReadFile(t, path))
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m, err := ParseMetrics("# HELP a what\n# TYPE a counter\na{b=\"1\",c=\"x y\"} 2\na{b=\"2\"} 3\n\nab 1e3\n")
	require.NoError(t, err)
	assert.Equal(t, Metrics{`a{b="1",c="x y"}`: 2, `a{b="2"}`: 3, "ab": 1000}, m)
	assert.Equal(t, 5, m.Sum(t, "a"))
	assert.Equal(t, 2, m.Sum(t, "a", `c="x y"`))
	assert.Equal(t, 1000, m.Sum(t, "ab"))
	assert.Empty(t, m.With("a", `b="3"`))
	_, err = ParseMetrics("nonsense\n")
	require.ErrorContains(t, err, `line "nonsense"`)
}

// TestLockHeld: who waits in vain learns for whom.
func TestLockHeld(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path, Patience)
	require.NoError(t, err)
	_, err = Lock(t.Context(), path, wink)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, fmt.Sprintf("which process %d (%s", os.Getpid(), os.Args[0]))
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = Lock(ended, path, Patience)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, unlock())
	unlock, err = Lock(t.Context(), path, Patience)
	require.NoError(t, err)
	require.NoError(t, unlock())
}
