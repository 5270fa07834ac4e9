package typoguard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// prefixesOption is the name of the option that adds to the names of hosts of the kind boundary.
const prefixesOption = "boundary_prefixes"

// maxPrefixes is how many a policy can add. Each is compared with the labels of every name.
const maxPrefixes = 200

// parsePrefixes reads names of hosts, and of files with more. Those of files have a dot or a slash, which no label has.
func parsePrefixes(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "names of hosts, or of files with some")
	for _, arg := range words {
		more := []string{arg}
		if strings.ContainsAny(arg, "./") {
			if more, err = readPrefixes(p.below(arg)); err != nil {
				return err
			}
		} else if more[0], err = match.ParsePrefix(arg); err != nil {
			return fmt.Errorf("%q: %w", arg, err)
		}
		p.prefixes = append(p.prefixes, more...)
	}
	return err
}

// readPrefixes reads a file with a name of a host on each line, and notes behind #.
func readPrefixes(path string) ([]string, error) {
	content, err := suffixlist.ReadRegular(path)
	if err != nil {
		return nil, fmt.Errorf("%w; expected the first label of a host's name, or a readable file", err)
	}
	var all []string
	line := 0
	for text := range strings.Lines(strings.TrimPrefix(string(content), "\ufeff")) {
		line++
		text, _, _ = strings.Cut(text, "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		prefix, err := match.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %q: %w", path, line, text, err)
		}
		all = append(all, prefix)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no name of a host in %s; expected at least one", path)
	}
	return all, nil
}

// completePrefixes completes the policy with the names of hosts, if the stanza gives some.
func (c *policyConfig) completePrefixes() error {
	at, given := c.given[prefixesOption]
	if !given {
		return nil
	}
	slices.Sort(c.prefixes)
	c.prefixes = slices.Compact(c.prefixes)
	switch {
	case !c.Kinds.Has(match.Boundary):
		return at.Errorf("%s: the policy has no kind boundary; expected it among kinds, such as kinds default boundary", prefixesOption)
	case len(c.prefixes) > maxPrefixes:
		return at.Errorf("%s: %d names of hosts; expected %d at most", prefixesOption, len(c.prefixes), maxPrefixes)
	}
	c.Prefixes = match.NewPrefixes(c.prefixes...)
	return nil
}
