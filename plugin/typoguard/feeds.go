package typoguard

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/feed"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pool"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// feedPool holds the feeds by zone. At a reload, they go on with the versions they have.
type feedPool = pool.Pool[*feed.Config, *feed.Feed]

func newFeedPool() *feedPool {
	return &feedPool{
		Same:      func(a, b *feed.Config) bool { return a.Dir == b.Dir && a.Remembers == b.Remembers },
		Configure: func(f *feed.Feed, c *feed.Config) { f.Configure(*c) },
		Open:      openFeed,
		Close:     closeFeed,
	}
}

func openFeed(c *feed.Config) (*feed.Feed, error) {
	metrics.NewFeed(c.Zone).Begin()
	f, err := feed.Open(*c)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", feedOption, c.Zone, err)
	}
	return f, nil
}

func closeFeed(f *feed.Feed) {
	f.Close()
	metrics.NewFeed(f.Zone()).End()
}

// addFeeds adds the zones for secondaries of a block to the instance.
func (i *instance) addFeeds(b *block) error {
	for _, z := range b.feeds {
		if _, ok := i.feeds[z.Name]; ok {
			return z.at.Errorf("%s: another server block has the zone %s, too; expected one for each, or several addresses for one block", feedOption, z.Name)
		}
		i.feeds[z.Name] = i.feedConfig(b, z)
	}
	return nil
}

// feedConfig returns the configuration of a feed.
func (i *instance) feedConfig(b *block, z *feedZone) *feed.Config {
	c := &feed.Config{
		Zone: z.Name, Dir: z.config.dir, Remembers: z.config.dir != "", MaxRows: z.config.maxRows, Expire: z.config.expire, TTL: z.TTL,
		Input:    func() (*feed.Input, error) { return i.feedInput(b, z) },
		Notify:   func(ctx context.Context) error { return z.secondaries.Notify(ctx, z.Name) },
		Observer: metrics.NewFeed(z.Name), Logger: newLogger(log),
	}
	if c.Dir == "" {
		c.Dir = os.TempDir()
	}
	return c
}

// feedInput returns what the next version of a feed is made from.
func (i *instance) feedInput(b *block, z *feedZone) (*feed.Input, error) {
	set, suffixes, changed := i.policiesInForce(b)
	if slices.ContainsFunc(suffixes, func(s policy.Suffixes) bool { return s.LacksAllowed }) {
		return nil, errors.New("a list of what is allowed has never been there; expected it, since its domains would be hidden")
	}
	now := b.now()
	plan := rows.Select(set, suffixes, rows.Options{Feed: z.Name, Now: now}).Plan(false)
	return &feed.Input{
		Estimate: func() int { return plan.Estimate(z.Name) },
		Each:     func(visit func(*rows.Rule) error) (rows.LeftOut, error) { return plan.Each(z.Name, visit) },
		Time:     latest(changed, b.inputsChanged(), b.trialsEnded(now)),
	}, nil
}

// policiesInForce returns the policies in force of a block, their suffixes, and when these last changed, as far as that is not the time of a
// file: when a fetched list was changed, or a suffix expired.
func (i *instance) policiesInForce(b *block) (set *policy.Set, suffixes []policy.Suffixes, changed time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, l := range b.lists {
		protected, allowed := l.Suffixes()
		for _, list := range []suffixlist.List{protected, allowed} {
			for s := range list.All() {
				if !s.Until.After(b.compiled) {
					changed = latest(changed, s.Until)
				}
			}
		}
		for _, s := range l.Sources {
			changed = latest(changed, s.Modified())
		}
	}
	return b.set.Load(), b.suffixes(b.compiled), changed
}

// latest returns the latest of some times.
func latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

// inputsChanged returns when the files from which the policies are made were last changed: the program, the Corefile, and lists.
func (b *block) inputsChanged() time.Time {
	var newest time.Time
	files := map[string]bool{}
	if program, err := os.Executable(); err == nil {
		files[program] = true
	}
	for i, c := range b.policies {
		files[c.at.File] = true
		for _, at := range c.given {
			files[at.File] = true
		}
		if c.popular.path != "" {
			files[c.popular.path] = true
		}
		for _, s := range b.lists[i].Sources {
			if !s.HasCopy() && !s.IsBuiltin() {
				files[s.Path] = true
			}
		}
	}
	for file := range files {
		if info, err := os.Stat(file); err == nil { // standard input has no time
			newest = latest(newest, info.ModTime())
		}
	}
	return newest
}

// trialsEnded returns when the last policy in mode monitor began to enforce.
func (b *block) trialsEnded(now time.Time) time.Time {
	var last time.Time
	for _, c := range b.policies {
		if !c.MonitorUntil.After(now) {
			last = latest(last, c.MonitorUntil)
		}
	}
	return last
}

// wakeFeeds tells the feeds of the block that their rows may have changed.
func (b *block) wakeFeeds() {
	for _, z := range b.feeds {
		if f := z.feed.Load(); f != nil {
			f.Wake()
		}
	}
}

// modes returns the modes of the policies at the moment.
func (b *block) modes() []policy.Mode {
	now := b.now()
	var all []policy.Mode
	for _, c := range b.policies {
		all = append(all, c.ModeAt(now))
	}
	return all
}

// offerDoT makes a TLS listener offer the protocol that secondaries insist on for transfers (RFC 9103 section 7.1). CoreDNS offers none.
func offerDoT(c *tls.Config) {
	const protocol = "dot"
	if c != nil && !slices.Contains(c.NextProtos, protocol) {
		c.NextProtos = append(c.NextProtos, protocol)
	}
}

// warnOfFeeds warns of zones for secondaries that none can ask for, and says what rows cannot express.
func warnOfFeeds(b *block, own, sites []*site) []string {
	var all []string
	suffixes := b.suffixes(b.now())
	for _, z := range b.feeds {
		all = append(all, warnOfUnserved(b, own, sites, feedOption, z.Name)...)
		for _, limit := range rows.Select(b.set.Load(), suffixes, rows.Options{Feed: z.Name, Now: b.now()}).Limits() {
			all = append(all, fmt.Sprintf("%s %s: %s", feedOption, z.Name, limit))
		}
		if z.config.dir == "" {
			all = append(all, fmt.Sprintf("%s %s: without dir, the serial is not remembered over a restart: secondaries keep an older zone if the times of files go back",
				feedOption, z.Name))
		}
	}
	return all
}
