// Package doctor implements the command doctor: on the host of a mail server, it looks for what lets mail to lookalikes get out although a
// policy covers them, and for what loses other mail.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/resolver"
)

const description = `Run it on the host of the mail server. It reads the Corefile and the host's own configuration, asks each resolver in use for a
lookalike of each policy, the canary, and says what lets lookalikes through or loses other names, and what to do about it:

  corefile    what is allowed in the Corefile, but probably not meant (an open resolver, policies that un-hide each other)
  port        which process has the port of the server
  resolv.conf resolvers in /etc/resolv.conf and in Postfix's copy of it, search lists, who writes the file, and which resolvers that
              program is told: systemd-resolved, NetworkManager, netplan, resolvconf, dhclient, dhcpcd
  containers  which resolvers Docker gives to containers
  resolver    whether each of them, and -through, hides the canary, fails, or answers it; and whether allowed domains below hidden names
              stay reachable after that
  libc        what getaddrinfo says, which may ask others (nss-resolve, hosts)
  relay       a smart host in the configuration of Postfix, Exim, Sendmail or OpenSMTPD, which looks up domains itself, or a fallback
              relay of Postfix or Sendmail, which gets the mail for domains that are hidden from them
  sinkhole    whether anything takes mail at the sinkhole's addresses, on port 25
  clock       whether the clock is synchronized, without which until= and signatures are wrong

A resolver hides the canary if the answer is that of typoguard: its SOA record, a Null MX, or the sinkhole's address. It makes up the
canary from a protected suffix; for a policy that requires a counterpart, give one with -canary whose counterpart exists. Policies in mode monitor
hide nothing, and are not asked about.

Not covered: resolvers that a mail server or a container is told in its own configuration, unless with -through, and hosts other than this one.

Exit status: 0 if there is nothing to do, 1 if there is, 2 on error.`

// Command returns the command.
func Command() *cli.Command {
	return &cli.Command{
		Name:        "doctor",
		Usage:       "look for what lets lookalikes through on this host, or loses other names",
		ArgsUsage:   " ", // it takes none
		Description: description,
		Flags: append(corefile.Flags(),
			&cli.StringSliceFlag{Name: "through", Usage: "ask the resolver at this `ADDRESS`, too, with or without a port; may be repeated"},
			&cli.StringSliceFlag{Name: "canary", Usage: "ask for this lookalike `NAME`, too; may be repeated"},
			&cli.StringFlag{Name: "root", Value: "/", Usage: "read the files in /etc, /run and /var below this `DIRECTORY`"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object per line"},
		),
		Action: run,
	}
}

// examination is one run of the command.
type examination struct {
	blocks   corefile.Blocks
	root     string
	findings []finding
}

func run(ctx context.Context, c *cli.Command) error {
	if c.Args().Present() {
		return fmt.Errorf("unexpected argument %q; expected options only", c.Args().First())
	}
	blocks, err := corefile.Load(c)
	if err != nil {
		return err
	}
	e := &examination{blocks: blocks, root: c.String("root")}
	through, err := parseAddresses(c.StringSlice("through"))
	if err != nil {
		return err
	}
	canaries, err := e.canaries(c.StringSlice("canary"))
	if err != nil {
		return err
	}
	e.examineCorefile()
	e.examinePorts()
	e.examineRelays()
	resolvers := append(e.examineResolvConf(ctx), through...)
	e.examineResolvers(ctx, resolvers, canaries)
	e.examineLibc(ctx, canaries)
	e.examineSinkholes(ctx)
	e.examineClock()

	print := printText
	if c.Bool("json") {
		print = printJSON
	}
	if err := print(c.Root().Writer, e.findings); err != nil {
		return err
	}
	for _, f := range e.findings {
		if f.Level == fault || f.Level == warning {
			return cli.Exit("", 1)
		}
	}
	return nil
}

// parseAddresses returns the addresses of resolvers, with their ports.
func parseAddresses(texts []string) ([]server, error) {
	var all []server
	for _, text := range texts {
		address, err := resolver.ParseAddress(text)
		if err != nil {
			return nil, fmt.Errorf("through: %w", err)
		}
		all = append(all, server{address: address, from: "-through"})
	}
	return all, nil
}

// path returns the path of a file of the host.
func (e *examination) path(name string) string { return filepath.Join(e.root, name) }

// examineCorefile reports the warnings of the Corefile.
func (e *examination) examineCorefile() {
	before := len(e.findings)
	for _, b := range e.blocks.Selected() {
		for _, text := range b.Warnings {
			e.add(warning, "corefile", text, "")
		}
	}
	if len(e.findings) == before {
		e.add(fine, "corefile", "nothing in the Corefile is probably not meant", "")
	}
}

// isTimeout reports whether somebody did not answer in time.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
