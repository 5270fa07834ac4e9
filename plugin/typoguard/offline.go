package typoguard

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/caddy/caddyfile"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// Block is one server block of a Corefile, for use without a server. Its list files are those at the time of loading.
type Block struct {
	// Keys are the block's keys as completed by CoreDNS, such as dns://example.org.:53.
	Keys []string
	// View is the name of the block's view, if it has one. The view's expression, which selects clients, needs live queries and is
	// not evaluated.
	View string
	// Set holds the block's policies; nil if it has none.
	Set *policy.Set
	// Suffixes are the unexpired suffixes of each policy in Set, from the Corefile and the list files. A suffix that one policy
	// protects or allows passes for all of them.
	Suffixes []policy.Suffixes
	// Warnings are what is allowed, but probably not meant.
	Warnings []string

	noted map[string]suffixlist.Suffix
}

// Judge decides about a query as the server does, except for what other plugins do to queries before typoguard (rewrite, acl,
// view…), and for replies: see Set.JudgeReply. It is safe for concurrent use.
func (b *Block) Judge(q *policy.Query) policy.Decision {
	if b.Set == nil {
		return policy.Decision{Reason: policy.NoPolicy}
	}
	return b.Set.Judge(q)
}

// Noted returns a protected or allowed suffix with its note and expiry in a list file, and false if it has neither.
func (b *Block) Noted(name string) (suffixlist.Suffix, bool) {
	s, ok := b.noted[name]
	return s, ok
}

// notedIn returns the suffixes that have a note or an expiry, by name.
func notedIn(all []policy.Suffixes) map[string]suffixlist.Suffix {
	noted := map[string]suffixlist.Suffix{}
	for _, p := range all {
		for _, list := range []suffixlist.List{p.Allowed, p.Protected} {
			for s := range list.All() {
				if s.Note != "" || !s.Until.IsZero() {
					noted[s.Name] = s
				}
			}
		}
	}
	return noted
}

// Load reads a Corefile as the server does: with environment variables and imports, and with the setup of all its plugins, so that
// Load rejects what the server would reject. It starts nothing. It returns all server blocks in the order of the file, or an error if
// none of them has a policy.
//
// The plugins must be linked, and dnsserver.SetDirectives must have been called, as for the server. Plugins leave behind what they would after
// a failed start (hosts keeps a ticker), so Load is for short-lived processes.
func Load(input caddy.Input) ([]*Block, error) {
	parsed, err := caddyfile.Parse(input.Path(), bytes.NewReader(input.Body()), caddy.ValidDirectives(input.ServerType()))
	if err != nil {
		return nil, err
	}
	// caddy.ValidateAndExecuteDirectives would do the rest, but gives no access to what the plugins have created, because other
	// packages cannot set an instance's server type. NewTestController is the only function that creates an instance and starts nothing.
	instance := caddy.NewTestController(input.ServerType(), "")
	parsed, err = instance.Context().InspectServerBlocks(input.Path(), parsed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", input.Path(), err)
	}
	if err := setUp(instance, input.Path(), parsed); err != nil {
		return nil, err
	}
	if _, err := instance.Context().MakeServers(); err != nil { // finds overlapping blocks, and sets the names of views
		return nil, fmt.Errorf("%s: %w", input.Path(), err)
	}
	var blocks []*Block
	for i, block := range parsed {
		controller := controllerFor(instance, i, block.Keys, input.Path(), nil)
		blocks = append(blocks, &Block{Keys: block.Keys, View: dnsserver.GetConfig(controller).ViewName})
	}
	loaded := instanceOf(instance).loadedBlocks()
	sites := sitesOf(instance)
	for _, b := range loaded {
		if err := b.missing(); err != nil {
			return nil, err
		}
		blocks[b.at].Warnings = warningsOf(b, sites, loaded)
		suffixes := b.suffixes(time.Now())
		blocks[b.at].Set, blocks[b.at].Suffixes, blocks[b.at].noted = b.set.Load(), suffixes, notedIn(suffixes)
	}
	if !slices.ContainsFunc(blocks, func(b *Block) bool { return b.Set != nil }) {
		return nil, fmt.Errorf("%s: no server block has a typoguard stanza; expected at least one", input.Path())
	}
	return blocks, nil
}

// setUp sets up the plugins of all server blocks in caddy's order: plugin by plugin, each in every block.
func setUp(instance *caddy.Controller, path string, blocks []caddyfile.ServerBlock) error {
	for _, directive := range caddy.ValidDirectives(instance.ServerType()) {
		for i, block := range blocks {
			tokens, ok := block.Tokens[directive]
			if !ok {
				continue
			}
			action, err := caddy.DirectiveAction(instance.ServerType(), directive)
			if err != nil {
				return err
			}
			if err := action(controllerFor(instance, i, block.Keys, path, tokens)); err != nil {
				return err
			}
		}
	}
	return nil
}

// controllerFor returns a controller of the same instance for a server block and the tokens of a directive.
func controllerFor(instance *caddy.Controller, at int, keys []string, path string, tokens []caddyfile.Token) *caddy.Controller {
	c := *instance
	c.Dispenser = caddyfile.NewDispenserTokens(path, tokens)
	c.ServerBlockIndex, c.ServerBlockKeys, c.Key = at, keys, keys[0]
	return &c
}

// Serving returns the block that serves a name: the one with the longest zone that the name equals or lies under. Of several blocks
// with the same zone, on different ports or in different views, it is the first in the file. It returns nil if no block serves the
// name.
func Serving(blocks []*Block, name string) *Block {
	var serving *Block
	longest := -1
	name = dns.Fqdn(name)
	for _, b := range blocks {
		for _, key := range b.Keys {
			if zone := zoneOf(key); len(zone) > longest && plugin.Name(zone).Matches(name) {
				serving, longest = b, len(zone)
			}
		}
	}
	return serving
}

// zoneOf returns the zone in the key of a server block.
func zoneOf(key string) string {
	_, rest, _ := strings.Cut(key, "://")
	return rest[:strings.LastIndexByte(rest, ':')]
}
