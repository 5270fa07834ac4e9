package inherit

import (
	"net"
	"net/netip"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// file returns the socket of a listener, or of a connection, as systemd passes it.
func file(t *testing.T, socket interface{ File() (*os.File, error) }) *os.File {
	t.Helper()
	f, err := socket.File()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f
}

// TestByAddress: sockets are known by their addresses, and what is no TCP listener is an error that says so. That the program uses them is
// tested in test/dns.
func TestByAddress(t *testing.T) {
	four, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer four.Close()
	unix, err := net.Listen("unix", t.TempDir()+"/socket")
	require.NoError(t, err)
	defer unix.Close()
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer udp.Close()

	all, err := byAddress([]*os.File{file(t, four.(*net.TCPListener))})
	require.NoError(t, err)
	assert.Len(t, all, 1)
	assert.Contains(t, all, netip.MustParseAddrPort(four.Addr().String()))

	_, err = byAddress([]*os.File{file(t, unix.(*net.UnixListener))})
	require.ErrorContains(t, err, "expected one that listens for TCP connections")
	_, err = byAddress([]*os.File{file(t, udp.(*net.UDPConn))})
	require.ErrorContains(t, err, "expected one that listens for TCP connections")

	none, err := Listener(netip.MustParseAddrPort(four.Addr().String()))
	require.NoError(t, err)
	assert.Nil(t, none, "systemd has not started this process")
	assert.Empty(t, Addresses())
}
