package typoguard

import (
	"context"
	"errors"
	"sync"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/feed"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/inherit"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/stacks"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/watch"
)

// instance is everything that belongs to typoguard in one caddy instance: the blocks with policies, whose lists it reloads, and what
// these share: SMTP listeners, sinks of events, and review pages.
type instance struct {
	reloader
	controller *caddy.Controller    // nil in a test without servers
	listeners  map[string]*listener // by address
	sinks      map[string]*sinkConfig
	reviews    map[string]*reviewConfig // by address
	digests    map[string]*digestConfig // by recipients and history
	feeds      map[string]*feed.Config  // by zone
	open       *resources               // nil unless it is running
}

// resources are what stays open across a reload.
type resources struct {
	events    *sink.Dispatcher
	failures  *failureLog
	listeners *listenerPool
	reviews   *reviewPool
	digests   *digestPool
	feeds     *feedPool
	watched   *watch.Memory
	// release lets goroutines start with as little stack as without typoguard.
	release func()
}

// running is the running instance; a process has one. If a new instance fails to start after its OnStartup, caddy does not call any of
// its hooks again. The next instance to start, which is the old one, therefore takes over what the failed one has opened, and closes
// what it does not need.
var running struct {
	sync.Mutex
	*instance
}

// loadingPace returns the pace for loading an instance: while another one answers queries, it makes room for them.
func loadingPace() *pace.Pace {
	running.Lock()
	defer running.Unlock()
	if running.instance == nil {
		return nil
	}
	return pace.New(context.Background())
}

type instanceKey struct{}

// instanceOf returns the instance that a controller belongs to. The first call registers its hooks.
func instanceOf(c *caddy.Controller) *instance {
	if i, ok := c.Get(instanceKey{}).(*instance); ok {
		return i
	}
	i := newInstance()
	i.controller = c
	c.Set(instanceKey{}, i)
	c.OnFirstStartup(func() error { return checkPorts(c, nil) })
	c.OnStartup(i.start)
	c.OnRestartFailed(i.start)
	c.OnRestartFailed(explainFailure)
	c.OnShutdown(i.stop)
	return i
}

func newInstance() *instance {
	return &instance{
		listeners: map[string]*listener{}, sinks: map[string]*sinkConfig{}, reviews: map[string]*reviewConfig{}, digests: map[string]*digestConfig{},
		feeds: map[string]*feed.Config{},
	}
}

// add adds a block that has just been loaded to the instance, which must not be running yet. Policies share a sink, listener or page of
// the same name or address, and must not contradict each other about it.
func (i *instance) add(b *block) error {
	i.addBlock(b)
	for _, c := range b.policies {
		for _, s := range c.sinks {
			if err := addSink(i.sinks, s); err != nil {
				return err
			}
		}
		if err := addListeners(i.listeners, b, c); err != nil {
			return err
		}
		if err := addReview(i.reviews, c.review); err != nil {
			return err
		}
		for _, d := range c.digests {
			if err := addDigest(i.digests, d); err != nil {
				return err
			}
		}
	}
	return i.addFeeds(b)
}

// loadedBlocks returns the blocks of the instance.
func (i *instance) loadedBlocks() []*block { return i.blocks }

// addSink adds a sink to the instance.
func addSink(sinks map[string]*sinkConfig, s *sinkConfig) error {
	other := sinks[s.Name]
	sinks[s.Name] = s
	switch {
	case other == nil || s.Same(&other.Config):
		return nil
	case other.Settings == s.Settings:
		return s.at.Errorf("%s: the password or options differ from those at %s; expected the same for both, which share %s", s.option, other.at, s.Name)
	}
	return s.at.Errorf("%s: %q contradicts %q at %s; expected the same settings for both, which share %s", s.option, s.Settings, other.Settings, other.at, s.Name)
}

