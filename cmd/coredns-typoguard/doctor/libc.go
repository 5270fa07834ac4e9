package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
)

// examineLibc asks the C library for the canaries, by getent(1). It finds addresses only, and says nothing of a canary that would have
// none anyway; but an address is a leak.
func (e *examination) examineLibc(ctx context.Context, canaries []canary) {
	for _, c := range canaries {
		name := strings.TrimSuffix(c.name, ".")
		output, err := exec.CommandContext(ctx, "getent", "ahosts", name).Output() //nolint:gosec // a domain name
		if errors.Is(err, exec.ErrNotFound) {
			e.add(note, "libc", "getent is not installed: not asked", "")
			return
		}
		for line := range strings.Lines(string(output)) {
			text, _, _ := strings.Cut(line, " ")
			addr, err := netip.ParseAddr(text)
			if err != nil || slices.Contains(c.policy.Sinkhole, addr.Unmap()) {
				continue
			}
			e.add(fault, "libc", fmt.Sprintf("getaddrinfo finds %s at %s: programs reach the stranger", name, addr),
				"look at the line hosts of /etc/nsswitch.conf, and at /etc/hosts")
			return
		}
	}
	if len(canaries) > 0 {
		e.add(fine, "libc", "getaddrinfo finds none of the canaries", "")
	}
}
