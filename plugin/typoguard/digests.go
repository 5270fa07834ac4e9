package typoguard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pool"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// addDigest adds a digest of a policy to the instance. Policies with the same history and recipients share one mail.
func addDigest(all map[string]*digestConfig, c *digestConfig) error {
	key := c.Name + "\x00" + c.DSN
	other := all[key]
	if other == nil {
		shared := *c
		all[key] = &shared
		return nil
	}
	same := c.Digest
	same.Policies = other.Policies
	if same != other.Digest {
		return c.at.Errorf("notify: %q contradicts %q at %s; expected the same settings for both, which share %s", c.settings, other.settings, other.at, c.Name)
	}
	other.addPolicy(c.Policies)
	return nil
}

// addPolicy adds a policy, unless one of another server block has the same name.
func (c *digestConfig) addPolicy(name string) {
	if !slices.Contains(strings.Split(c.Policies, "\n"), name) {
		c.Policies += "\n" + name
	}
}

// digestPool holds what sends digests. At a reload, those with the same configuration go on.
type digestPool = pool.Pool[*digestConfig, DigestSender]

func newDigestPool() *digestPool {
	return &digestPool{
		Same:  func(a, b *digestConfig) bool { return a.Digest == b.Digest },
		Open:  openDigest,
		Close: closeDigest,
	}
}

func openDigest(c *digestConfig) (DigestSender, error) {
	config := c.Digest
	config.Host, config.Logger, config.Observer = sink.Hostname(), newLogger(log), metrics.NewDigest(c.Name)
	sender, err := histories.OpenDigest(config)
	if err != nil {
		return nil, fmt.Errorf("notify %s: %w", c.Name, err)
	}
	return sender, nil
}

func closeDigest(sender DigestSender) {
	if err := sender.Close(); err != nil {
		log.Errorf("closing a digest: %v", err)
	}
}
