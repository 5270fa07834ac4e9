// Package advise is the command that says which known domains look like protected suffixes, and what to write into the Corefile.
package advise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/coredns/caddy"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/resolver"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const description = `Says for each protected suffix which known domains look like it, by rank: which ones pass because they are popular, which ones
are hidden, and which are known typos and rightly hidden; and how safe the suffix is:

  safe    no known domain looks like it
  few     one to five do: there may be others, which are not known; watch the events
  short   more than five do: of the names that nobody knows many belong to others, too

Then come the lines to add to the policy, if there are any: "allow" for hidden domains that are known, "popular pass", "short report"
or "require counterpart". Nothing is written for you: decide whether you mean them.

With SUFFIX, suffixes are looked at as if a policy with the default options protected them; with -conf and SUFFIX, only these of the
Corefile. Without, all of the Corefile.

With -log, the logs of mail servers say instead what to protect, and what to allow that looks like it: see "audit -help" at
-suggest. There need be no Corefile then, and no SUFFIX. -suggest writes that into files in a directory. Nothing of it is in
force before a policy names them.

With -resolve, the hidden names that are one edit away from a suffix are looked up, at most ten a second and 500 in all: those that
exist are listed, with "MX" if they take mail. They belong to somebody: to those who wait for your mistakes, or to organisations that
you may write to.

Exit status: 0 if there is nothing to add, 1 if there is, 2 on error, 3 if the logs may lack something.`

// Command returns the command.
func Command() *cli.Command {
	return &cli.Command{
		Name:                      "advise",
		Usage:                     "say which known domains the policies hide, and what to write into the Corefile",
		ArgsUsage:                 "[SUFFIX...]",
		Description:               description,
		DisableSliceFlagSeparator: true,
		Flags: append(corefile.Flags(),
			resolver.Flag("look up the hidden neighbours of each suffix with the resolver at this `ADDRESS`"),
			&cli.StringSliceFlag{Name: "log", TakesFile: true, Usage: "say what this `FILE` suggests to protect and to allow; may be repeated"},
			&cli.StringFlag{Name: "suggest", TakesFile: true, Usage: "with -log, write that into files in this `DIRECTORY`"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object per line, for each suffix"},
		),
		Action: run,
	}
}

func run(ctx context.Context, c *cli.Command) error {
	wanted, err := parseSuffixes(c.Args().Slice())
	if err != nil {
		return err
	}
	if logs := c.StringSlice("log"); len(logs) > 0 {
		return suggest(c, logs, wanted)
	}
	if c.IsSet("suggest") {
		return errors.New("suggest: expected -log with it")
	}
	r, err := resolver.FromFlag(c)
	if err != nil {
		return err
	}
	blocks, err := load(c, wanted)
	if err != nil {
		return err
	}
	var all []*advice
	for _, b := range blocks {
		all = append(all, adviceOn(ctx, b, wanted)...)
	}
	for _, suffix := range wanted {
		if !isProtected(all, suffix) {
			return fmt.Errorf("%q is not protected by the Corefile; expected one of its suffixes, or no -conf", suffix)
		}
	}
	if r != nil {
		if err := lookUp(ctx, all, r); err != nil {
			return err
		}
	}
	print := printText
	if c.Bool("json") {
		print = printJSON
	}
	if err := print(c.Root().Writer, all); err != nil {
		return err
	}
	for _, a := range all {
		if len(a.Lines) > 0 {
			return cli.Exit("", 1)
		}
	}
	return nil
}

// parseSuffixes reads the arguments.
func parseSuffixes(words []string) ([]string, error) {
	var all []string
	for _, word := range words {
		suffix, err := match.ParseSuffix(word)
		if err == nil {
			err = match.CheckProtectable(suffix)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", word, err)
		}
		all = append(all, suffix)
	}
	return all, nil
}

// load returns the server blocks with policies: those of the Corefile, or one that protects the suffixes if there is no -conf.
func load(c *cli.Command, suffixes []string) ([]*typoguard.Block, error) {
	if len(suffixes) > 0 && !c.IsSet("conf") {
		content := ". {\n typoguard {\n  protect " + strings.Join(suffixes, " ") + "\n }\n}\n"
		return typoguard.Load(caddy.CaddyfileInput{Contents: []byte(content), Filepath: "advise", ServerTypeName: "dns"})
	}
	blocks, err := corefile.Load(c)
	if err != nil {
		return nil, err
	}
	var with []*typoguard.Block
	for _, b := range blocks.Selected() {
		if b.Set != nil {
			with = append(with, b)
		}
	}
	if len(with) == 0 {
		return nil, fmt.Errorf("server: the server block has no policy; expected one with a typoguard stanza")
	}
	return with, nil
}

// suggest says what logs suggest, beside the policies that there are.
func suggest(c *cli.Command, logs, suffixes []string) error {
	for _, option := range []string{"json", "resolve"} {
		if c.IsSet(option) {
			return fmt.Errorf("log and %s; expected one of them", option)
		}
	}
	var blocks corefile.Blocks
	_, missing := os.Stat(c.String("conf"))
	if c.IsSet("conf") || len(suffixes) > 0 || missing == nil {
		var err error
		if blocks.All, err = load(c, suffixes); err != nil {
			return err
		}
	}
	found, err := audit.Suggest(c.Root(), &blocks, logs, c.String("suggest"))
	if err == nil && found {
		return cli.Exit("", 1)
	}
	return err
}

// isProtected reports whether there is advice on a suffix.
func isProtected(all []*advice, suffix string) bool {
	for _, a := range all {
		if a.Suffix == suffix {
			return true
		}
	}
	return false
}

// adviceOn returns the advice on each suffix of a block, or on those that are wanted.
func adviceOn(ctx context.Context, b *typoguard.Block, wanted []string) []*advice {
	only := map[string]bool{}
	for _, suffix := range wanted {
		only[suffix] = true
	}
	bySuffix := map[key]*advice{}
	var all []*advice
	for i, p := range b.Set.Policies {
		for _, suffix := range b.Suffixes[i].Protected.Names() {
			if len(only) == 0 || only[suffix] {
				a := &advice{Policy: p.Name, Suffix: suffix, policy: p, block: b}
				bySuffix[key{p.Name, suffix}] = a
				all = append(all, a)
			}
		}
	}
	for k := range b.Set.Known(ctx) {
		for i, c := range k.Candidates {
			here := key{c.Policy, c.Protected}
			inBetterPlace := slices.ContainsFunc(k.Candidates[:i], func(other event.Lookalike) bool { return key{other.Policy, other.Protected} == here })
			if a := bySuffix[here]; a != nil && !inBetterPlace {
				a.add(&k, c.Distance, c.Kind)
			}
		}
	}
	for _, a := range all {
		a.finish()
	}
	return all
}

// key is what tells the suffixes of policies apart.
type key struct{ policy, suffix string }

// hides reports whether a policy hides a name, for any client.
func (a *advice) hides(name string) bool {
	d := a.block.Judge(&policy.Query{Name: name, Type: mx, Only: a.policy})
	return d.Enforced()
}
