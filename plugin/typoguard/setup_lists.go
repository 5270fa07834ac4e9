package typoguard

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/builtin"
)

// builtinPrefix is how suffixes are named that come with the plugin.
const builtinPrefix = "builtin:"

func parseProtect(c *caddy.Controller, s *stanza) error {
	return parseSuffixes(c, &s.protect, true)
}

func parseAllow(c *caddy.Controller, s *stanza) error {
	return parseSuffixes(c, &s.allow, false)
}

func parseSuffixes(c *caddy.Controller, to *list, protects bool) error {
	at, option := here(c), c.Val()
	args, err := arguments(c, "domain suffixes")
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, builtinPrefix); ok {
			if _, ok := builtin.Read(name); !ok {
				return fmt.Errorf("no built-in list %q; expected one of %s", name, strings.Join(builtin.Names(), ", "))
			}
			to.files = append(to.files, &file{path: arg, option: option, at: at, protects: protects})
			continue
		}
		name, err := parseSuffix(arg, protects)
		if err != nil {
			return err
		}
		to.inline = append(to.inline, suffix{name: name, at: at})
	}
	return err
}

func parseProtectFile(c *caddy.Controller, s *stanza) error {
	return parseFiles(c, s, &s.protect, true)
}

func parseAllowFile(c *caddy.Controller, s *stanza) error {
	return parseFiles(c, s, &s.allow, false)
}

func parseFiles(c *caddy.Controller, s *stanza, to *list, protects bool) error {
	at, option := here(c), c.Val()
	args, err := arguments(c, "file names")
	for _, path := range args {
		f := &file{path: path, option: option, at: at, protects: protects}
		switch {
		case strings.HasPrefix(path, remotePrefix):
			f.remote = newRemote()
		case strings.Contains(path, "://"):
			return fmt.Errorf("%q; expected a file, or an address that begins with %s", path, remotePrefix)
		default:
			f.path = s.below(path)
		}
		to.files = append(to.files, f)
	}
	return err
}

// below returns the path of a file that is named in the stanza.
func (s *stanza) below(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.root, path)
}

func parseCacheDir(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "a directory")
	if err != nil {
		return err
	}
	s.cache = s.below(arg)
	if info, err := os.Stat(s.cache); err != nil {
		return fmt.Errorf("%w; expected a directory", err)
	} else if !info.IsDir() {
		return fmt.Errorf("%s; expected a directory", s.cache)
	}
	return nil
}

func parseOnMissing(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "fail or start")
	if err != nil {
		return err
	}
	if arg != "fail" && arg != "start" {
		return fmt.Errorf("%q; expected fail or start", arg)
	}
	s.startWithout = arg == "start"
	return nil
}

func parseReload(c *caddy.Controller, s *stanza) error {
	arg, err := argument(c, "a duration")
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(arg)
	if err != nil || (d != 0 && d < minReload) {
		return fmt.Errorf("%q; expected a duration of at least %s such as 30s, or 0s for never", arg, minReload)
	}
	s.reload = d
	return nil
}
