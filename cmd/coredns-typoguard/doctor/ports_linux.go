package doctor

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// holdersOf returns the processes that have a UDP port, as proc(5) knows them. Without root it does not know the processes of others.
func holdersOf(port string) ([]holder, error) {
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	var all []holder
	for _, table := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		text, err := os.ReadFile(table)
		if errors.Is(err, os.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) < 10 {
				continue
			}
			address, ok := socketAddress(fields[1])
			if !ok || uint64(address.Port()) != number {
				continue
			}
			h := holder{address: address.String()}
			h.pid, h.name = ownerOf(fields[9])
			if !slices.Contains(all, h) {
				all = append(all, h)
			}
		}
	}
	return all, nil
}

// socketAddress parses an address of /proc/net/udp: words of four octets in the order of this machine, and the port.
func socketAddress(text string) (netip.AddrPort, bool) {
	address, portText, _ := strings.Cut(text, ":")
	octets, err := hex.DecodeString(address)
	port, portErr := strconv.ParseUint(portText, 16, 16)
	if err != nil || portErr != nil || len(octets)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(octets, 4) {
		slices.Reverse(word)
	}
	addr, ok := netip.AddrFromSlice(octets)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), ok
}

// ownerOf returns a process that has the socket with an inode, or 0.
func ownerOf(inode string) (pid int, name string) {
	descriptors, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, descriptor := range descriptors {
		if target, err := os.Readlink(descriptor); err != nil || target != "socket:["+inode+"]" {
			continue
		}
		process := filepath.Dir(filepath.Dir(descriptor))
		text, err := os.ReadFile(filepath.Join(process, "comm"))
		if err != nil {
			continue // it has just ended
		}
		pid, _ = strconv.Atoi(filepath.Base(process))
		return pid, strings.TrimSpace(string(text))
	}
	return 0, ""
}
