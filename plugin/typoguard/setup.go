package typoguard

import (
	"context"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
)

func init() { plugin.Register(pluginName, setup) }

// setup parses the policies of a server block and adds their handler to its chain. It reads or fetches lists, but starts
// nothing: if an instance fails to start later, caddy drops it without calling any hook.
func setup(c *caddy.Controller) error {
	config := dnsserver.GetConfig(c)
	policies, err := parse(c, config.Root)
	if err != nil {
		return plugin.Error(pluginName, err)
	}
	b, err := newBlock(c.ServerBlockIndex, policies, loadingPace())
	if err != nil {
		return plugin.Error(pluginName, err)
	}
	if len(b.feeds) > 0 {
		offerDoT(config.TLSConfig)
	}
	t := newTypoguard(b)
	b.lookup = t.lookUp
	c.OnStartup(func() error {
		t.tappers = tappers(config)
		if err := b.checkChain(func(name string) bool { return config.Handler(name) != nil }); err != nil {
			return plugin.Error(pluginName, err)
		}
		if err := b.checkFeeds(c, config.Handler); err != nil {
			return plugin.Error(pluginName, err)
		}
		if err := b.loadMissing(context.Background(), t.lookUpHost); err != nil {
			return plugin.Error(pluginName, err)
		}
		t.counters = b.newCounters(serverAddresses(config, c.ServerBlockKeys), config.ViewName)
		return nil
	})
	i := instanceOf(c) // its hooks run after the one above
	t.blocks = i.loadedBlocks
	if err := i.add(b); err != nil {
		return plugin.Error(pluginName, err)
	}
	config.AddPlugin(func(next plugin.Handler) plugin.Handler {
		t.Next = next
		return t
	})
	return nil
}
