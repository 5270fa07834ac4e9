//go:build e2e

package soak_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/smtp"
	"net/textproto"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// mailers is how many mail servers send at the same time, each every mailPace.
	mailers  = 4
	mailPace = 200 * time.Millisecond
	// mailWithin is how long a message may take.
	mailWithin = 10 * time.Second
)

// mail counts what the sinkhole says to mail servers.
type mail struct {
	tally                       *tally
	refused, deferred, unserved atomic.Int64
}

// errTaken is what must not happen.
var errTaken = errors.New("the sinkhole took a recipient")

// run sends messages to the sinkhole until the context ends.
func (m *mail) run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	for range mailers {
		random := newRandom()
		all.Go(func() { every(ctx, mailPace, func() { m.send(random) }) })
	}
}

// send sends a message to a lookalike, and one to a protected domain, in one session.
func (m *mail) send(random *rand.Rand) {
	s := &sample{asked: time.Now()}
	err := m.session(random)
	s.answered = time.Now()
	if err == nil {
		return
	}
	m.unserved.Add(1)
	m.tally.mu.Lock()
	defer m.tally.mu.Unlock()
	fault, r := m.tally.roughest(s)
	switch {
	case errors.Is(err, errTaken):
		m.tally.violations["the sinkhole answers as it must not"] = append(m.tally.violations["the sinkhole answers as it must not"], err.Error())
	case r <= harmless:
		const invariant = "the sinkhole did not serve a mail server"
		m.tally.violations[invariant] = append(m.tally.violations[invariant], fmt.Sprintf("during %s: %v", fault, err))
	}
}

// session is one session.
func (m *mail) session(random *rand.Rand) error {
	conn, err := net.DialTimeout("tcp", sinkholeSMTP, mailWithin)
	if err != nil {
		return err
	}
	if err := conn.SetDeadline(time.Now().Add(mailWithin)); err != nil {
		return errors.Join(err, conn.Close())
	}
	c, err := smtp.NewClient(conn, "sinkhole")
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	defer c.Close()
	if err := c.Hello("mail.corp.example"); err != nil {
		return err
	}
	if err := c.Mail("alice@corp.example"); err != nil {
		return err
	}
	lookalike := pick(random, append(sunkSuffixes, mailSuffixes...)...)
	if err := m.expect(c.Rcpt("bob@"+lookalike), lookalike, 550, &m.refused); err != nil {
		return err
	}
	listed := pick(random, protectedSuffixes...)
	if err := m.expect(c.Rcpt("bob@"+listed), listed, 451, &m.deferred); err != nil {
		return err
	}
	return c.Quit()
}

// expect returns an error if a recipient was not answered with a code.
func (m *mail) expect(err error, domain string, code int, counter *atomic.Int64) error {
	var reply *textproto.Error
	switch {
	case err == nil:
		return fmt.Errorf("%w: %s", errTaken, domain)
	case !errors.As(err, &reply):
		return err
	case reply.Code == 421:
		return err // it is being closed
	case reply.Code != code:
		return fmt.Errorf("%w: %s, with %w; expected %d", errTaken, domain, err, code)
	}
	counter.Add(1)
	return nil
}
