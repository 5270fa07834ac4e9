package event

import (
	"fmt"
	"net/netip"
)

// Mask is the number of bits of client addresses to keep; the others become zero.
type Mask struct{ V4, V6 int }

// NoMask keeps complete addresses.
var NoMask = Mask{32, 128}

// Check returns an error for invalid numbers of bits.
func (m Mask) Check() error {
	if m.V4 < 0 || m.V4 > 32 || m.V6 < 0 || m.V6 > 128 {
		return fmt.Errorf("%d %d; expected 0 to 32 bits for IPv4 and 0 to 128 bits for IPv6", m.V4, m.V6)
	}
	return nil
}

// Apply returns the masked address. It returns the zero address unchanged.
func (m Mask) Apply(addr netip.Addr) netip.Addr {
	bits := m.V6
	if addr.Is4() {
		bits = m.V4
	}
	if !addr.IsValid() || bits == addr.BitLen() {
		return addr
	}
	network, err := addr.WithZone("").Prefix(bits)
	if err != nil { // invalid bits, which Check rejects
		return netip.Addr{}
	}
	return network.Addr()
}
