package typoguard

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// minReload is the shortest interval at which list files are checked.
const minReload = time.Second

func parseProtect(c *caddy.Controller, p *policyConfig) error {
	return parseSuffixes(c, p, &p.lists.protected, true)
}

func parseAllow(c *caddy.Controller, p *policyConfig) error {
	return parseSuffixes(c, p, &p.lists.allowed, false)
}

func parseSuffixes(c *caddy.Controller, p *policyConfig, to *[]suffixlist.Suffix, protects bool) error {
	at, option := here(c), c.Val()
	words, err := args.All(c, "domain suffixes")
	for _, arg := range words {
		if strings.HasPrefix(arg, suffixlist.BuiltinPrefix) {
			if err := p.addSource(&suffixlist.Source{Path: arg, Option: option, At: at, Protects: protects}); err != nil {
				return err
			}
			continue
		}
		if strings.HasPrefix(arg, suffixlist.UntilPrefix) {
			return fmt.Errorf("%q; expected domain suffixes only: those that expire belong in a file, named by %s_file", arg, option)
		}
		name, err := suffixlist.Parse(arg, protects)
		if err != nil {
			return err
		}
		*to = append(*to, suffixlist.Suffix{Name: name, At: at})
	}
	return err
}

func parseProtectFile(c *caddy.Controller, p *policyConfig) error { return parseFiles(c, p, true) }

func parseAllowFile(c *caddy.Controller, p *policyConfig) error { return parseFiles(c, p, false) }

func parseFiles(c *caddy.Controller, p *policyConfig, protects bool) error {
	at, option := here(c), c.Val()
	words, err := args.All(c, "file names")
	for _, path := range words {
		if !strings.Contains(path, "://") {
			path = p.below(path)
		}
		if err := p.addSource(&suffixlist.Source{Path: path, Option: option, At: at, Protects: protects}); err != nil {
			return err
		}
	}
	return err
}

func (c *policyConfig) addSource(s *suffixlist.Source) error {
	c.lists.sources = append(c.lists.sources, s)
	return s.Check()
}

func parseCacheDir(c *caddy.Controller, p *policyConfig) error {
	arg, err := args.One(c, "a directory")
	if err != nil {
		return err
	}
	p.lists.cacheDir = p.below(arg)
	if info, err := os.Stat(p.lists.cacheDir); err != nil {
		return fmt.Errorf("%w; expected a directory", err)
	} else if !info.IsDir() {
		return fmt.Errorf("%s; expected a directory", p.lists.cacheDir)
	}
	return nil
}

func parseOnMissing(c *caddy.Controller, p *policyConfig) error {
	choice, rest, err := args.Named(c, "choice", []string{"fail", "start", "unready"})
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%q; expected nothing more", rest[0])
	}
	p.lists.optional, p.lists.unready = choice > 0, choice == 2
	return err
}

func parseMinisign(c *caddy.Controller, p *policyConfig) error {
	arg, err := args.One(c, "a public key or its file")
	if err != nil {
		return err
	}
	p.lists.key, err = suffixlist.ParseKey(arg, p.below(arg))
	return err
}

func parseReload(c *caddy.Controller, p *policyConfig) error {
	arg, err := args.One(c, "a duration")
	if err != nil {
		return err
	}
	if p.lists.reload, err = args.Duration(arg); err != nil || (p.lists.reload != 0 && p.lists.reload < minReload) {
		return fmt.Errorf("%q; expected a duration of at least %s such as 30s, or 0s for never", arg, minReload)
	}
	return nil
}

func parseShrink(c *caddy.Controller, p *policyConfig) error {
	arg, err := args.One(c, "a percentage")
	if err != nil {
		return err
	}
	if p.lists.shrink, err = strconv.Atoi(arg); err != nil || p.lists.shrink < 0 || p.lists.shrink > 100 {
		return fmt.Errorf("%q; expected a percentage from 0 to 100, such as %d", arg, suffixlist.DefaultShrink)
	}
	return nil
}
