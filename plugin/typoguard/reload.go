package typoguard

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/watch"
)

const (
	// settle is how long changed list files must be stable before they are loaded, so that a file is not loaded while somebody
	// is still writing it.
	settle = 500 * time.Millisecond
	// quietTime is how long after a start nothing is counted: the servers take over from those before, and need the processors.
	quietTime = 2 * time.Second
	// longestWait limits a timer for an expiry, because the clock may be set in the meantime: so long, and as long as compiling takes, lookalikes
	// may pass of what has ended only by a wrong date.
	longestWait = time.Second
)

// reloader keeps the lists of blocks up to date: it checks the list files, and removes entries that expire.
type reloader struct {
	blocks  []*block
	loaded  time.Time         // when a policy was last put in force
	watched *watch.Memory     // of neighbours
	mu      sync.Mutex        // held while lists are put in force; queries never take it
	info    map[info]struct{} // the series of metrics.PolicyInfo
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// info has the values of the labels of metrics.PolicyInfo.
type info [5]string

// addBlock adds a block whose lists have just been loaded.
func (r *reloader) addBlock(b *block) {
	r.blocks = append(r.blocks, b)
	r.loaded = time.Now()
}

// startReloading starts checking the lists. before is the instance that ran until now, or nil.
func (r *reloader) startReloading(before *reloader) {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	metrics.ResetPolicies()
	r.publish()
	r.watched.Resize(len(slices.DeleteFunc(slices.Clone(r.blocks), func(b *block) bool { return !b.watches() })))
	for _, b := range r.blocks {
		r.done.Go(func() {
			timer := time.NewTimer(quietTime)
			defer timer.Stop()
			select {
			case <-timer.C:
				b.countKnown(ctx)
			case <-ctx.Done():
			}
		})
		if b.watches() {
			r.done.Go(func() { b.newWatcher(r.watched).Run(ctx) })
		}
		if b.changesByItself() {
			r.done.Go(func() { r.expire(ctx, b) })
		}
		for i, c := range b.policies {
			logListsAtStart(c, b.lists[i], before)
			r.startPolicy(ctx, b, c, i)
		}
	}
	r.watchAllowed(ctx)
}

// startPolicy starts checking the lists of a policy.
func (r *reloader) startPolicy(ctx context.Context, b *block, c *policyConfig, i int) {
	lists := b.lists[i]
	metrics.BeginPolicy(&c.Policy, len(c.smtp.addresses) > 0)
	if c.watch {
		metrics.BeginWatch(c.Name)
	}
	if err := lists.Keep(); err != nil {
		log.Errorf("policy %q: %v", c.Name, err)
	}
	if c.lists.reload > 0 && len(lists.Sources) > 0 {
		r.done.Go(func() { r.watch(ctx, b, c, lists, b.look[i]) })
	}
}

// stopReloading stops checking the lists, and waits for its goroutines to end.
func (r *reloader) stopReloading() {
	r.cancel()
	r.done.Wait()
}

// watch checks the lists of a policy, at intervals and when it is told to look, until the context ends.
func (r *reloader) watch(ctx context.Context, b *block, c *policyConfig, lists *suffixlist.Lists, look <-chan struct{}) {
	intervals := newIntervals(c, lists)
	timer := time.NewTimer(intervals.first(lists.Stale() != nil))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look:
		case <-timer.C:
		}
		timer.Reset(intervals.next(r.reload(ctx, b, c, lists)))
	}
}

// reload puts the lists of a policy in force if they have changed, or if the previous attempt failed. Other policies do not wait while
// it reads.
func (r *reloader) reload(ctx context.Context, b *block, c *policyConfig, lists *suffixlist.Lists) suffixlist.Change {
	look := lists.Look(ctx)
	if ctx.Err() != nil {
		return suffixlist.Unchanged
	}
	change, reloaded := r.putInForce(b, c, lists, look, pace.New(ctx))
	if reloaded {
		b.countKnown(ctx)
	}
	return change
}

