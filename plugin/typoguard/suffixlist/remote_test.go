package suffixlist

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRemoteLargest: a list may have its largest size, and not a byte more.
func TestRemoteLargest(t *testing.T) {
	const list = "navy.mil\n"
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(list)) }))
	t.Cleanup(s.Close)
	for largest, fits := range map[int64]bool{maxFetched: true, int64(len(list)): true, int64(len(list)) - 1: false} {
		r := newRemote("", false)
		r.largest, r.client.Transport = largest, s.Client().Transport
		content, err := r.fetch(t.Context(), s.URL, nil)
		if !fits {
			require.EqualError(t, err, fmt.Sprintf("%s: more than %d bytes", s.URL, largest))
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, list, string(content))
	}
	assert.EqualValues(t, maxFetched, newRemote("", false).largest)
}
