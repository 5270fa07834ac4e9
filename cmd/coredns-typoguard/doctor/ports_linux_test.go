package doctor

import (
	"net"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHoldersOf(t *testing.T) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		conn, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}) // a host without IPv6
	}
	require.NoError(t, err)
	address := conn.LocalAddr().(*net.UDPAddr)
	holders, err := holdersOf(strconv.Itoa(address.Port))
	require.NoError(t, err)
	require.Len(t, holders, 1)
	assert.Equal(t, address.AddrPort().String(), holders[0].address)
	assert.Equal(t, os.Getpid(), holders[0].pid)

	require.NoError(t, conn.Close())
	holders, err = holdersOf(strconv.Itoa(address.Port))
	require.NoError(t, err)
	assert.Empty(t, holders)
}
