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

// Block is one server block of a Corefile, for use without a server. List files are as they were when it was loaded.
type Block struct {
	// Keys are its keys as CoreDNS completes them, such as dns://example.org.:53.
	Keys []string
	// View is the name of its view, if it has one. Which clients the view is for depends on an expression over live queries,
	// which is not evaluated.
	View string
	// Set is its policies; nil if it has none.
	Set *policy.Set
	// Suffixes are those of each policy of the Set that have not expired, from the Corefile and the list files. A suffix that a
	// policy protects or allows passes for all of them.
	Suffixes []policy.Suffixes

	noted map[string]suffixlist.Suffix
}

// Judge decides about a query as the server does, but for what other plugins do to a query before it reaches typoguard
// (rewrite, acl, view…), and for the reply, which JudgeReply is for. Any number of goroutines may call it.
func (b *Block) Judge(q *policy.Query) policy.Decision {
	if b.Set == nil {
		return policy.Decision{Reason: policy.NoPolicy}
	}
	return b.Set.Judge(q)
}

// Noted returns a protected or allowed suffix with what a list file says of it, and false if none says anything.
func (b *Block) Noted(name string) (suffixlist.Suffix, bool) {
	s, ok := b.noted[name]
	return s, ok
}

// notedIn returns the suffixes of which a list file says when they expire, or something else, by name.
func notedIn(all []policy.Suffixes) map[string]suffixlist.Suffix {
	noted := map[string]suffixlist.Suffix{}
	for _, p := range all {
		for _, s := range slices.Concat(p.Allowed, p.Protected) {
			if s.Note != "" || !s.Until.IsZero() {
				noted[s.Name] = s
			}
		}
	}
	return noted
}

// Load reads a Corefile as the server does: with environment variables and imports, and the set-up of every plugin in
// it, so that what the server would refuse is refused here. It starts nothing. It returns all server blocks in the order
// of the file; the error says so if none of them has a policy.
//
// The plugins must be linked, and dnsserver.SetDirectives have been called, as for the server. What they leave behind is
// what a failed start leaves (hosts keeps a ticker), so Load is for processes that do not live long.
func Load(input caddy.Input) ([]*Block, error) {
	parsed, err := caddyfile.Parse(input.Path(), bytes.NewReader(input.Body()), caddy.ValidDirectives(input.ServerType()))
	if err != nil {
		return nil, err
	}
	// caddy.ValidateAndExecuteDirectives would do the rest, but without a way to reach what the plugins have made: an
	// instance of our own cannot be given a server type. This is the one function that makes an instance and starts nothing.
	instance := caddy.NewTestController(input.ServerType(), "")
	parsed, err = instance.Context().InspectServerBlocks(input.Path(), parsed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", input.Path(), err)
	}
	if err := setUp(instance, input.Path(), parsed); err != nil {
		return nil, err
	}
	if _, err := instance.Context().MakeServers(); err != nil { // which finds overlapping blocks, and the names of views
		return nil, fmt.Errorf("%s: %w", input.Path(), err)
	}
	var blocks []*Block
	for i, block := range parsed {
		controller := controllerFor(instance, i, block.Keys, input.Path(), nil)
		blocks = append(blocks, &Block{Keys: block.Keys, View: dnsserver.GetConfig(controller).ViewName})
	}
	for _, b := range instanceOf(instance).loadedBlocks() {
		suffixes, err := b.suffixes(time.Now())
		if err != nil {
			return nil, err
		}
		blocks[b.at].Set, blocks[b.at].Suffixes, blocks[b.at].noted = b.set.Load(), suffixes, notedIn(suffixes)
	}
	if !slices.ContainsFunc(blocks, func(b *Block) bool { return b.Set != nil }) {
		return nil, fmt.Errorf("%s: no server block has a typoguard stanza; expected one at least", input.Path())
	}
	return blocks, nil
}

// setUp sets up the plugins of all server blocks, in the order that caddy does: each plugin in every block.
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

// Serving returns the block that serves a name: CoreDNS takes the longest zone that the name equals or lies under. Of
// several with the same zone, on other ports or in other views, it is the first in the file. It returns nil if no block
// serves the name.
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
