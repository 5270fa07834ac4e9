package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// program is the name of this binary as the kernel keeps it, in 15 octets.
const program = "coredns-typogua"

// holder is a process that has a UDP port.
type holder struct {
	address string // with the port
	name    string // of the process; "" if it cannot be told
	pid     int
}

// examinePorts reports which processes have the ports of the Corefile's servers.
func (e *examination) examinePorts() {
	for _, port := range e.ports() {
		holders, err := holdersOf(port)
		if err != nil {
			e.add(note, "port", fmt.Sprintf("who has port %s cannot be told: %v", port, err), "")
			continue
		}
		ours := slices.ContainsFunc(holders, func(h holder) bool { return strings.HasPrefix(h.name, program) })
		for _, h := range holders {
			if h.name != "" && !strings.HasPrefix(h.name, program) && h.name != "coredns" {
				l, do := note, ""
				if !ours {
					l, do = fault, "move it to another port or address, and name it after forward"
				}
				e.add(l, "port", fmt.Sprintf("%s is held by %s (%d)", h.address, h.name, h.pid), do)
			}
		}
		switch {
		case ours:
			e.add(fine, "port", "coredns-typoguard has port "+port, "")
		case len(holders) == 0:
			e.add(fault, "port", "nothing listens on port "+port, "start coredns-typoguard; its log says why it does not")
		}
	}
}

// ports returns the ports over which the server blocks with policies serve plain DNS.
func (e *examination) ports() []string {
	var all []string
	for _, b := range e.blocks.Selected() {
		for _, key := range b.Keys {
			transport, rest, _ := strings.Cut(key, "://")
			port := rest[strings.LastIndexByte(rest, ':')+1:]
			if b.Set != nil && transport == "dns" && !slices.Contains(all, port) {
				all = append(all, port)
			}
		}
	}
	return all
}