// putInForce puts in force what a look at the lists of a policy found, and reports whether anything has changed.
func (r *reloader) putInForce(b *block, c *policyConfig, lists *suffixlist.Lists, look *suffixlist.Look, p *pace.Pace) (change suffixlist.Change, reloaded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	failures := lists.Record(look, time.Now())
	taken, rejected := take(b, lists.Proposals(look), p)
	for _, err := range append(failures, rejected.reasons...) {
		log.Errorf("policy %q: reload failed, keeping the previous lists: %v", c.Name, err)
		metrics.PolicyReloads.WithLabelValues(metrics.ResultError).Inc()
	}
	for _, p := range taken {
		if err := p.Accept(time.Now()); err != nil {
			log.Errorf("policy %q: %v", c.Name, err)
		}
	}
	if len(taken) > 0 {
		log.Infof("policy %q: lists reloaded", c.Name)
		log.Info(b.inForce(slices.Index(b.policies, c)))
		metrics.PolicyReloads.WithLabelValues(metrics.ResultOK).Inc()
		r.loaded = time.Now()
	}
	r.publish()
	switch {
	case look.Has(suffixlist.Unsettled):
		change = suffixlist.Unsettled
	case look.Has(suffixlist.Failed) || rejected.any:
		change = suffixlist.Failed
	}
	return change, len(taken) > 0
}

// rejected are the lists that were not taken.
type rejected struct {
	any     bool
	reasons []error // that are new
}

// take compiles the policies with the lists proposed, and puts them in force. Lists that do not compile together are tried one by one, so
// that a good one does not have to wait for a bad one.
func take(b *block, proposals []*suffixlist.Proposal, p *pace.Pace) (taken []*suffixlist.Proposal, no rejected) {
	if len(proposals) == 0 {
		return nil, no
	}
	for _, proposal := range proposals {
		proposal.Propose()
	}
	err := b.compile(p)
	if err == nil {
		return proposals, no
	}
	if len(proposals) == 1 {
		no.any = true
		if proposals[0].Reject(err) {
			no.reasons = append(no.reasons, err)
		}
		return nil, no
	}
	for _, proposal := range proposals {
		proposal.Withdraw()
	}
	for _, proposal := range proposals {
		alone, refused := take(b, []*suffixlist.Proposal{proposal}, p)
		taken = append(taken, alone...)
		no.any = no.any || refused.any
		no.reasons = append(no.reasons, refused.reasons...)
	}
	return taken, no
}

// expire recompiles the policies of a block whenever a list entry expires, or comes back because the clock was set back, until the context ends.
func (r *reloader) expire(ctx context.Context, b *block) {
	modes := b.modes()
	for compiles := true; ; {
		wait := longestWait
		if next := b.set.Load().Next; !next.IsZero() && compiles {
			wait = min(wait, next.Sub(b.now()))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-b.changed:
		case <-timer.C:
			compiles = r.compileDue(ctx, b)
			r.publishModes()
			if now := b.modes(); !slices.Equal(now, modes) {
				modes = now
				b.wakeFeeds()
			}
		}
		timer.Stop()
	}
}

// compileDue recompiles the policies of a block if an entry has expired, or if the clock was set back: an entry may have expired only by a
// wrong date. It reports false if that fails, which is unexpected: the
// same lists compiled before.
func (r *reloader) compileDue(ctx context.Context, b *block) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, now := b.set.Load().Next, b.now().Round(0)
	hasExpired := !next.IsZero() && !now.Before(next)
	if setBack := now.Before(b.compiled); !hasExpired && !setBack {
		return true
	}
	if err := b.compile(pace.New(ctx)); err != nil {
		log.Errorf("removing expired list entries failed, they are still in force: %v", err)
		return false
	}
	r.publish()
	return true
}

// publish updates the gauges of all policies.
func (r *reloader) publish() {
	metrics.SetLoaded(r.loaded)
	total, upToDate := map[string]policy.Sizes{}, map[string]bool{}
	for _, b := range r.blocks {
		set := b.set.Load()
		for i, c := range b.policies {
			sum, known := total[c.Name]
			total[c.Name] = sum.Plus(set.Sizes[i])
			upToDate[c.Name] = b.lists[i].Stale() == nil && (!known || upToDate[c.Name])
		}
	}
	for name, sizes := range total {
		metrics.SetPolicy(name, sizes, upToDate[name])
	}
	r.publishLists()
	r.publishInfo()
}

// publishModes updates the gauges of modes, which end without anybody doing anything.
func (r *reloader) publishModes() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.publishInfo()
}

// publishInfo updates the gauges that say which policies are in force.
func (r *reloader) publishInfo() {
	published := map[info]struct{}{}
	for _, b := range r.blocks {
		set := b.set.Load()
		for i, c := range b.policies {
			labels := info{c.Name, set.Hashes[i], c.ModeAt(b.now()).String(), c.Action.String(), caddy.AppVersion}
			published[labels] = struct{}{}
			metrics.PolicyInfo.WithLabelValues(labels[:]...).Set(1)
		}
	}
	for labels := range r.info {
		if _, ok := published[labels]; !ok {
			metrics.PolicyInfo.DeleteLabelValues(labels[:]...)
		}
	}
	r.info = published
}
