// Package export implements the command export, which writes the policies of a Corefile for mail servers that ask no resolver of ours: as
// an access map of Postfix, a lookup file of Exim, or transport rules of Exchange.
//
// The names are those that command rpz enumerates, as far as somebody types them by mistake; the engine judges each.
package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/resolver"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

const description = `Writes what the policies of a Corefile hide as a list for a mail server, which then refuses such recipients with "did you mean
army.mil?":

  postfix    an access map: check_recipient_access hash:/etc/postfix/typoguard
  exim       a file for lookups: domains = partial1-lsearch;/etc/exim4/typoguard
  exchange   a PowerShell script that makes and updates transport rules in Exchange Server or Microsoft 365, and with -Remove
             removes them

A list has what is likely: names in ASCII under existing top-level domains that are one edit away from a protected suffix, or have a
letter moved, letters written as others or a part doubled. With -registered it has only those of them that exist according to the
resolver of -resolve, or about which that knows nothing now; ask one that hides no lookalikes. Mail servers that can ask a resolver
should look recipients up in a lookalike_zone instead, which has every lookalike and follows every change.

The command says on standard error what the list cannot express. Policies in mode monitor are left out. The same input always gives
the same list. Write it again whenever the policies or their lists change.

Exit status: 0 if the list was written, 2 on error.`

// format writes rows for one kind of mail server, and returns what it cannot express.
type format func(w io.Writer, rows []rows.Likely, policies string) (limits []string, err error)

var formats = map[string]format{"exchange": writeExchange, "exim": writeExim, "postfix": writePostfix}

// Command returns the command.
func Command() *cli.Command {
	return &cli.Command{
		Name:        "export",
		Usage:       "write the policies as a list for Postfix, Exim or Exchange",
		ArgsUsage:   strings.Join(formatNames(), "|"),
		Description: description,
		Flags: append(corefile.Flags(),
			&cli.StringFlag{Name: "policy", Usage: "write only the policy with this `NAME`; suffixes that other policies protect or allow still pass"},
			&cli.StringFlag{Name: "client", Usage: "write only the policies that apply to the client with this `IP` address (default: all policies)"},
			&cli.BoolFlag{Name: "registered", Usage: "write only names that exist according to the resolver of -resolve"},
			resolver.Flag("look names up with the resolver at this `ADDRESS`, for -registered"),
			&cli.IntFlag{Name: "max-rows", Value: 1_000_000, Usage: "refuse to write more than this `NUMBER` of names"},
		),
		ShellComplete: func(ctx context.Context, c *cli.Command) {
			fmt.Fprintln(c.Root().Writer, strings.Join(formatNames(), "\n"))
			cli.DefaultCompleteWithFlags(ctx, c)
		},
		Action: run,
	}
}

// formatNames returns the names of the formats.
func formatNames() []string { return slices.Sorted(maps.Keys(formats)) }

func run(ctx context.Context, c *cli.Command) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if c.Args().Len() != 1 {
		return fmt.Errorf("%d arguments; expected one of %s", c.Args().Len(), strings.Join(formatNames(), ", "))
	}
	write, ok := formats[c.Args().First()]
	if !ok {
		return fmt.Errorf("unknown format %q; expected one of %s", c.Args().First(), strings.Join(formatNames(), ", "))
	}
	lookup, err := resolver.FromFlag(c)
	if err != nil {
		return err
	}
	if c.Bool("registered") != (lookup != nil) {
		return errors.New("registered: needs a resolver; expected -registered and -resolve together")
	}
	blocks, err := corefile.Load(c)
	if err != nil {
		return err
	}
	selected, _, err := blocks.Select(c.String("policy"), c.String("client"), false)
	if err != nil {
		return err
	}
	all, err := collect(ctx, selected, c.Int("max-rows"))
	if err != nil {
		return err
	}
	limits := limitsOf(selected, lookup != nil)
	if lookup != nil {
		var unknown int
		if all, unknown, err = registered(ctx, all, lookup); err != nil {
			return err
		}
		if unknown > 0 {
			limits = append(limits, fmt.Sprintf("registered: of %d names it is not known whether they exist; they are on the list", unknown))
		}
	}
	var list bytes.Buffer
	more, err := write(&list, all, strings.Join(policy.Names(selected.Policies), ", "))
	if err != nil {
		return err
	}
	if _, err := list.WriteTo(c.Root().Writer); err != nil {
		return err
	}
	for _, line := range append(limits, more...) {
		fmt.Fprintln(c.Root().ErrWriter, line)
	}
	fmt.Fprintf(c.Root().ErrWriter, "%d names\n", len(all))
	return nil
}

// collect returns all rows, or an error if there are too many.
func collect(ctx context.Context, selected *rows.Selection, most int) ([]rows.Likely, error) {
	var all []rows.Likely
	err := selected.EachLikely(func(r rows.Likely) error {
		switch {
		case ctx.Err() != nil:
			return errors.New("interrupted; nothing was written")
		case len(all) == most:
			return fmt.Errorf("more than %d names; expected at most that (-max-rows)", most)
		}
		all = append(all, r)
		return nil
	})
	return all, err
}
