// Package check implements the command check: it shows what the policies would do with a name, and why.
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
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const description = `Applies the policies of a Corefile to names, exactly as the server would, and prints one line per name:

  army.ml: blocked verdict=lookalike intended=army.mil protected=mil distance=1 kind=omission policy=mil action=nxdomain mode=enforce
  gov.ml: passed verdict=allowed reason=allowed listed=gov.ml

A mail address stands for its domain. "-" reads names from standard input, one per line, and answers each before it reads
the next. A name passes for one of these reasons: no_match (it is not near any protected suffix), protected, allowed, client
(no matching policy applies to -client), type (the policy passes queries of -type), no_counterpart (the policy requires a
counterpart, but the intended name does not exist), same_operator (the name is under another top-level domain, but has the operator of
the protected domain), popular (the name is a popular domain, with its "rank=", or lies under
one), short (the policy only reports such a substitution in a short label), monitor (the policy is in mode monitor), no_policy (the server block
has no policy), unserved (no server block serves the name) and literal (an address literal, which needs no lookup).

With -json, "protected" or "allowed" is the listed suffix that covers the name, and "candidates" are all protected suffixes
that the name looks like, nearest first. Fields without a value are omitted.

Without -client, every policy is assumed to apply to the client; "clients=" shows which clients it really applies to. The
server block with the longest matching zone decides (if there are several, the first in the file). If the Corefile has
other server blocks, "server=" shows which one decided; -server selects a different one. Views ("view=") are not evaluated,
and neither are rewrite, acl and other plugins that run before typoguard.

With -resolve, the reply to a name that passes is judged too. It is blocked if an alias of it leads to a lookalike, or if the policy
inspects its records and none is left; "record=" is the record. "alias=flattened" and "targets=hidden" show that it passes without
its aliases, or without the records that lead to lookalikes, and "reply=none" that the resolver did not answer. It is blocked, with
"targets=hidden", if the addresses of all its mail servers are hidden: allow one of them ("record="), too. A name is "deferred"
if it is unknown whether its counterpart exists, or who operates it, and the policy defers mail until it is known. Without -resolve,
only the names themselves are judged, a counterpart that a policy requires is assumed to exist, and a name of the kind tld to be somebody
else's.
"note=" and "until=" are the note and the expiry date that a list file has for the deciding suffix.

Warnings on standard error say what the Corefile allows, but what is probably not meant: a server block that resolves nothing, or for
everybody, or that serves nothing that its policies hide; another one, or another policy, that un-hides lookalikes; a top-level domain
whose neighbours are all hidden; clients narrower than what forwarders name; a denied suffix without effect. After them there is a line for each policy that hides known domains of others, with those of the
highest ranks. The server logs all of them at the start.

Exit status: 0 if nothing would be blocked, 1 if something would be blocked, 2 on error,
and with -strict if there are warnings.`

// Command returns the command.
func Command() *cli.Command {
	return &cli.Command{
		Name:        "check",
		Usage:       "show whether names would be blocked, and why",
		ArgsUsage:   "NAME|ADDRESS... | -",
		Description: description,
		Flags: append(corefile.Flags(),
			&cli.StringFlag{Name: "client", Usage: "apply the policies for the client with this `IP` address"},
			&cli.StringFlag{Name: "type", Value: "MX", Usage: "check a query of this `TYPE`"},
			resolver.Flag("query the resolver at this `ADDRESS` for the names themselves, and for counterparts that a policy requires"),
			&cli.BoolFlag{Name: "strict", Usage: "exit with status 2 if there are warnings"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object per line"},
		),
		Action: run,
	}
}

// checker judges names and prints the results.
type checker struct {
	blocks  corefile.Blocks
	query   policy.Query       // without the name
	replies *resolver.Resolver // nil without -resolve
	out     *bufio.Writer
	errs    io.Writer
	print   func(io.Writer, *result) error
	blocked bool // a name would be blocked
	failed  bool // a name could not be judged
}

func run(ctx context.Context, c *cli.Command) error {
	names := c.Args().Slice()
	if len(names) == 0 {
		return errors.New("missing argument; expected names, mail addresses, or - for standard input")
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
	r.Serve(&k.query)
	k.replies = r
	var ok bool
	if k.query.Type, ok = dns.StringToType[strings.ToUpper(c.String("type"))]; !ok {
		return fmt.Errorf("type: unknown type %q; expected a query type such as MX", c.String("type"))
	}
	if k.blocks, err = corefile.Load(c); err != nil {
		return err
	}
	warned := k.warn()
	k.warnOfKnown(ctx)
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
	case k.failed, warned && c.Bool("strict"):
		return cli.Exit("", 2)
	case k.blocked:
		return cli.Exit("", 1)
	}
	return nil
}

// warn prints what is allowed in the Corefile, but probably not meant. It reports whether there is anything.
func (k *checker) warn() (warned bool) {
	for _, b := range k.blocks.All {
		for _, warning := range b.Warnings {
			warned = true
			fmt.Fprintf(k.errs, "coredns-typoguard check: warning: %s\n", warning)
		}
	}
	return warned
}

// warnOfKnown prints a line for each policy that hides known domains. These are no warnings for -strict: some are hidden on purpose.
func (k *checker) warnOfKnown(ctx context.Context) {
	for _, b := range k.blocks.All {
		for _, line := range b.HiddenKnown(ctx) {
			fmt.Fprintf(k.errs, "coredns-typoguard check: %s\n", line)
		}
	}
}

// parseClient returns the client with the address of the option -client, or any client without the option.
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

// checkAll checks the names in a stream, one per line. It flushes its output before it waits for more input.
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

// check judges one name or address. It reports invalid input and goes on.
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

// judge fills in the judgement of a name.
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
	if k.replies != nil && block.Set != nil && !r.decision.Enforced() {
		k.judgeReply(r)
	}
}

// judgeReply looks up a name that passes, and fills in the judgement of the reply.
func (k *checker) judgeReply(r *result) {
	reply := k.replies.Reply(k.query.Name, k.query.Type)
	if reply == nil {
		r.reply = "none"
		return
	}
	q := k.query
	q.Name, q.Candidates = dns.Fqdn(q.Name), false
	effect, found := r.block.JudgeReply(&q, &r.decision, reply)
	if effect != typoguard.Unchanged {
		r.setRecord(found.Record)
	}
	switch effect {
	case typoguard.Unchanged:
	case typoguard.Blocked:
		r.decision = found.Decision
		return
	case typoguard.Flattened:
		r.alias = "flattened"
	case typoguard.Reduced:
		r.targets = "hidden"
	}
	k.judgeMailServers(r, reply)
}
