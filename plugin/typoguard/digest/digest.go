// Package digest sums up a history in mails: who nearly wrote where, what policies in mode monitor would have hidden, and what is still
// open. Of all resolvers that share a history, one sends each.
//
// Not covered: mail about a single event, which is what webhooks are for.
package digest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the time zones, which a container may lack

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/clock"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

const (
	// lookInterval is how often it is checked whether one is due.
	lookInterval = 5 * time.Second
	// settle is how long the clock is not trusted after the start, and after a jump.
	settle = 10 * time.Second
	// The pause after a failure doubles from firstPause to lastPause, until a digest is as old as tooLate. What it had to say is in the next
	// one.
	firstPause = 15 * time.Second
	lastPause  = 30 * time.Minute
	tooLate    = 20 * time.Hour
	// tryTimeout is how long an attempt may take; less than a claim lasts.
	tryTimeout = 5 * time.Minute
	// closeTimeout is how long it may take to let others have what this resolver does not send any more.
	closeTimeout = 2 * time.Second
	// longestSeries is how long the name of a series may be in bytes; of a longer one there is a hash. An index of PostgreSQL takes 2700.
	longestSeries = 1000
)

// store is what a digest needs of a history.
type store interface {
	BeginDigest(ctx context.Context, name string, at, now time.Time) error
	ClaimDigest(ctx context.Context, name string, until, now time.Time) (history.Claim, error)
	ReleaseDigest(ctx context.Context, name string, until time.Time) error
	DigestSent(ctx context.Context, name string, until, now time.Time) error
	Digest(ctx context.Context, policies []string, from, until time.Time) (*history.Digest, error)
	Close() error
}

// Digest sends a mail whenever one is due, until it is closed.
type Digest struct {
	config   historyconfig.Digest
	policies []string
	schedule schedule
	series   string // its name
	relay    *relay
	store    store

	cancel context.CancelFunc
	done   sync.WaitGroup

	// The following fields belong to the goroutine.
	begin    time.Time     // when the series begins; zero as soon as the store knows
	due      time.Time     // the end of the period that is being looked after
	over     bool          // there is nothing more to do for it
	accepted bool          // the relay has taken it
	failing  bool          // which was logged
	pause    time.Duration // after the next failure
	wait     time.Duration // from tried on
	tried    time.Time     // with a monotonic reading
}

// Check returns an error for a configuration that cannot be. It has no side effects.
func Check(c historyconfig.Digest) error {
	_, err := newDigest(c)
	return err
}

// Open starts to send what is due. The store is closed with it.
func Open(c historyconfig.Digest, s *history.Store) (*Digest, error) {
	d, err := newDigest(c)
	if err != nil {
		return nil, err
	}
	d.start(s)
	return d, nil
}

func newDigest(c historyconfig.Digest) (*Digest, error) {
	d := &Digest{config: c, policies: strings.Split(c.Policies, "\n")}
	if c.Relay == "" || c.From == "" {
		return nil, errors.New("relay or from is missing; expected both, such as relay smtp://mail.corp.example from typoguard@corp.example")
	}
	if err := checkAddresses(c.To); err != nil {
		return nil, err
	}
	if err := checkAddresses(c.From); err != nil || strings.Contains(c.From, ",") {
		return nil, fmt.Errorf("from %q; expected an address such as typoguard@corp.example", c.From)
	}
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("url %q; expected that of the review page, such as https://review.corp.example:8053", c.URL)
		}
	}
	var err error
	if d.schedule, err = parseSchedule(c.Every, c.At, c.Zone); err != nil {
		return nil, err
	}
	d.series = seriesName(c.Name, d.policies, d.schedule)
	d.relay, err = parseRelay(&c)
	return d, err
}

