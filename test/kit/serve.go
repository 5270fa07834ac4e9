package kit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/miekg/dns"
)

// Serve starts a coredns-typoguard with a Corefile, which it writes into a directory, and returns when it answers at an address.
// The command is the program, or one that becomes it with further arguments. The server outlives the context: its clients are
// to stop first, and then somebody ends it.
func Serve(ctx context.Context, dir, corefile, address string, command ...string) (*Process, error) {
	file := filepath.Join(dir, "Corefile")
	if err := os.WriteFile(file, []byte(corefile), 0o600); err != nil {
		return nil, err
	}
	args := append(append([]string{}, command[1:]...), "-conf", file)
	p, err := Launch(context.WithoutCancel(ctx), nil, command[0], args...)
	if err != nil {
		return nil, err
	}
	if err := p.UntilAnswer(ctx, address); err != nil {
		p.End(syscall.SIGTERM)
		return nil, err
	}
	return p, nil
}

// UntilAnswer returns when a CoreDNS answers at an address. No plugin sees the question, counts it or asks an upstream about it:
// CoreDNS itself answers that it does not know the version of EDNS.
func (p *Process) UntilAnswer(ctx context.Context, address string) error {
	probe := new(dns.Msg).SetQuestion("ready.invalid.", dns.TypeTXT).SetEdns0(dns.DefaultMsgSize, false)
	probe.IsEdns0().SetVersion(1)
	client := &dns.Client{Timeout: time.Second}
	return p.Until(ctx, func() error {
		reply, _, err := client.ExchangeContext(ctx, probe, address)
		if err == nil && reply.Rcode != dns.RcodeBadVers {
			return errors.New("answered with " + dns.RcodeToString[reply.Rcode] + "; expected BADVERS")
		}
		return err
	})
}
