package resolvers

import (
	"context"
	"os"
	"path/filepath"
	"syscall"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/test/process"
)

// Run starts a coredns-typoguard with a Corefile, which it writes into a directory, and returns when there is an answer from
// the address where it serves. The command is the program, or one that becomes it with further arguments. The resolver outlives the
// context: its clients are to stop first, and then somebody ends it.
func Run(ctx context.Context, dir, corefile, address string, command ...string) (*process.Process, error) {
	file := filepath.Join(dir, "Corefile")
	if err := os.WriteFile(file, []byte(corefile), 0o600); err != nil {
		return nil, err
	}
	args := append(append([]string{}, command[1:]...), "-conf", file)
	p, err := process.Launch(context.WithoutCancel(ctx), command[0], args...)
	if err != nil {
		return nil, err
	}
	err = p.Until(ctx, func() error {
		_, err := dns.ExchangeContext(ctx, new(dns.Msg).SetQuestion("ready.example.", dns.TypeMX), address)
		return err
	})
	if err != nil {
		p.End(syscall.SIGTERM)
		return nil, err
	}
	return p, nil
}
