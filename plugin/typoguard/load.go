package typoguard

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/caddy/caddyfile"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// Block is one server block of a Corefile, for use without a server. List files are as they were when it was loaded.
type Block struct {
	// Keys are its keys as CoreDNS completes them, such as dns://example.org.:53.
	Keys []string
	// View is the name of its view, if it has one. Whom the view is for depends on an expression over live queries, which
	// is not evaluated.
	View string

	block    *block
	policies []Policy // nil if the block has none
}

// Policy is one stanza.
type Policy struct {
	Name string
	// Protected are the suffixes that it protects, and Allowed those that it allows, from the Corefile and the list files,
	// each once: lower-case, in A-labels, without the final dot. What one policy protects or allows passes for all of them.
	Protected, Allowed []string
	// Lines are what list files say of suffixes in Protected and Allowed beside the suffix.
	Lines map[string]Line
	// Distance is 1 or 2. For each suffix it is lowered to match.MaxDistance.
	Distance int
	Kinds    match.Kinds
	Keyboard match.Keyboard
	// Clients are the networks that the policy is for; empty, with no ClientLabels, is everybody.
	Clients []netip.Prefix
	// ClientLabels is the metadata of further clients, as LABEL=VALUE. Judge does not see it.
	ClientLabels []string
	// Types are those that the option types gives; empty are those of the action.
	Types []uint16
	// Action is "nxdomain", "nodata", "nullmx" or "sinkhole", and Sinkhole the addresses of the last one.
	Action   string
	Sinkhole []netip.Addr
	// Mode is "enforce" or "monitor", at the time of loading; the latter ends at Trial, if that is not zero.
	Mode  string
	Trial time.Time
	// Counterpart is whether names are lookalikes only of those that exist.
	Counterpart bool
	// Inspects are the records whose targets are judged in replies: "mx", "cname", "srv", "ns". Judge does not see replies.
	Inspects []string
	// TTL is in seconds.
	TTL uint32
}

// Line is what a line of a list file says beside the suffix.
type Line struct {
	// Note is what stands behind '#'.
	Note string
	// Until is when the line stops counting; zero is never.
	Until time.Time
}

// Line returns what a list file says of a protected or allowed suffix, and false if it says nothing.
func (b *Block) Line(suffix string) (Line, bool) {
	for i := range b.policies {
		if line, ok := b.policies[i].Lines[suffix]; ok {
			return line, true
		}
	}
	return Line{}, false
}

// linesOf returns what is said of suffixes.
func linesOf(all ...[]suffix) map[string]Line {
	var found map[string]Line // nil if there is nothing to say
	for _, list := range all {
		for _, s := range list {
			if s.note == "" && s.until == 0 {
				continue
			}
			if found == nil {
				found = map[string]Line{}
			}
			found[s.name] = Line{s.note, s.until.time()}
		}
	}
	return found
}

// Policies returns the policies of the block, in the order of the Corefile. They are shared and must not be changed.
func (b *Block) Policies() []Policy { return b.policies }

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
	for _, b := range instanceOf(instance).blocks {
		policies, err := b.policies()
		if err != nil {
			return nil, err
		}
		blocks[b.at].block, blocks[b.at].policies = b, policies
	}
	if !slices.ContainsFunc(blocks, func(b *Block) bool { return b.policies != nil }) {
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

// policies returns the policies of the block as they are in force.
func (b *block) policies() ([]Policy, error) {
	var all []Policy
	for _, s := range b.stanzas {
		listed, err := s.suffixes()
		if err != nil {
			return nil, err
		}
		listed = listed.at(present())
		p := &s.policy
		all = append(all, Policy{
			Name:         p.name,
			Protected:    names(listed.protected),
			Allowed:      names(listed.allowed),
			Lines:        linesOf(listed.protected, listed.allowed),
			Distance:     p.distance,
			Kinds:        p.kinds,
			Keyboard:     p.keyboard,
			Clients:      p.clients.networks,
			ClientLabels: p.clients.written(),
			Types:        p.types,
			Action:       p.action.String(),
			Sinkhole:     p.sinkhole,
			Mode:         p.modeAt(present()).String(),
			Trial:        p.trial.time(),
			TTL:          p.ttl,
			Counterpart:  p.require != nil,
			Inspects:     p.inspect.names(),
		})
	}
	return all, nil
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
