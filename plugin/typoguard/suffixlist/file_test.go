package suffixlist

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHangingFile: a file system that does not answer costs its deadline once, and then nothing until it answers.
func TestHangingFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := make(chan struct{})
		hanging := func(string) ([]byte, error) {
			<-hangs
			return nil, nil
		}
		good := func(string) ([]byte, error) { return []byte("army.mil\n"), nil }
		var f file
		start := time.Now()
		_, err := f.read(t.Context(), "list.txt", readTimeout, hanging)
		require.EqualError(t, err, "list.txt: the file system has not answered for 10s")
		assert.Equal(t, readTimeout, time.Since(start))
		_, err = f.read(t.Context(), "list.txt", readTimeout, good)
		require.ErrorIs(t, err, errBusy)
		assert.Equal(t, readTimeout, time.Since(start))
		close(hangs)
		synctest.Wait()
		content, err := f.read(t.Context(), "list.txt", readTimeout, good)
		require.NoError(t, err)
		assert.Equal(t, "army.mil\n", string(content))
	})
}

// TestHangingFileCanceled: nobody waits for a file once the server stops.
func TestHangingFileCanceled(t *testing.T) {
	hangs := make(chan struct{})
	defer close(hangs)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := new(file).read(ctx, "list.txt", time.Hour, func(string) ([]byte, error) {
		<-hangs
		return nil, nil
	})
	require.ErrorIs(t, err, context.Canceled)
}
