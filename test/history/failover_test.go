//go:build e2e

package history_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFailover: with several servers in the DSN, events go to the one that takes them: while the first one is it, while none is, and when
// the standby has been promoted. None is lost. One that only hangs keeps nobody waiting.
func TestFailover(t *testing.T) {
	t.Parallel()
	first := startPostgres(t)
	standby, err := first.NewStandby(t.Context())
	require.NoError(t, err)
	require.NoError(t, standby.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, standby.Close()) })
	hangs, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, hangs.Close()) })

	servers := strings.Join([]string{hangs.Addr().String(), standby.Address(), first.Address()}, ",")
	dsn := "postgres://typoguard@" + servers + "/postgres?sslmode=disable"
	r := start(t, dsn, "")
	r.ask(t, 0, 200, time.Millisecond)
	awaitAll(t, dsn, 200)
	assert.Equal(t, http.StatusOK, r.page(t))

	require.NoError(t, first.Stop())
	stopped := time.Now()
	r.ask(t, 200, 500, time.Millisecond)
	r.awaitSink(t, 0)
	require.NoError(t, standby.Promote(t.Context()))
	r.awaitSink(t, 1)
	awaitAll(t, dsn, 700)
	assert.Equal(t, http.StatusOK, r.page(t))
	assert.Zero(t, r.metric(t, "events_dropped_total"))
	t.Logf("FIGURE events lost of 500 while PostgreSQL fails over to a standby: 0, %s after the first server stopped", time.Since(stopped).Round(time.Second))
}
