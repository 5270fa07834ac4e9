package review

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// ptrSystem stands for the resolver of the host.
	ptrSystem = "system"
	// maxPTR is the number of addresses whose names are remembered, and maxLookups that of concurrent lookups: the names of other clients on
	// a page are looked up when it is shown again.
	maxPTR     = 16384
	maxLookups = 32
	// lookupTimeout is how long a lookup may take.
	lookupTimeout = 5 * time.Second
	// A name is looked up again after ptrAge, and a client without one after noPTRAge.
	ptrAge   = time.Hour
	noPTRAge = 10 * time.Minute
)

// ptrNames are names of clients in the DNS, which are looked up in the background when a page shows the clients. A nil one has none.
type ptrNames struct {
	lookup func(ctx context.Context, address string) ([]string, error)
	known  *lru.Cache[string, ptrName]
	slots  chan struct{}
	ctx    context.Context // of lookups
	stop   context.CancelFunc
	now    func() time.Time

	mu      sync.Mutex // guards what follows
	looking map[string]bool
	closed  bool
	done    sync.WaitGroup
}

// ptrName is the name of an address; "" if it has none.
type ptrName struct {
	name    string
	expires time.Time
}

// newPTRNames returns the names that a resolver knows: "system", the address of one, or "" for none.
func newPTRNames(resolver string) (*ptrNames, error) {
	if resolver == "" {
		return nil, nil //nolint:nilnil // a nil one has no names
	}
	r, err := ptrResolver(resolver)
	if err != nil {
		return nil, err
	}
	known, err := lru.New[string, ptrName](maxPTR)
	if err != nil {
		return nil, err
	}
	p := &ptrNames{lookup: r.LookupAddr, known: known, slots: make(chan struct{}, maxLookups), now: time.Now, looking: map[string]bool{}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p, nil
}

// ptrResolver returns a resolver.
func ptrResolver(text string) (*net.Resolver, error) {
	if text == ptrSystem {
		return &net.Resolver{PreferGo: true}, nil
	}
	address, err := netip.ParseAddrPort(text)
	if err != nil {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("clients_ptr %q; expected system, or the address of a resolver such as 192.0.2.53 or 192.0.2.53:5353", text)
		}
		address = netip.AddrPortFrom(ip, 53)
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address.String())
	}}, nil
}

// of returns the name of a client, as far as it is known; "" if it has none. It never waits for the DNS.
func (p *ptrNames) of(ip netip.Addr) string {
	if p == nil {
		return ""
	}
	address := ip.Unmap().WithZone("").String()
	found, ok := p.known.Get(address)
	if !ok || !p.now().Before(found.expires) {
		p.look(address)
	}
	return found.name
}

// look looks a name up in the background, unless that is being done, or too many are.
func (p *ptrNames) look(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.looking[address] || p.closed {
		return
	}
	select {
	case p.slots <- struct{}{}:
	default:
		return
	}
	p.looking[address] = true
	p.done.Go(func() {
		p.learn(address)
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.looking, address)
		<-p.slots
	})
}

// learn looks a name up. Of several, the first by the alphabet counts. If that fails, the name stays as it was for a while.
func (p *ptrNames) learn(address string) {
	ctx, cancel := context.WithTimeout(p.ctx, lookupTimeout)
	defer cancel()
	names, err := p.lookup(ctx, address)
	found, age := ptrName{}, noPTRAge
	switch notFound := isNotFound(err); {
	case err != nil && !notFound:
		found, _ = p.known.Peek(address)
	default:
		slices.Sort(names)
		if i := slices.IndexFunc(names, ptrPattern.MatchString); i >= 0 {
			found.name, age = strings.TrimSuffix(names[i], "."), ptrAge
		}
	}
	found.expires = p.now().Add(age)
	p.known.Add(address, found)
}

// ptrPattern matches host names. Whoever has the address can write anything else into the DNS.
var ptrPattern = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?$`)

// isNotFound reports whether the DNS says that there is no name.
func isNotFound(err error) bool {
	failed, ok := err.(*net.DNSError) //nolint:errorlint // LookupAddr wraps none
	return ok && failed.IsNotFound
}

// networks returns the addresses of clients whose names contain a word in lower case.
func (p *ptrNames) networks(word string) (all []netip.Prefix) {
	if p == nil {
		return nil
	}
	for _, address := range p.known.Keys() {
		found, ok := p.known.Peek(address)
		if ip, err := netip.ParseAddr(address); ok && err == nil && strings.Contains(strings.ToLower(found.name), word) {
			all = append(all, netip.PrefixFrom(ip, ip.BitLen()))
		}
	}
	return all
}

// close ends all lookups.
func (p *ptrNames) close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.stop()
	p.done.Wait()
}
