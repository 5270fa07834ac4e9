// Package existence checks whether domains exist: for the option "require counterpart", in the server and in commands.
//
// It looks a domain up by a function of its caller, once however many ask for it at a time, and remembers the result for its
// TTL. It bounds how many domains are looked up at a time, how long one takes, and how long a caller waits.
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
	// maxRemembered is how many domains are remembered.
	maxRemembered = 10_000
	// maxLookups is how many domains are looked up at a time. Beyond that the result is Unknown at once: with an upstream
	// that does not answer, a flood of lookalikes must not fill the memory with goroutines that wait.
	maxLookups = 128
	// lookupTimeout is how long a domain is looked up, though no query waits so long, so that the next one need not wait.
	lookupTimeout = 5 * time.Second
)

// Lookup asks one question, and returns nil if there is no answer. It returns when the context ends.
type Lookup func(ctx context.Context, domain string, qtype uint16) *dns.Msg

// Observer is told what a Checker does. Its methods must not wait.
type Observer interface {
	// CacheHit is called for a result that was remembered.
	CacheHit()
	// LookedUp is called after a lookup.
	LookedUp(result policy.Existence, took time.Duration)
	// Busy is called instead of a lookup when there are too many at a time.
	Busy()
}

// Checker checks whether domains exist. It is safe for concurrent use.
type Checker struct {
	observer Observer
	known    *lru.Cache[string, result]
	lookups  singleflight.Group
	slots    chan struct{}
}

// result is what is known of a domain.
type result struct {
	policy.Existence
	until time.Time
}

// NewChecker returns a checker that knows nothing yet.
func NewChecker(observer Observer) *Checker {
	known, _ := lru.New[string, result](maxRemembered) // fails for a size of 0 only
	return &Checker{observer: observer, known: known, slots: make(chan struct{}, maxLookups)}
}

// Check returns whether a domain, given with the final dot, exists, and Unknown if it cannot be found out within the
// timeout. The lookup goes on after that; of several callers at a time that of the first is used.
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

// look looks a domain up, unless too many are looked up already, and remembers the result. Its context is its own: the query
// for which it began may have been answered long before.
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