// start makes i the running instance. It takes over what the previous one has open, and fails if something else cannot be opened. At
// a reload, caddy then starts the previous instance again; at the first start, nothing stays open.
func (i *instance) start() error {
	running.Lock()
	defer running.Unlock()
	before := running.instance // i itself, if a new instance failed before its start
	if err := i.checkAddedPorts(before); err != nil {
		return err
	}
	var open *resources
	var lists *reloader
	if before == nil {
		open = newResources()
	} else {
		before.stopReloading()
		open, before.open = before.open, nil
		lists = &before.reloader
	}
	if before != nil && before != i {
		for _, b := range i.blocks {
			b.replacing()
		}
	}
	running.instance, i.open, i.watched = i, open, open.watched
	i.startReloading(lists)
	i.logInForce()
	err := i.openAll()
	if err != nil && before == nil {
		i.end()
	}
	return err
}

// checkAddedPorts returns an error if another process serves a port that the instance has, and the one before it has not.
func (i *instance) checkAddedPorts(before *instance) error {
	if before == nil || before == i || i.controller == nil || before.controller == nil {
		return nil // the first start has been checked before anything else was done
	}
	return checkPorts(i.controller, sitesOf(before.controller))
}

// logInForce says what is in force, one line a policy, and what is probably not meant.
func (i *instance) logInForce() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, b := range i.blocks {
		for at := range b.policies {
			log.Info(b.inForce(at))
		}
	}
	if i.controller == nil {
		return
	}
	for _, warning := range warnings(sitesOf(i.controller), i.blocks) {
		log.Warning(warning)
	}
	for _, address := range inherit.Addresses() {
		if i.listeners[address.String()] == nil && i.reviews[address.String()] == nil {
			log.Warningf("systemd has opened %s, but no option smtp or review names that address: clients that connect to it wait", address)
		}
	}
}

// openAll opens what the instance needs, and closes everything else.
func (i *instance) openAll() error {
	sinks := map[string]*sink.Config{}
	for name, s := range i.sinks {
		sinks[name] = &s.Config
	}
	err := i.open.events.Configure(sinks)
	for _, b := range i.blocks {
		b.events.Store(i.open.events)
	}
	return errors.Join(err, i.open.listeners.Update(i.listeners), i.open.reviews.Update(i.reviews), i.open.digests.Update(i.digests), i.openFeeds())
}

// openFeeds opens the feeds, and gives them to the servers.
func (i *instance) openFeeds() error {
	err := i.open.feeds.Update(i.feeds)
	for _, b := range i.blocks {
		for _, z := range b.feeds {
			if f, ok := i.open.feeds.Get(z.Name); ok {
				z.feed.Store(f)
			}
		}
	}
	return err
}

// stop stops i if it is the running instance.
func (i *instance) stop() error {
	running.Lock()
	defer running.Unlock()
	if running.instance == i {
		i.end()
	}
	return nil
}

// Stop stops what runs, as at the end of the process: it writes the events that are queued.
func Stop() {
	running.Lock()
	defer running.Unlock()
	if running.instance != nil {
		running.end()
	}
}

// end stops everything of i, which must be the running instance.
func (i *instance) end() {
	i.stopReloading()
	i.open.close()
	i.open, running.instance = nil, nil
}

func newResources() *resources {
	r := &resources{
		events: sink.NewDispatcher(metrics.Events{Logger: newLogger(log)}), failures: newFailureLog(), reviews: newReviewPool(), digests: newDigestPool(),
		feeds: newFeedPool(), watched: watch.NewMemory(), release: stacks.Hold(),
	}
	r.listeners = newListenerPool(r.events, r.failures)
	return r
}

// close closes everything. The dispatcher comes last, because the others may still report events while they close.
func (r *resources) close() {
	_ = r.listeners.Update(nil) // cannot fail: it opens nothing
	_ = r.reviews.Update(nil)
	_ = r.digests.Update(nil)
	_ = r.feeds.Update(nil)
	r.failures.close()
	r.events.Close()
	r.release()
}
