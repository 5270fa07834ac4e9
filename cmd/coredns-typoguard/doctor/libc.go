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
		output, err := getent(ctx, name)
		if err != nil {
			e.add(note, "libc", fmt.Sprintf("not asked: %v", err), "")
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

// unknownKey is getent's exit status for a name without addresses.
const unknownKey = 2

// getent returns a line for each address of a name. The one of musl may not know the database ahosts.
func getent(ctx context.Context, name string) ([]byte, error) {
	var failed error
	for _, database := range []string{"ahosts", "hosts"} {
		output, err := exec.CommandContext(ctx, "getent", database, name).Output()
		exit, exited := errors.AsType[*exec.ExitError](err)
		switch {
		case err == nil:
			return output, nil
		case exited && exit.ExitCode() == unknownKey:
			return nil, nil
		}
		failed = fmt.Errorf("getent %s: %w", database, err)
	}
	return nil, failed
}
