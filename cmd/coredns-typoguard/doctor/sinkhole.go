package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// examineSinkholes connects to port 25 of each sinkhole.
func (e *examination) examineSinkholes(ctx context.Context) {
	seen := map[netip.Addr]bool{}
	for _, b := range e.blocks.Selected() {
		if b.Set == nil {
			continue
		}
		for _, p := range b.Set.Policies {
			if p.Action != policy.Sinkhole {
				continue
			}
			for _, addr := range p.Sinkhole {
				if !seen[addr] {
					seen[addr] = true
					e.examineSinkhole(ctx, p, addr)
				}
			}
		}
	}
}

func (e *examination) examineSinkhole(ctx context.Context, p *policy.Policy, addr netip.Addr) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", netip.AddrPortFrom(addr, 25).String())
	if err != nil {
		e.add(fault, "sinkhole", fmt.Sprintf("policy %q: nothing takes mail at %s: %v; mail to lookalikes waits for days", p.Name, addr, err),
			"start a sinkhole there with smtp, open the port in the firewall, or use action nxdomain")
		return
	}
	_ = conn.Close() // nothing was sent
	e.add(fine, "sinkhole", fmt.Sprintf("policy %q: %s takes mail", p.Name, addr), "")
}
