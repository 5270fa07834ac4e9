package typoguard

import (
	"fmt"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// popularConfig is what a policy does about popular domains.
type popularConfig struct {
	blocks bool
	path   string // of a file with further ones; "": none
	at     suffixlist.Position
}

func parseDeny(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	words, err := args.All(c, "domain suffixes")
	for _, arg := range words {
		name, err := suffixlist.Parse(arg, false)
		if err != nil {
			return err
		}
		p.lists.denied = append(p.lists.denied, suffixlist.Suffix{Name: name, At: at})
	}
	return err
}

func parsePopular(c *caddy.Controller, p *policyConfig) error {
	p.popular.at = here(c)
	arg, err := args.One(c, "pass, block or a file name")
	switch {
	case err != nil:
		return err
	case arg == "block":
		p.popular.blocks = true
	case arg != "pass":
		p.popular.path = p.below(arg)
	}
	return nil
}

func parseShort(c *caddy.Controller, p *policyConfig) error {
	reports, err := args.Choice(c, "report", "block")
	p.ReportShort = reports
	return err
}

// sinksFor returns the names of the sinks of events in a mode.
func (c *policyConfig) sinksFor(mode policy.Mode) []string {
	if mode == policy.Exempt {
		return c.popularTo
	}
	return c.sinkNames
}

// checkPopular returns an error for suffixes that are denied although nothing would pass without that.
func (c *policyConfig) checkPopular() error {
	if at, ok := c.given["deny"]; ok && c.popular.blocks {
		return at.Errorf("deny: popular block hides every popular domain; expected one of the two options")
	}
	return nil
}

// loadPopular completes the policies of a server block with the lists of popular domains. Policies share what they name alike.
func loadPopular(policies []*policyConfig) error {
	files := map[string]*popular.List{}
	for _, c := range policies {
		if c.popular.blocks {
			continue
		}
		c.Popular = []*popular.List{popular.Builtin()}
		if c.popular.path == "" {
			continue
		}
		l, ok := files[c.popular.path]
		if !ok {
			var err error
			if l, err = readPopular(c.popular.path); err != nil {
				return c.popular.at.Errorf("popular: %w", err)
			}
			files[c.popular.path] = l
		}
		c.Popular = append(c.Popular, l)
	}
	return nil
}

// readPopular reads a file of popular domains.
func readPopular(path string) (*popular.List, error) {
	content, err := suffixlist.ReadRegular(path)
	if err != nil {
		return nil, fmt.Errorf("%w; expected pass, block or a readable file", err)
	}
	l, err := popular.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}
