package kit

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// given are the addresses that were given out. CoreDNS listens with SO_REUSEPORT: two servers that were given the same port
// would not notice, and each answer some of the queries.
var given sync.Map

// Listen listens on one free port of a host, over UDP and TCP.
func Listen(host string) (net.PacketConn, net.Listener, error) {
	for {
		tcp, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return nil, nil, err
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return udp, tcp, nil
		}
		if err := errors.Join(err, tcp.Close()); !errors.Is(err, syscall.EADDRINUSE) {
			return nil, nil, err
		}
	}
}

// FreeAddressOf returns an address of a host with a port that nobody uses, neither over UDP nor over TCP, and that it did not
// return before.
func FreeAddressOf(host string) (string, error) {
	for range 1000 {
		udp, tcp, err := Listen(host)
		if err != nil {
			return "", err
		}
		address := tcp.Addr().String()
		if err := errors.Join(udp.Close(), tcp.Close()); err != nil {
			return "", err
		}
		if _, again := given.LoadOrStore(address, true); !again {
			return address, nil
		}
	}
	return "", errors.New("no free port that was not given out before")
}

// FreeAddresses sets each string to a free address of loopback.
func FreeAddresses(into ...*string) error {
	for _, address := range into {
		var err error
		if *address, err = FreeAddressOf("127.0.0.1"); err != nil {
			return err
		}
	}
	return nil
}

// FreePort returns the port of a free address of loopback.
func FreePort() (string, error) {
	address, err := FreeAddressOf("127.0.0.1")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(address)
	return port, err
}

// FreeAddress returns a free address of loopback to a test.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	address, err := FreeAddressOf("127.0.0.1")
	require.NoError(tb, err)
	return address
}

// Closed says whether nobody listens on an address.
func Closed(tb testing.TB, address string) bool {
	tb.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		require.ErrorIs(tb, err, syscall.ECONNREFUSED)
		return true
	}
	require.NoError(tb, conn.Close())
	return false
}
