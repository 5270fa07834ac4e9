// Package rpz is the command that writes the policies of a Corefile as a response policy zone (RPZ,
// draft-vixie-dnsop-dns-rpz-00), for resolvers that are not CoreDNS.
//
// A zone is a list of names, while a policy is about every name there could be. The names within the policy's distance
// are enumerated (neighbours.go), and those that look the same (homoglyphs.go), under top-level domains that exist (package
// tlds); the engine then judges each, and nothing but its verdict makes a row (plan.go).
package rpz

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/miekg/dns"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
)

const description = `Writes a response policy zone, for BIND, Unbound, PowerDNS Recursor and Knot Resolver, that hides what the policies of a
Corefile hide: every lookalike that can exist, with a wildcard for the names below it, and rpz-passthru rows for protected
and allowed suffixes below lookalikes. The same input gives the same rows in the same order.

Listed are, under top-level domains that exist, the host names (RFC 1123) within a policy's distance; those one edit away
by a letter of another European language (ärmy.mil); and those that look the same as a protected suffix in ASCII
(arrny.mil), or with one character, or with whole labels, in another writing system. Others are hidden by our server only.

Actions become "CNAME .", "CNAME *.", "MX 0 ." and "MX 10" with A and AAAA. What rows cannot express is said on standard
error. They are about all query types, and all clients of the server that loads the zone. Policies in mode monitor are
left out; with -monitor they are written as if they enforced, for a zone that its server only logs (BIND: policy
disabled).

The serial is the time, or one more than that of the FILE which is replaced if that is not less. A zone of more than -max-rows is refused
before anything is written.

Exit status: 0 if the zone was written, 2 after an error.`

// Command returns the command.
func Command() *cli.Command {
	return &cli.Command{
		Name:        "rpz",
		Usage:       "write the policies as a response policy zone",
		ArgsUsage:   " ",
		Description: description,
		Flags: append(corefile.Flags(),
			&cli.StringFlag{Name: "policy", Usage: "write the policy with this `NAME` only; what others protect and allow passes all the same"},
			&cli.StringFlag{Name: "client", Usage: "write what policies say to the client with this `IP` address; without it, all policies"},
			&cli.BoolFlag{Name: "monitor", Usage: "write policies in mode monitor, too"},
			&cli.BoolFlag{Name: "all-tlds", Usage: "list names under every top-level domain, not only delegated ones and those of the suffixes"},
			&cli.StringFlag{Name: "origin", Value: "typoguard.invalid", Usage: "the name of the `ZONE`"},
			&cli.Uint32Flag{Name: "serial", DefaultText: "the time", Usage: "the serial `NUMBER` of the zone"},
			&cli.StringFlag{Name: "o", TakesFile: true, Usage: "write to the `FILE`, in its place once the zone is complete, instead of standard output"},
			&cli.IntFlag{Name: "max-rows", Value: 5_000_000, Usage: "refuse to write more than this `NUMBER` of rows"},
		),
		Action: run,
	}
}

func run(ctx context.Context, c *cli.Command) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM) // so that no half of a file is left
	defer stop()
	if c.Args().Present() {
		return fmt.Errorf("unexpected argument %q; expected options only", c.Args().First())
	}
	blocks, err := corefile.Load(c)
	if err != nil {
		return err
	}
	s, err := newSelection(blocks, c.String("policy"), c.String("client"), c.Bool("monitor"))
	if err != nil {
		return err
	}
	z, err := newZone(c, s)
	if err != nil {
		return err
	}
	p := s.plan(c.Bool("all-tlds"))
	out, err := newSpool(c.String("o"), c.Root().Writer)
	if err != nil {
		return err
	}
	defer out.discard()
	rows, err := z.write(ctx, out, s.comments(c.Bool("all-tlds")), p, c.Int("max-rows"))
	if err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	for _, line := range s.limits() {
		fmt.Fprintln(c.Root().ErrWriter, line)
	}
	for _, line := range rows.report() {
		fmt.Fprintln(c.Root().ErrWriter, line)
	}
	return nil
}

// newZone returns the zone that the options describe.
func newZone(c *cli.Command, s *selection) (*zone, error) {
	z := &zone{origin: dns.CanonicalName(c.String("origin")), serial: c.Uint32("serial"), ttl: s.policies[0].TTL}
	if !isHostname(z.origin[:len(z.origin)-1]) {
		return nil, fmt.Errorf("origin: %q; expected the name of a zone such as rpz.example", c.String("origin"))
	}
	old, replaces, err := serialOf(c.String("o"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("o: %w", err)
	case !c.IsSet("serial"):
		z.serial = nextSerial(old, replaces, time.Now())
	case replaces && int32(z.serial-old) < 0:
		return nil, fmt.Errorf("serial: %d is less than %d, which %s has; expected no less", z.serial, old, c.String("o"))
	}
	return z, nil
}
