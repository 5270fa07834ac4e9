package typoguard

import (
	"context"
	"time"
)

// settle is how long changed list files must stay as they are before they are loaded, so that a file is not taken over
// while somebody is still writing it.
const settle = 500 * time.Millisecond

// open starts watching.
func (i *instance) open() {
	ctx, cancel := context.WithCancel(context.Background())
	i.stop = cancel
	policySuffixes.Reset()
	policyReloadSuccessful.Reset()
	policyTrialEnds.Reset()
	policyExpiring.Reset()
	policyReloads.WithLabelValues(resultOK)
	policyReloads.WithLabelValues(resultError)
	i.publish()
	for _, b := range i.blocks {
		if b.hasFiles() {
			i.done.Go(func() { i.expire(ctx, b) })
		}
		for _, s := range b.stanzas {
			beginSMTP(&s.policy)
			if s.failure != "" {
				log.Errorf("Policy %q starts with an older state of its lists: %s", s.policy.name, s.failure)
			}
			s.keep()
			beginEvents(&s.policy)
			if s.reload > 0 && len(s.files()) > 0 {
				i.done.Go(func() { i.watch(ctx, b, s) })
			}
		}
	}
}

// close stops watching, and returns when nobody does any more.
func (i *instance) close() {
	i.stop()
	i.done.Wait()
}

// watch looks at the files of a stanza until the context ends.
func (i *instance) watch(ctx context.Context, b *block, s *stanza) {
	timer := time.NewTimer(s.reload)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		wait := s.reload
		if !i.look(ctx, b, s) {
			wait = settle
		}
		timer.Reset(wait)
	}
}

// expire compiles the rules of a block anew whenever a line of a list stops counting, until the context ends.
func (i *instance) expire(ctx context.Context, b *block) {
	for compiles := true; ; {
		wait := longestWait
		if next := b.rules.Load().next; next != 0 && compiles {
			wait = min(wait, time.Until(next.time()))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-b.changed:
		case <-timer.C:
			compiles = i.update(b)
		}
		timer.Stop()
	}
}

// longestWait is how long the clock is trusted: it may be set.
const longestWait = time.Minute

// update compiles the rules of a block anew if they are due. It reports false if that fails, though what is in the lists
// compiled before.
func (i *instance) update(b *block) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !b.rules.Load().next.passed(present()) {
		return true
	}
	if err := b.compile(); err != nil {
		log.Errorf("Lines of lists that have ended still count: %v", err)
		return false
	}
	i.publish()
	return true
}

// look loads the files of a stanza if they have changed, or did not load the last time. It reports false if they seem to
// be changing right now, and should be looked at again soon.
func (i *instance) look(ctx context.Context, b *block, s *stanza) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	contents, err := s.read(ctx)
	if err != nil {
		i.refuse(s, err)
		return true
	}
	now := digest(contents)
	if now == s.loaded && s.failure == "" {
		return true
	}
	if now != s.seen {
		s.seen = now
		return false
	}
	if err := b.load(s, contents); err != nil {
		i.refuse(s, err)
		return true
	}
	s.failure = ""
	log.Infof("Policy %q: list files loaded", s.policy.name)
	policyReloads.WithLabelValues(resultOK).Inc()
	i.loaded = time.Now()
	i.publish()
	return true
}

// refuse notes that the files of a stanza cannot be loaded. It tells of the same error only once.
func (i *instance) refuse(s *stanza, err error) {
	if err.Error() == s.failure {
		return
	}
	s.failure = err.Error()
	log.Errorf("Policy %q stays as it was: %v", s.policy.name, err)
	policyReloads.WithLabelValues(resultError).Inc()
	i.publish()
}

// publish sets the gauges to the state of all blocks.
func (i *instance) publish() {
	policyReloadTime.Set(float64(i.loaded.UnixNano()) / float64(time.Second))
	total, intact := map[string]sizes{}, map[string]float64{}
	for _, b := range i.blocks {
		rules := b.rules.Load()
		for n, s := range b.stanzas {
			name := s.policy.name
			if s.policy.trial != 0 {
				policyTrialEnds.WithLabelValues(name).Set(float64(s.policy.trial))
			}
			sum := total[name]
			sum.protected += rules.sizes[n].protected
			sum.allowed += rules.sizes[n].allowed
			sum.expiringProtected += rules.sizes[n].expiringProtected
			sum.expiringAllowed += rules.sizes[n].expiringAllowed
			total[name] = sum
			if _, ok := intact[name]; !ok {
				intact[name] = 1
			}
			if s.failure != "" {
				intact[name] = 0
			}
		}
	}
	for name, sum := range total {
		policySuffixes.WithLabelValues(name, "protect").Set(float64(sum.protected))
		policySuffixes.WithLabelValues(name, "allow").Set(float64(sum.allowed))
		policyExpiring.WithLabelValues(name, "protect").Set(float64(sum.expiringProtected))
		policyExpiring.WithLabelValues(name, "allow").Set(float64(sum.expiringAllowed))
		policyReloadSuccessful.WithLabelValues(name).Set(intact[name])
	}
}
