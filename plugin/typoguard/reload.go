package typoguard

import (
	"context"
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

const (
	// settle is how long changed list files must be stable before they are loaded, so that a file is not loaded while somebody
	// is still writing it.
	settle = 500 * time.Millisecond
	// longestWait limits a timer for an expiry, because the clock may be set in the meantime.
	longestWait = time.Minute
)

// reloader keeps the lists of blocks up to date: it checks the list files, and removes entries that expire.
type reloader struct {
	blocks []*block
	loaded time.Time  // when a policy was last put in force
	mu     sync.Mutex // held while lists are checked; queries never take it
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// addBlock adds a block whose lists have just been loaded.
func (r *reloader) addBlock(b *block) {
	r.blocks = append(r.blocks, b)
	r.loaded = time.Now()
}

// startReloading starts checking the lists.
func (r *reloader) startReloading() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	metrics.ResetPolicies()
	r.publish()
	for _, b := range r.blocks {
		r.done.Go(func() { b.countKnown(ctx) })
		if b.hasSources() {
			r.done.Go(func() { r.expire(ctx, b) })
		}
		for i, c := range b.policies {
			r.startPolicy(ctx, b, c, b.lists[i])
		}
	}
}

// startPolicy starts checking the lists of a policy.
func (r *reloader) startPolicy(ctx context.Context, b *block, c *policyConfig, lists *suffixlist.Lists) {
	metrics.BeginPolicy(&c.Policy, len(c.smtp.addresses) > 0)
	if err := lists.Stale(); err != nil {
		log.Errorf("policy %q: starting with an older copy of its lists: %v", c.Name, err)
	}
	if err := lists.Keep(); err != nil {
		log.Errorf("policy %q: %v", c.Name, err)
	}
	if c.lists.reload > 0 && len(lists.Sources) > 0 {
		r.done.Go(func() { r.watch(ctx, b, c, lists) })
	}
}

// stopReloading stops checking the lists, and waits for its goroutines to end.
func (r *reloader) stopReloading() {
	r.cancel()
	r.done.Wait()
}

// watch checks the lists of a policy until the context ends.
func (r *reloader) watch(ctx context.Context, b *block, c *policyConfig, lists *suffixlist.Lists) {
	timer := time.NewTimer(c.lists.reload)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		wait := c.lists.reload
		if r.reload(ctx, b, c, lists) == suffixlist.Unsettled {
			wait = settle
		}
		timer.Reset(wait)
	}
}

// reload puts the lists of a policy in force if they have changed, or if the previous attempt failed.
func (r *reloader) reload(ctx context.Context, b *block, c *policyConfig, lists *suffixlist.Lists) suffixlist.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	change, err := lists.Refresh(ctx)
	if err == nil && change == suffixlist.Changed {
		err = b.compile()
	}
	switch {
	case err != nil:
		if lists.Reject(err) {
			log.Errorf("policy %q: reload failed, keeping the previous lists: %v", c.Name, err)
			metrics.PolicyReloads.WithLabelValues(metrics.ResultError).Inc()
			r.publish()
		}
	case change == suffixlist.Changed:
		if err := lists.Accept(); err != nil {
			log.Errorf("policy %q: %v", c.Name, err)
		}
		log.Infof("policy %q: lists reloaded", c.Name)
		metrics.PolicyReloads.WithLabelValues(metrics.ResultOK).Inc()
		r.loaded = time.Now()
		r.publish()
		b.countKnown(ctx)
	}
	return change
}

// expire recompiles the policies of a block whenever a list entry expires, until the context ends.
func (r *reloader) expire(ctx context.Context, b *block) {
	for compiles := true; ; {
		wait := longestWait
		if next := b.set.Load().Next; !next.IsZero() && compiles {
			wait = min(wait, time.Until(next))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-b.changed:
		case <-timer.C:
			compiles = r.compileDue(b)
		}
		timer.Stop()
	}
}

// compileDue recompiles the policies of a block if an entry has expired. It reports false if that fails, which is unexpected: the
// same lists compiled before.
func (r *reloader) compileDue(b *block) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := b.set.Load().Next
	if next.IsZero() || time.Now().Before(next) {
		return true
	}
	if err := b.compile(); err != nil {
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
}
