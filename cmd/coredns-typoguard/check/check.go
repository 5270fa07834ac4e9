// Package check is the command that says what would become of a name, and why.
package check

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/domain"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/resolver"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const description = `Judges names by the policies of a Corefile, as the server would, and prints a line for each:

  army.ml: blocked verdict=lookalike intended=army.mil protected=mil distance=1 kind=omission policy=mil action=nxdomain mode=enforce
  gov.ml: passed verdict=allowed reason=allowed listed=gov.ml

A mail address stands for its domain, and "-" for names on standard input, one a line; each is answered before the next is
read. The reasons to pass are: no_match (near no protected suffix), protected, allowed, client (no policy near is for
-client), type (the policy passes -type), no_counterpart (what it resembles does not exist, and the policy requires that),
monitor (the policy only counts), no_policy (the server block has none), unserved (no server block has the name) and literal (an address literal, for which there is no lookup).

With -json, "protected" or "allowed" is the suffix that such a name is under, "candidates" are all protected suffixes that a
name looks like, the nearest first, and what has no value is left out.

Without -client every policy is taken to be for the client, and "clients=" says whom it is for. Names are judged by the
server block with the longest zone, of several the first in the file; with other blocks "server=" says which, and -server
takes another. Whether a client is in a view is not evaluated ("view="), nor what rewrite, acl and other plugins before
typoguard do to a query.

Of a policy that requires a counterpart every name is taken to have one, unless -resolve names a resolver to ask. "note=" and
"until=" are what a list file says of the suffix that decided.

Exit status: 0 if nothing would be blocked, 1 if something would, 2 after an error.`

// Command returns the command.
func Command() *cli.Command {
	return &cli.Command{
		Name:        "check",
		Usage:       "say whether names would be blocked, and why",
		ArgsUsage:   "NAME|ADDRESS... | -",
		Description: description,
		Flags: append(corefile.Flags(),
			&cli.StringFlag{Name: "client", Usage: "judge for the client with this `IP` address"},
			&cli.StringFlag{Name: "type", Value: "MX", Usage: "judge a query of this `TYPE`"},
			resolver.Flag(),
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line"},
		),
		Action: run,
	}
}

// checker judges names and prints what it finds.
type checker struct {
	blocks  corefile.Blocks
	query   policy.Query // but for the name
	out     *bufio.Writer
	errs    io.Writer
	print   func(io.Writer, *result) error
	blocked bool // a name would be blocked
	failed  bool // a name could not be judged
}

func run(_ context.Context, c *cli.Command) error {
	names := c.Args().Slice()
	if len(names) == 0 {
		return errors.New("no name; expected names, mail addresses or - for standard input")
	}
	k := checker{out: bufio.NewWriter(c.Root().Writer), errs: c.Root().ErrWriter, print: printLine}
	if c.Bool("json") {
		k.print = printJSON
	}
	client, err := parseClient(c.String("client"))
	if err != nil {
		return err
	}
	k.query.Client, k.query.Candidates = func() *policy.Client { return client }, true
	r, err := resolver.FromFlag(c)
	if err != nil {
		return err
	}
	if r != nil {
		k.query.Exists = r.Exists
	}
	var ok bool
	if k.query.Type, ok = dns.StringToType[strings.ToUpper(c.String("type"))]; !ok {
		return fmt.Errorf("type: unknown type %q; expected a query type such as MX", c.String("type"))
	}
	if k.blocks, err = corefile.Load(c); err != nil {
		return err
	}
	for _, name := range names {
		if name == "-" {
			err = k.checkAll(c.Root().Reader)
		} else {
			err = k.check(name)
		}
		if err != nil {
			return err
		}
	}
	if err := k.out.Flush(); err != nil {
		return err
	}
	switch {
	case k.failed:
		return cli.Exit("", 2)
	case k.blocked:
		return cli.Exit("", 1)
	}
	return nil
}

// parseClient returns the client with the address of the option -client, and anybody without one.
func parseClient(s string) (*policy.Client, error) {
	if s == "" {
		return policy.ClientAt(netip.Addr{}), nil
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return nil, fmt.Errorf("client: %w; expected an IPv4 or IPv6 address", err)
	}
	return policy.ClientAt(addr), nil
}

// checkAll checks the names of a stream, one a line. What was printed is flushed before it waits for more.
func (k *checker) checkAll(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		if buffered, _ := lines.Peek(lines.Buffered()); !bytes.Contains(buffered, []byte("\n")) {
			if err := k.out.Flush(); err != nil {
				return err
			}
		}
		line, err := lines.ReadString('\n')
		if name := strings.TrimSpace(line); name != "" {
			if err := k.check(name); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("standard input: %w", err)
		}
	}
}

// check judges one name or address. What is neither is reported, and does not keep others from being judged.
func (k *checker) check(s string) error {
	name, err := domain.Of(s)
	if err != nil && !errors.Is(err, domain.ErrLiteral) {
		k.failed = true
		_, err := fmt.Fprintf(k.errs, "coredns-typoguard check: %v\n", err)
		return err
	}
	r := &result{given: s, name: strings.ToLower(strings.TrimSuffix(name, "."))}
	if err != nil {
		r.name, r.decision = s, policy.Decision{Reason: policy.LiteralAddress}
	} else {
		k.judge(r, name)
	}
	k.blocked = k.blocked || r.decision.Enforced()
	return k.print(k.out, r)
}

// judge fills in what becomes of a name.
func (k *checker) judge(r *result, name string) {
	if r.name == "" {
		r.name = "."
	}
	block := k.blocks.For(name)
	if block == nil {
		r.decision = policy.Decision{Reason: policy.Unserved}
		return
	}
	k.query.Name = name
	r.decision, r.block, r.view = block.Judge(&k.query), block, block.View
	if len(k.blocks.All) > 1 {
		r.server = block.Keys[0]
	}
}
