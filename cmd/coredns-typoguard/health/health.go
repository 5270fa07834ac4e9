// Package health implements the command health: it says whether a server answers, for the health checks of containers, which have no
// other program to ask with.
package health

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
	"github.com/urfave/cli/v3"
)

const description = `Asks the server at an address, 127.0.0.1:53 by default, over UDP. The query is one that CoreDNS answers itself (RFC 6891, BADVERS):
no plugin sees it, so it is not logged, counted or forwarded, and an acl does not refuse it.

Exit status: 0 if the server answers, 1 if it does not, 2 on error.`

// Command returns the command.
func Command() *cli.Command {
	return &cli.Command{
		Name:        "health",
		Usage:       "say whether a server answers, for the health check of a container",
		ArgsUsage:   "[ADDRESS[:PORT]]",
		Description: description,
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "timeout", Value: 2 * time.Second, Usage: "wait this `LONG` for the answer"},
		},
		Action: run,
	}
}

func run(ctx context.Context, c *cli.Command) error {
	address, err := parseAddress(c.Args().Slice())
	if err != nil {
		return err
	}
	probe := new(dns.Msg).SetQuestion(".", dns.TypeNS).SetEdns0(dns.MinMsgSize, false)
	probe.IsEdns0().SetVersion(1)
	client := &dns.Client{Timeout: c.Duration("timeout")}
	reply, _, err := client.ExchangeContext(ctx, probe, address)
	if err == nil && reply.Rcode != dns.RcodeBadVers {
		err = fmt.Errorf("%s: %s; expected BADVERS, as CoreDNS answers", address, dns.RcodeToString[reply.Rcode])
	}
	if err != nil {
		fmt.Fprintf(c.Root().ErrWriter, "%v\n", err)
		return cli.Exit("", 1)
	}
	return nil
}

// parseAddress returns the address of the server, with its port.
func parseAddress(args []string) (string, error) {
	switch len(args) {
	case 0:
		return "127.0.0.1:53", nil
	case 1:
		if addr, err := netip.ParseAddr(args[0]); err == nil {
			return net.JoinHostPort(addr.String(), "53"), nil
		}
		if addr, err := netip.ParseAddrPort(args[0]); err == nil {
			return addr.String(), nil
		}
		return "", fmt.Errorf("address %q; expected one such as 192.0.2.53 or [2001:db8::53]:53", args[0])
	default:
		return "", fmt.Errorf("%d arguments; expected one address at most", len(args))
	}
}
