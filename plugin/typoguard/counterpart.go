package typoguard

import (
	"context"
	"strings"
	"time"

	"github.com/coredns/coredns/plugin"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/sync/singleflight"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// requirement is what a policy does with lookalikes of names that do not exist: army.ml is a typo because army.mil
// exists; google.co.il is none, for there is no google.co.mil.
type requirement struct {
	passOnError bool          // if it cannot be found out in time
	timeout     time.Duration // for which a query waits at most
}

// presence says whether the counterpart of a lookalike exists.
type presence uint8

const (
	notAsked presence = iota // nobody requires it, or there is nothing to ask
	exists
	absent
	unknown
)

var presenceNames = [...]string{notAsked: "", exists: "exists", absent: "absent", unknown: "unknown"}

func (p presence) String() string { return presenceNames[p] }

// met reports whether a lookalike is one in spite of what is known of its counterpart.
func (r *requirement) met(p presence) bool {
	return p != absent && (p != unknown || !r.passOnError)
}

// counterpart returns the domain that a lookalike is a typo of, if it exists: the child of the protected suffix that the
// intended name falls under, such as army.mil. for us.army.ml. It returns "" if there is nothing to ask, because the
// intended name is the protected suffix, or that is a domain itself and not one to register others under (as the Public
// Suffix List has it): whoever protects army.mil says that it exists.
func counterpart(name string, m *match.Match) string {
	if m.Start == 0 || !isRegistry(m.Suffix) {
		return ""
	}
	above := name[:m.Start]
	label, _ := dns.PrevLabel(above, 1)
	return strings.ToLower(above[label:]) + m.Suffix + "."
}

// isRegistry reports whether others register domains under a suffix.
func isRegistry(suffix string) bool {
	registry, _ := publicsuffix.PublicSuffix(suffix)
	return registry == suffix
}

const (
	// maxCounterparts is how many domains are remembered.
	maxCounterparts = 10_000
	// maxAsking is how many domains are asked for at the same time. Whatever is beyond is unknown at once: with an
	// upstream that does not answer, a flood of lookalikes must not fill the memory with waiting.
	maxAsking = 128
	// askingLimit is how long a domain is asked for, though no query waits so long, so that the next one need not wait.
	askingLimit = 5 * time.Second
	// unknownFor is how long a domain is not asked for again that could not be found out about.
	unknownFor = 5 * time.Second
)

// counterparts finds out whether domains exist, by asking the plugins behind this one, and remembers it for the TTL. It
// never holds up a query longer than the policy says.
type counterparts struct {
	known  *lru.Cache[string, finding]
	asking singleflight.Group
	slots  chan struct{}
}

// finding is what is known of a domain.
type finding struct {
	presence presence
	until    time.Time
}

func newCounterparts() *counterparts {
	known, _ := lru.New[string, finding](maxCounterparts) // fails for a size of 0 only
	return &counterparts{known: known, slots: make(chan struct{}, maxAsking)}
}

// find returns whether a domain exists, and unknown if that takes longer than the timeout. It does not ask for "".
func (c *counterparts) find(ctx context.Context, next plugin.Handler, w dns.ResponseWriter, domain string, timeout time.Duration) presence {
	if domain == "" {
		return notAsked
	}
	if f, ok := c.known.Get(domain); ok && time.Now().Before(f.until) {
		counterpartHits.Inc()
		return f.presence
	}
	ask := newAsker(ctx, next, w)
	found := c.asking.DoChan(domain, func() (any, error) { return c.ask(ask, domain), nil })
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case f := <-found:
		return f.Val.(presence)
	case <-timer.C:
	case <-ctx.Done():
	}
	return unknown
}

// ask asks for a domain, unless too many are asked for already, and remembers the answer.
func (c *counterparts) ask(a *asker, domain string) presence {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	default:
		counterpartLookups.WithLabelValues(resultBusy).Inc()
		return unknown
	}
	start := time.Now()
	presence, ttl := a.find(domain)
	counterpartDuration.Observe(time.Since(start).Seconds())
	counterpartLookups.WithLabelValues(presence.String()).Inc()
	c.known.Add(domain, finding{presence, time.Now().Add(ttl)})
	return presence
}
