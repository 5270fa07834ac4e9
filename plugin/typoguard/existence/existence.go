// Package existence checks whether domains exist, for the option "require counterpart", and who operates them, for the kind "tld": in the
// server and in commands.
//
// It looks up domains with a function that the caller provides: once for concurrent callers, and it caches the result for its TTL. It
// limits the number of concurrent lookups, the time that one may take, and the time that a caller waits.
package existence

import (
	"context"
	"fmt"
	"strings"
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
	LookedUp(result string, took time.Duration)
	// Busy is called when there is no lookup because too many are in progress.
	Busy()
}

// Checker checks domains. It is safe for concurrent use.
type Checker struct {
	observer Observer
	known    *lru.Cache[string, result]
	lookups  singleflight.Group
	slots    chan struct{}
}

// result is a cached result: a policy.Existence or policy.Operator.
type result struct {
	found fmt.Stringer
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
	return check(ctx, c, domain, timeout, policy.Unknown, func(ctx context.Context) (policy.Existence, time.Duration) {
		return Find(ctx, domain, lookup)
	})
}

// Operator does the same to find out who operates a domain: the operator of one of others, or somebody else.
func (c *Checker) Operator(ctx context.Context, domain string, others []string, timeout time.Duration, lookup Lookup) policy.Operator {
	key := strings.Join(append([]string{domain}, others...), " ")
	return check(ctx, c, key, timeout, policy.OperatorUnknown, func(ctx context.Context) (policy.Operator, time.Duration) {
		return FindOperator(ctx, domain, others, lookup)
	})
}

// check returns the cached result for a key, or what find finds within the timeout, or unknown.
func check[T fmt.Stringer](ctx context.Context, c *Checker, key string, timeout time.Duration, unknown T, find func(context.Context) (T, time.Duration)) T {
	if r, ok := c.known.Get(key); ok && time.Now().Before(r.until) {
		c.observer.CacheHit()
		return r.found.(T)
	}
	found := c.lookups.DoChan(key, func() (any, error) { return look(c, key, unknown, find), nil })
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case r := <-found:
		return r.Val.(T)
	case <-timer.C:
	case <-ctx.Done():
	}
	return unknown
}

// look looks up what find does, unless too many lookups are in progress, and caches the result. It has its own context, because the query
// for which it began may have been answered long before it ends.
func look[T fmt.Stringer](c *Checker, key string, unknown T, find func(context.Context) (T, time.Duration)) T {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	default:
		c.observer.Busy()
		return unknown
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	start := time.Now()
	found, ttl := find(ctx)
	c.observer.LookedUp(found.String(), time.Since(start))
	c.known.Add(key, result{found, time.Now().Add(ttl)})
	return found
}