// seriesName returns the name by which resolvers share digests. It has the policies and the schedule, because a digest with others
// says something else, and must not count as sent when this one was.
func seriesName(recipients string, policies []string, s schedule) string {
	name := fmt.Sprintf("%s %q %s", recipients, slices.Sorted(slices.Values(policies)), s)
	if len(name) <= longestSeries {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

func (d *Digest) start(s store) {
	d.store = s
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	d.done.Go(func() { d.run(ctx) })
}

// Close stops sending, and closes the store.
func (d *Digest) Close() error {
	d.cancel()
	d.done.Wait()
	d.config.Observer.Overdue(false)
	return d.store.Close()
}

// run looks whether a digest is due. It does not sleep until one is: the clock may be changed meanwhile, and the host may sleep.
func (d *Digest) run(ctx context.Context) {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for wall := (clock.Watch{}); ; {
		if wall.SteadyFor(settle) {
			d.look(ctx, time.Now())
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look sends what is due, unless that failed a moment ago.
func (d *Digest) look(ctx context.Context, now time.Time) {
	if due := d.schedule.last(now); !due.Equal(d.due) {
		if d.due.IsZero() {
			d.begin = due
		}
		d.due, d.over, d.accepted, d.pause, d.wait = due, false, false, firstPause, 0
	}
	switch {
	case d.over:
		return
	case d.begin.IsZero() && d.late(now):
		d.giveUp()
		return
	case now.Sub(d.tried) < d.wait:
		return
	}
	trying, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	over, err := d.try(trying, now)
	d.tried = now
	switch {
	case ctx.Err() != nil:
	case err != nil:
		d.failed(err)
	case over:
		d.settled()
	default: // somebody else is at it, or nobody any more
		d.wait = firstPause
	}
}

// late reports whether the digest that is due is left to the next one.
func (d *Digest) late(now time.Time) bool { return now.Round(0).Sub(d.due) > tooLate }

// try sends the digest that is due, unless somebody else does. It reports whether that has been done. At the start it begins the
// series where the last period has ended, so that the next digest has something to go back to.
func (d *Digest) try(ctx context.Context, now time.Time) (over bool, err error) {
	if !d.begin.IsZero() {
		if err := d.store.BeginDigest(ctx, d.series, d.begin, now); err != nil {
			return false, err
		}
		d.begin = time.Time{}
		if d.late(now) {
			return false, nil
		}
	}
	if !d.accepted {
		claim, err := d.store.ClaimDigest(ctx, d.series, d.due, now)
		if err != nil || !claim.Ours {
			return claim.Sent, err
		}
		if err := d.send(ctx, claim.From, now); err != nil {
			return false, errors.Join(err, d.release(ctx))
		}
		d.accepted = true
		d.config.Observer.Sent()
	}
	return true, d.store.DigestSent(ctx, d.series, d.due, now)
}

// send sends the digest of a period that ends when it is due.
func (d *Digest) send(ctx context.Context, from, now time.Time) error {
	content, err := d.store.Digest(ctx, d.policies, from, d.due)
	if err != nil {
		return err
	}
	subject, body := compose(content, d.policies, d.schedule.zone, d.config.URL)
	message, err := newMessage(&d.config, d.series, d.due, now.In(d.schedule.zone), subject, body)
	if err != nil {
		return err
	}
	return d.relay.send(ctx, message)
}

// release lets others send the digest, also when this resolver stops.
func (d *Digest) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return d.store.ReleaseDigest(ctx, d.series, d.due)
}

// failed notes that an attempt failed. Many resolvers must not come back in step.
func (d *Digest) failed(err error) {
	d.wait, d.pause = d.pause-rand.N(d.pause/2), min(2*d.pause, lastPause) //nolint:gosec // not a secret
	d.config.Observer.Failed()
	d.config.Observer.Overdue(true)
	if !d.failing {
		d.failing = true
		d.config.Logger.Error(fmt.Sprintf("notify: sending the digest %s failed, retrying for %s: %s", d.config.Name, tooLate, strings.Join(strings.Fields(err.Error()), " ")))
	}
}

// settled notes that the digest was sent.
func (d *Digest) settled() {
	d.over = true
	d.config.Observer.Overdue(false)
	if d.failing {
		d.failing = false
		d.config.Logger.Info(fmt.Sprintf("notify: the digest %s has been sent", d.config.Name))
	}
}

// giveUp leaves it to the next digest to say what this one would have said. It may have been sent long ago, before this process started.
func (d *Digest) giveUp() {
	d.over = true
	d.config.Observer.Overdue(false)
	if d.failing {
		d.failing = false
		d.config.Logger.Error(fmt.Sprintf("notify: giving up the digest %s of %s; the next one will cover the time", d.config.Name, d.due.Format(time.RFC3339)))
	}
}
