// Package existence checks whether domains exist: for the option "require counterpart", in the server and in commands.
//
// It looks up domains with a function that the caller provides: once for concurrent callers, and it caches the result for its TTL. It
// limits the number of concurrent lookups, the time that one may take, and the time that a caller waits.
package existence

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/miekg/dns"
	"golang.org/x/sync/singleflight"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const (
	// maxRemembered is the number of cached domains.
	maxRemembered = 10_000
	// maxLookups is the number of concurrent lookups. Beyond that, the result is Unknown at once: if the upstream does not answer, a
	// flood of lookalikes must not fill the memory with waiting goroutines.
	maxLookups = 128
	// lookupTimeout limits a lookup. No query waits that long, but the next one benefits from a late result.
	lookupTimeout = 5 * time.Second
)

// Lookup makes one DNS query, and returns nil if there is no answer. It returns when the context ends.
type Lookup func(ctx context.Context, domain string, qtype uint16) *dns.Msg

// Observer learns what a Checker does. Its methods must not block.
type Observer interface {
	// CacheHit is called for a cached result.
	CacheHit()
	// LookedUp is called after a lookup.
	LookedUp(result policy.Existence, took time.Duration)
	// Busy is called when there is no lookup because too many are in progress.
	Busy()
}

// Checker checks whether domains exist. It is safe for concurrent use.
type Checker struct {
	observer Observer
	known    *lru.Cache[string, result]
	lookups  singleflight.Group
	slots    chan struct{}
}

// result is a cached result.
type result struct {
	policy.Existence
	until time.Time
}

// NewChecker returns a checker with an empty cache.
func NewChecker(observer Observer) *Checker {
	known, _ := lru.New[string, result](maxRemembered) // fails only for a size of 0
	return &Checker{observer: observer, known: known, slots: make(chan struct{}, maxLookups)}
}

// Check returns whether a domain, given with the final dot, exists, or Unknown if that cannot be determined within the timeout. The
// lookup continues after that; concurrent callers share the lookup of the first.
func (c *Checker) Check(ctx context.Context, domain string, timeout time.Duration, lookup Lookup) policy.Existence {
	if r, ok := c.known.Get(domain); ok && time.Now().Before(r.until) {
		c.observer.CacheHit()
		return r.Existence
	}
	found := c.lookups.DoChan(domain, func() (any, error) { return c.look(domain, lookup), nil })
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case r := <-found:
		return r.Val.(policy.Existence)
	case <-timer.C:
	case <-ctx.Done():
	}
	return policy.Unknown
}

// look looks up a domain, unless too many lookups are in progress, and caches the result. It has its own context, because the query
// for which it began may have been answered long before it ends.
func (c *Checker) look(domain string, lookup Lookup) policy.Existence {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	default:
		c.observer.Busy()
		return policy.Unknown
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	start := time.Now()
	found, ttl := Find(ctx, domain, lookup)
	c.observer.LookedUp(found, time.Since(start))
	c.known.Add(domain, result{found, time.Now().Add(ttl)})
	return found
}
