package typoguard

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/listzone"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// feedOption is the name of the option that makes the policy a zone for secondaries.
const feedOption = "feed"

const (
	defaultMaxRows = 5_000_000
	defaultExpire  = 28 * 24 * time.Hour
	// minExpire is a day: BIND forgets an expired policy, and lets the mail through.
	minExpire = 24 * time.Hour
	maxExpire = 365 * 24 * time.Hour
)

// feedConfig is the settings of a feed.
type feedConfig struct {
	dir     string // "": that of temporary files
	maxRows int
	expire  time.Duration
}

func parseFeed(c *caddy.Controller, p *policyConfig) error {
	words, err := args.All(c, "a zone")
	if err != nil {
		return err
	}
	if p.Feed, err = parseZone(words[0]); err != nil {
		return err
	}
	p.feed = feedConfig{maxRows: defaultMaxRows, expire: defaultExpire}
	return args.Pairs(words[1:], map[string]func(string) error{
		"dir": func(value string) error {
			p.feed.dir = p.below(value)
			if info, err := os.Stat(p.feed.dir); err != nil || !info.IsDir() {
				return fmt.Errorf("dir %s is not a directory; expected one that exists", p.feed.dir)
			}
			return nil
		},
		"max_rows": func(value string) error {
			rows, err := strconv.ParseInt(value, 10, 32)
			if p.feed.maxRows = int(rows); err != nil || rows < 1 {
				return fmt.Errorf("max_rows %q; expected a number such as %d", value, defaultMaxRows)
			}
			return nil
		},
		"expire": func(value string) (err error) {
			if p.feed.expire, err = args.Duration(value); err != nil || p.feed.expire < minExpire || p.feed.expire > maxExpire {
				return fmt.Errorf("expire %q; expected a duration from 1d to 365d such as 28d", value)
			}
			return nil
		},
	})
}

// parseZone reads the name of a zone of our own, and returns it with the final dot.
func parseZone(word string) (string, error) {
	name, err := match.ParseSuffix(word)
	switch {
	case err != nil:
		return "", fmt.Errorf("%q is not the name of a zone: %w", word, err)
	case !strings.Contains(name, "."):
		return "", fmt.Errorf("%q is a top-level domain; expected a zone of your own, such as lookalikes.corp.example", word)
	case len(name) > maxZone:
		return "", fmt.Errorf("%q has %d characters; expected at most %d, since domains stand in front of it", word, len(name), maxZone)
	}
	return dns.Fqdn(name), nil
}

// feedsOf returns the zones for secondaries of the policies of a server block. Policies that name the same one share it.
func feedsOf(policies []*policyConfig) ([]*feedZone, error) {
	var zones []*feedZone
	for _, c := range policies {
		if c.Feed == "" {
			continue
		}
		at := c.given[feedOption]
		if i := slices.IndexFunc(policies, func(o *policyConfig) bool { return o.Zone == c.Feed }); i >= 0 {
			return nil, at.Errorf("%s: %s is the list zone at %s; expected a different one", feedOption, c.Feed, policies[i].given[zoneOption])
		}
		i := slices.IndexFunc(zones, func(z *feedZone) bool { return z.Name == c.Feed })
		if i < 0 {
			zones = append(zones, &feedZone{Zone: listzone.Zone{Name: c.Feed, TTL: c.TTL}, config: c.feed, at: at})
			continue
		}
		z := zones[i]
		if z.config != c.feed {
			return nil, at.Errorf("%s: the settings differ from those at %s; expected the same for both, which share the zone %s", feedOption, z.at, z.Name)
		}
		z.TTL = min(z.TTL, c.TTL)
	}
	return zones, nil
}
