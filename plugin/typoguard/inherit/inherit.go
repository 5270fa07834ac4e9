// Package inherit has the listening sockets that systemd has opened for the process: see systemd.socket(5) and sd_listen_fds(3).
package inherit

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"

	"github.com/coreos/go-systemd/v22/activation"
)

// sockets are the sockets by address. They stay open as long as the process, whatever is done with listeners for them: a reload of the
// Corefile must not lose one.
var sockets = sync.OnceValues(func() (map[netip.AddrPort]*os.File, error) { return byAddress(activation.Files(true)) })

// byAddress returns sockets by the address that they listen on.
func byAddress(files []*os.File) (map[netip.AddrPort]*os.File, error) {
	all := map[netip.AddrPort]*os.File{}
	for _, file := range files {
		listener, err := net.FileListener(file)
		if err != nil {
			return nil, fmt.Errorf("socket %s from systemd: %w; expected one that listens for TCP connections", file.Name(), err)
		}
		address, ok := listener.Addr().(*net.TCPAddr)
		if err := listener.Close(); err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("socket %s from systemd: %s; expected one that listens for TCP connections", file.Name(), listener.Addr())
		}
		all[unmapped(address.AddrPort())] = file
	}
	return all, nil
}

// Listener returns a listener for an address that systemd has opened, or nil if it has not. Closing it leaves the socket open.
func Listener(address netip.AddrPort) (net.Listener, error) {
	all, err := sockets()
	if err != nil {
		return nil, err
	}
	file, ok := all[unmapped(address)]
	if !ok {
		return nil, nil //nolint:nilnil // the zero value says it
	}
	return net.FileListener(file)
}

// Addresses returns the addresses that systemd has opened, in order.
func Addresses() []netip.AddrPort {
	all, _ := sockets() // Listener returns the error
	return slices.SortedFunc(maps.Keys(all), netip.AddrPort.Compare)
}

func unmapped(address netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
}
