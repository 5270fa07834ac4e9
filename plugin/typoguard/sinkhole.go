package typoguard

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/inherit"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pool"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

const (
	// smtpHostname is the name with which SMTP listeners introduce themselves by default. It is not the host's name: a mail server
	// on the same host would take the listener for itself, and report a mail loop.
	smtpHostname = "typoguard.invalid"
	// smtpShutdownTimeout is how long the sessions of a closing SMTP listener have to end. They end as soon as they wait for their
	// clients; only one whose client does not read the last reply takes that long.
	smtpShutdownTimeout = 2 * time.Second
)

// listener is the configuration of an SMTP listener, for all policies of a caddy instance that name its address.
type listener struct {
	address  netip.AddrPort
	settings []*smtpSetting
	blocks   []*block        // those of the policies
	policies []*policyConfig // in the order of the Corefile
}

// addListeners adds the SMTP listeners that a policy of a block names to the instance. Policies that share a listener must not contradict
// each other about it; what only one of them sets applies to all.
func addListeners(all map[string]*listener, b *block, c *policyConfig) error {
	for _, address := range c.smtp.addresses {
		key := address.String()
		l, ok := all[key]
		if !ok {
			l = &listener{address: address}
			all[key] = l
		}
		if err := l.add(b, c); err != nil {
			return err
		}
	}
	return nil
}

// add adds a policy to the listener.
func (l *listener) add(b *block, c *policyConfig) error {
	l.policies = append(l.policies, c)
	if !slices.Contains(l.blocks, b) {
		l.blocks = append(l.blocks, b)
	}
	for _, next := range c.smtp.settings {
		switch other := findSetting(l.settings, next); {
		case other == nil:
			l.settings = append(l.settings, next)
		case other.value != next.value:
			return next.at.Errorf("%s: %s contradicts %s at %s; expected the same for both, which share the listener %s",
				next.option, next, other, other.at, l.address)
		}
	}
	return nil
}

// config returns the configuration of the listener's server.
func (l *listener) config(events *sink.Dispatcher, failures *failureLog) *smtp.Config {
	config := &smtp.Config{
		Hostname: smtpHostname,
		Limits:   smtp.DefaultLimits,
		Suggest:  l.suggest,
		Passes:   l.passes,
		ID: func(client netip.Addr, domain, policy string) string {
			return events.ID(l.named(policy).mask.Apply(client), domain, policy, time.Now())
		},
		Observer: newSMTPObserver(l, events, failures),
	}
	for _, s := range l.settings {
		s.apply(config)
	}
	return config
}

// suggest returns the domains that the domain of a client's recipient may have been intended to be, according to the listener's policies in force.
func (l *listener) suggest(client netip.Addr, domain string) []smtp.Suggestion {
	var sets []*policy.Set
	for _, b := range l.blocks {
		sets = append(sets, b.set.Load())
	}
	ask := func(p *policy.Policy) bool { return l.configOf(p) != nil }
	var suggestions []smtp.Suggestion
	for _, s := range policy.Suggest(domain, policy.ClientAt(client), sets, ask, time.Now(), smtp.MaxSuggestions) {
		c := l.configOf(s.By).smtp
		suggestions = append(suggestions, smtp.Suggestion{
			Lookalike: s.Lookalike, Hint: c.hint, Trial: s.Mode == policy.Monitor, LogAddresses: c.logAddresses,
		})
	}
	return suggestions
}

// passes reports whether mail to a domain passes by the policies in force of the listener's server blocks, or whether none of them hides what
// those before may have hidden.
func (l *listener) passes(domain string) bool {
	verdict := func(b *block) policy.Verdict { return b.set.Load().VerdictOnMail(domain) }
	passes := func(b *block) bool { return verdict(b).Passes() }
	hides := func(b *block) bool { return verdict(b) == policy.Lookalike }
	return slices.ContainsFunc(l.blocks, passes) || (slices.ContainsFunc(l.blocks, (*block).hasChanged) && !slices.ContainsFunc(l.blocks, hides))
}

// configOf returns the configuration of a policy if it is one of the listener's, or nil.
func (l *listener) configOf(p *policy.Policy) *policyConfig {
	i := slices.IndexFunc(l.policies, func(c *policyConfig) bool { return &c.Policy == p })
	if i < 0 {
		return nil
	}
	return l.policies[i]
}

// named returns the listener's first policy with a name; for "" or an unknown name, its first policy.
func (l *listener) named(name string) *policyConfig {
	i := slices.IndexFunc(l.policies, func(c *policyConfig) bool { return c.Name == name })
	return l.policies[max(i, 0)]
}

// listenerPool holds the open SMTP servers, by configured address. At a reload their sessions continue, and no client finds them
// closed.
type listenerPool = pool.Pool[*listener, *smtp.Server]

func newListenerPool(events *sink.Dispatcher, failures *failureLog) *listenerPool {
	return &listenerPool{
		Same:      func(*listener, *listener) bool { return true },
		Open:      func(l *listener) (*smtp.Server, error) { return listenSMTP(l.address, l.config(events, failures)) },
		Configure: func(s *smtp.Server, l *listener) { s.Configure(l.config(events, failures)) },
		Close:     closeServer,
	}
}

// listenSMTP starts a server, on the socket that systemd has opened for the address, if there is one.
func listenSMTP(address netip.AddrPort, config *smtp.Config) (*smtp.Server, error) {
	listener, err := inherit.Listener(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("smtp %s: %w", address, err)
	case listener != nil:
		return smtp.Serve(listener, config)
	}
	return smtp.Listen(address, config)
}

func closeServer(server *smtp.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), smtpShutdownTimeout)
	defer cancel()
	if err := server.Close(ctx); err != nil {
		log.Errorf("closing the SMTP listener %s: %v", server.Addr(), err)
	}
}

// maxFailures is the maximum number of SMTP listener failures that wait to be logged.
const maxFailures = 16

// failureLog logs failures of SMTP listeners. Sessions never wait for it.
type failureLog struct {
	failures chan error
	stop     chan struct{}
	done     sync.WaitGroup
}

func newFailureLog() *failureLog {
	l := &failureLog{failures: make(chan error, maxFailures), stop: make(chan struct{})}
	l.done.Go(l.run)
	return l
}

// add hands over a failure for logging. If there are too many at once, only some are logged.
func (l *failureLog) add(err error) {
	select {
	case l.failures <- err:
	default:
	}
}

// run logs failures, at most one per second after the first few.
func (l *failureLog) run() {
	limit := rate.NewLimiter(1, maxFailures)
	for {
		select {
		case err := <-l.failures:
			if limit.Allow() {
				log.Errorf("%v", err)
			}
		case <-l.stop:
			return
		}
	}
}

func (l *failureLog) close() {
	close(l.stop)
	l.done.Wait()
}
