// Package corefile loads the policies of a Corefile for the commands.
package corefile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coredns/caddy"

	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
)

// Flags returns the options of a command that reads a Corefile: -conf and -server.
func Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "conf", Value: caddy.DefaultConfigFile, TakesFile: true, Usage: "read the policies from this `Corefile`; stdin for standard input"},
		&cli.StringFlag{Name: "server", Usage: "use the server block with this `KEY` or view, instead of the one that serves the name"},
	}
}

// Blocks are the server blocks of a Corefile.
type Blocks struct {
	// All are all server blocks, in the order of the Corefile.
	All []*typoguard.Block
	// Chosen is the server block that the option -server selects, or nil.
	Chosen *typoguard.Block
}

// Load reads the Corefile that a command's options select. Standard input cannot be both the Corefile and an argument "-".
func Load(c *cli.Command) (Blocks, error) {
	if c.String("conf") == "stdin" && slices.Contains(c.Args().Slice(), "-") {
		return Blocks{}, errors.New("conf: both -conf stdin and the argument - read standard input; expected only one of them")
	}
	input, err := read(c.String("conf"), c.Root().Reader)
	if err == nil {
		err = typoguard.CheckDirectives(input)
	}
	if err != nil {
		return Blocks{}, err
	}
	b := Blocks{}
	if b.All, err = typoguard.Load(input); err != nil {
		return Blocks{}, err
	}
	if key := c.String("server"); key != "" {
		b.Chosen, err = choose(b.All, key)
	}
	return b, err
}

// Selected returns the block that the option -server selects, or otherwise all.
func (b *Blocks) Selected() []*typoguard.Block {
	if b.Chosen != nil {
		return []*typoguard.Block{b.Chosen}
	}
	return b.All
}

// For returns the block that serves a name, or nil if none does.
func (b *Blocks) For(name string) *typoguard.Block {
	if b.Chosen != nil {
		return b.Chosen
	}
	return typoguard.Serving(b.All, name)
}

// read returns the content of a Corefile. Unlike CoreDNS, the commands cannot do without one.
func read(path string, in io.Reader) (caddy.Input, error) {
	if path == "stdin" {
		content, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("conf: %w", err)
		}
		return caddy.CaddyfileInput{Contents: content, Filepath: path, ServerTypeName: "dns"}, nil
	}
	content, err := os.ReadFile(filepath.Clean(path))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("conf: %w; expected a Corefile with policies", err)
	case err != nil:
		return nil, fmt.Errorf("conf: %w", err)
	}
	return caddy.CaddyfileInput{Contents: content, Filepath: path, ServerTypeName: "dns"}, nil
}

// choose returns the first block with a key, which may be incomplete (example.org, example.org:53, dns://example.org.:53), or
// otherwise the first block with a view of that name.
func choose(blocks []*typoguard.Block, wanted string) (*typoguard.Block, error) {
	var keys []string
	for _, b := range blocks {
		for _, key := range b.Keys {
			if isKey(key, wanted) {
				return b, nil
			}
			keys = append(keys, key)
		}
	}
	for _, b := range blocks {
		if b.View == wanted {
			return b, nil
		}
		if b.View != "" {
			keys = append(keys, b.View)
		}
	}
	return nil, fmt.Errorf("server: no server block %q; expected one of %s", wanted, strings.Join(keys, ", "))
}

// isKey reports whether wanted, which may lack the transport, the port and the final dot, matches a key.
func isKey(key, wanted string) bool {
	transport, rest, _ := strings.Cut(key, "://")
	if before, after, ok := strings.Cut(wanted, "://"); ok {
		if !strings.EqualFold(before, transport) {
			return false
		}
		wanted = after
	}
	colon := strings.LastIndexByte(rest, ':')
	zone, port := rest[:colon], rest[colon+1:]
	if wantedZone, wantedPort, ok := strings.Cut(wanted, ":"); ok {
		if wantedPort != port {
			return false
		}
		wanted = wantedZone
	}
	return strings.EqualFold(strings.TrimSuffix(wanted, "."), strings.TrimSuffix(zone, "."))
}
