package typoguard

import (
	"math/rand/v2"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// firstRetry is how soon a list that could not be read is tried again. The interval then doubles up to that of the option reload.
const firstRetry = time.Second

// intervals are the times between looks at the lists of a policy.
type intervals struct {
	reload  time.Duration
	fetched bool // whether any list is fetched
	retry   time.Duration
}

func newIntervals(c *policyConfig, lists *suffixlist.Lists) *intervals {
	i := &intervals{reload: c.lists.reload, retry: firstRetry}
	for _, s := range lists.Sources {
		i.fetched = i.fetched || s.IsRemote()
	}
	return i
}

// first returns the time until the first look after the start.
func (i *intervals) first(stale bool) time.Duration {
	if stale {
		return i.next(suffixlist.Failed)
	}
	return i.next(suffixlist.Unchanged)
}

// next returns the time until the next look, given what the last one found.
func (i *intervals) next(last suffixlist.Change) time.Duration {
	switch last {
	case suffixlist.Unsettled:
		return min(settle, i.reload)
	case suffixlist.Failed:
		wait := min(i.retry, i.reload)
		i.retry = 2 * wait
		return jittered(wait)
	case suffixlist.Unchanged, suffixlist.Changed:
	}
	i.retry = firstRetry
	if i.fetched { // many resolvers must not ask a web server in step
		return jittered(i.reload)
	}
	return i.reload
}

// jittered returns a duration that is shorter by up to a tenth.
func jittered(d time.Duration) time.Duration { return d - rand.N(d/10+1) } //nolint:gosec // not a secret

// logListsAtStart says what the lists of a policy are not: up to date, there at all, or like those before.
func logListsAtStart(c *policyConfig, lists *suffixlist.Lists, before *reloader) {
	switch stale := lists.Stale(); {
	case stale == nil:
	case lists.IsMissing() && protectsNothing(lists):
		log.Errorf("policy %q: NOTHING IS PROTECTED until its lists can be fetched: %v", c.Name, stale)
	case lists.LacksAllowed():
		log.Errorf("policy %q: starting without a list of what is allowed; LOOKALIKES ARE ANSWERED WITH SERVFAIL, those that it allows too, until it can be fetched: %v", c.Name, stale)
	case lists.IsMissing():
		log.Errorf("policy %q: starting without a list; what it protects is UNPROTECTED until it can be fetched: %v", c.Name, stale)
	default:
		log.Errorf("policy %q: starting with an older copy of its lists: %v", c.Name, stale)
	}
	for _, s := range lists.Sources {
		if !s.IsBuiltin() {
			logListAtStart(c, s, before)
		}
	}
}

// protectsNothing reports whether the lists have nothing to protect.
func protectsNothing(lists *suffixlist.Lists) bool {
	protected, _ := lists.Suffixes()
	return !protected.Any(func(suffixlist.Suffix) bool { return true })
}

// logListAtStart warns of a list that would be refused in the background. At a start somebody looks on, and may want it.
func logListAtStart(c *policyConfig, s *suffixlist.Source, before *reloader) {
	old := s.Copied()
	if before != nil {
		old = before.contentOf(c.Name, s)
	}
	strange := s.Strange
	if old != "" {
		d := s.Since(old, time.Now())
		if d.Shrinks(c.lists.shrink) {
			log.Warningf("policy %q: %s has lost many suffixes since it was last loaded, and is taken nevertheless: %s", c.Name, s.Label(), d)
		}
		strange = func() []suffixlist.Suffix { return d.Strange }
	}
	if all := strange(); len(all) > 0 {
		log.Warningf("policy %q: %s: %q is no top-level domain; is this the right list?", c.Name, all[0].At, all[0].Name)
	}
}

// contentOf returns what an instance has in force of the same list of a policy of the same name, or "".
func (r *reloader) contentOf(policyName string, like *suffixlist.Source) string {
	for _, b := range r.blocks {
		for i, c := range b.policies {
			for _, s := range b.lists[i].Sources {
				if c.Name == policyName && s.Path == like.Path && s.Protects == like.Protects && len(s.Content()) > 0 {
					return s.Content()
				}
			}
		}
	}
	return ""
}

// publishLists updates the gauges of lists that are checked. A list that several policies of the same name have is as old as the oldest.
func (r *reloader) publishLists() {
	type key struct{ policy, list string }
	oldest := map[key]time.Time{}
	for _, b := range r.blocks {
		for i, c := range b.policies {
			for _, s := range b.lists[i].Sources {
				if c.lists.reload == 0 || s.IsBuiltin() {
					continue
				}
				k := key{c.Name, s.Label()}
				if other, known := oldest[k]; !known || s.Success().Before(other) {
					oldest[k] = s.Success()
				}
				metrics.ListInterval.WithLabelValues(k.policy, k.list).Set(c.lists.reload.Seconds())
			}
		}
	}
	for k, at := range oldest {
		metrics.SetListSuccess(k.policy, k.list, at)
	}
}
