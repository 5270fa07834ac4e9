// Package rpz implements the command rpz, which writes the policies of a Corefile as a response policy zone (RPZ,
// draft-vixie-dnsop-dns-rpz-00), for resolvers that are not CoreDNS.
package rpz

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/miekg/dns"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

const description = `Writes a response policy zone for BIND, Unbound, PowerDNS Recursor or Knot Resolver that hides what the policies of a
Corefile hide: every lookalike that can exist, with a wildcard for the names below it, and rpz-passthru rows for protected
and allowed suffixes below lookalikes. The same input always gives the same rows in the same order.

The zone lists host names (RFC 1123) under existing top-level domains: those within a policy's distance, those one edit away
with a letter of another European language (ärmy.mil), and those that look the same as a protected suffix, either in ASCII
(arrny.mil) or with one character or whole labels in another script. Only the typoguard server hides other lookalikes.

Actions become "CNAME .", "CNAME *.", "MX 0 .", and "MX 10" with A and AAAA. A name above a protected or allowed suffix gets
"CNAME *." instead of "CNAME .", since an NXDOMAIN would say that nothing is below it; its wildcard does not. Rows apply to all
query types, even DS and DNSKEY, which typoguard always passes, and to all clients of the server that loads the zone; the
command lists on standard error what they cannot express. Policies in mode monitor are left out. With -monitor they are
written as if in mode enforce, for a zone whose matches are only logged (BIND: policy disabled).

The serial is the current time, or one more than the serial of the FILE to be replaced if that is higher. If the zone would
have more than -max-rows rows, nothing is written.

Exit status: 0 if the zone was written, 2 on error.`

// Command returns the command.
func Command() *cli.Command {
	return &cli.Command{
		Name:        "rpz",
		Usage:       "write the policies as a response policy zone (RPZ)",
		ArgsUsage:   " ",
		Description: description,
		Flags: append(corefile.Flags(),
			&cli.StringFlag{Name: "policy", Usage: "write only the policy with this `NAME`; suffixes that other policies protect or allow still pass"},
			&cli.StringFlag{Name: "client", Usage: "write only the policies that apply to the client with this `IP` address (default: all policies)"},
			&cli.BoolFlag{Name: "monitor", Usage: "include policies in mode monitor"},
			&cli.BoolFlag{Name: "all-tlds", Usage: "list names under every top-level domain, not only under delegated ones and those of the suffixes"},
			&cli.StringFlag{Name: "origin", Value: "typoguard.invalid", Usage: "set the name of the `ZONE`"},
			&cli.Uint32Flag{Name: "serial", DefaultText: "the current time", Usage: "set the zone's serial `NUMBER`"},
			&cli.StringFlag{Name: "o", TakesFile: true, Usage: "write to this `FILE` instead of standard output; it is replaced once the zone is complete"},
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
	s, block, err := blocks.Select(c.String("policy"), c.String("client"), c.Bool("monitor"))
	if errors.Is(err, corefile.ErrMonitors) {
		err = fmt.Errorf("%w, or -monitor", err)
	}
	if err != nil {
		return err
	}
	z, err := newZone(c, s)
	if err != nil {
		return err
	}
	p := s.Plan(c.Bool("all-tlds"))
	out, err := newSpool(c.String("o"), c.Root().Writer)
	if err != nil {
		return err
	}
	defer out.discard()
	written, err := z.write(ctx, out, s.Comments(c.Bool("all-tlds")), p, c.Int("max-rows"))
	if err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	for _, line := range limitsOf(s, block) {
		fmt.Fprintln(c.Root().ErrWriter, line)
	}
	for _, line := range written.report() {
		fmt.Fprintln(c.Root().ErrWriter, line)
	}
	return nil
}

// limitsOf returns a line for each thing that the policies say but the zone does not.
func limitsOf(s *rows.Selection, block *typoguard.Block) []string {
	var lines []string
	for _, p := range s.Monitored {
		lines = append(lines, fmt.Sprintf("policy %s left out because it is in mode monitor; add -monitor to include it", p.Name))
	}
	lines = append(lines, s.Limits()...)
	if block.View != "" {
		lines = append(lines, fmt.Sprintf("view %s: rows apply to every client of the server that loads the zone", block.View))
	}
	return lines
}

// newZone returns the zone that the options describe.
func newZone(c *cli.Command, s *rows.Selection) (*zone, error) {
	z := &zone{origin: dns.CanonicalName(c.String("origin")), serial: c.Uint32("serial"), ttl: s.Policies[0].TTL}
	if !rows.IsHostname(z.origin[:len(z.origin)-1]) {
		return nil, fmt.Errorf("origin: %q; expected the name of a zone such as rpz.example", c.String("origin"))
	}
	old, replaces, err := serialOf(c.String("o"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("o: %w", err)
	case !c.IsSet("serial"):
		z.serial = nextSerial(old, replaces, time.Now())
	case replaces && int32(z.serial-old) < 0:
		return nil, fmt.Errorf("serial: %d is less than the serial %d of %s; expected at least that", z.serial, old, c.String("o"))
	}
	return z, nil
}
