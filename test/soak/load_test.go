//go:build e2e

package soak_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/miekg/dns"
)

const (
	// clients is how many ask at the same time, each every pace: 400 queries a second.
	clients = 16
	pace    = 40 * time.Millisecond
	// answerWithin is after how long an answer counts as lost.
	answerWithin = 3 * time.Second
)

// outcome is what came of a query.
type outcome int

const (
	right  outcome = iota // the record that there is; for a lookalike, that it is hidden
	lost                  // no answer, or SERVFAIL or REFUSED
	wrong                 // another answer
	hidden                // typoguard says that it hides the name, which it must not
	leaked                // with a mark of the stranger
)

// String returns it as it is reported.
func (o outcome) String() string { return [...]string{"right", "lost", "wrong", "hidden", "leaked"}[o] }

// answered reports whether a stock server has answered, which knows nothing of lookalikes.
func (o outcome) answered() bool { return o == right || o == leaked }

// sample is one question that was asked of both servers.
type sample struct {
	question
	asked, answered time.Time
	guarded, stock  outcome
	cut, stockCut   bool     // whether a connection was closed before there was an answer
	reply           *dns.Msg // of the guarded one
	err             error    // of the guarded one
}

// runLoad asks both servers until the context ends, and gives each sample to a function, which any number of goroutines may call.
func runLoad(ctx context.Context, newAsker func(client int) *asker, take func(*sample)) {
	var all sync.WaitGroup
	defer all.Wait()
	for i := range clients {
		a := newAsker(i)
		all.Go(func() { every(ctx, pace, func() { take(ask(a.next())) }) })
	}
}

// ask asks both servers at the same time.
func ask(q question) *sample {
	s := &sample{question: q, asked: time.Now()}
	var both sync.WaitGroup
	both.Go(func() {
		reply, cut, err := exchange(q, stockDNS)
		s.stock, s.stockCut = q.judge(reply, err), cut
	})
	both.Go(func() {
		s.reply, s.cut, s.err = exchange(q, guardedDNS)
		s.guarded = q.judge(s.reply, s.err)
	})
	both.Wait()
	s.answered = time.Now()
	return s
}

// exchange asks a server over a connection of its own, as mail servers do: over TCP if the answer does not fit, and again if the server has
// closed the connection, as CoreDNS does with those that it has just accepted when it is reloaded.
func exchange(q question, address string) (reply *dns.Msg, cut bool, err error) {
	query := new(dns.Msg).SetQuestion(q.name, q.qtype)
	query.SetEdns0(dns.DefaultMsgSize, false)
	client := &dns.Client{Net: q.network, Timeout: answerWithin}
	reply, _, err = client.Exchange(query, address)
	if err == nil && reply.Truncated {
		client.Net = "tcp"
		reply, _, err = client.Exchange(query, address)
	}
	if client.Net == "tcp" && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)) {
		cut = true
		reply, _, err = client.Exchange(query, address)
	}
	return reply, cut, err
}

// judge says what an answer is.
func (q question) judge(m *dns.Msg, err error) outcome {
	switch {
	case m != nil && marked(m) != nil:
		return leaked
	case err != nil || m.Rcode == dns.RcodeServerFailure || m.Rcode == dns.RcodeRefused:
		return lost
	case (q.class == lookalike || q.class == lookalikeUntil) && isHidden(q, m), q.class == aliased && m.Rcode == dns.RcodeNameError:
		return right
	case q.class == lookalike, q.class == lookalikeUntil, q.class == aliased:
		return wrong
	case strings.Contains(reason(m), "typoguard"):
		return hidden
	case q.isRight(m):
		return right
	}
	return wrong
}

// isRight reports whether a reply is the whole truth, and nothing else.
func (q question) isRight(m *dns.Msg) bool {
	return m.Rcode == dns.RcodeSuccess && m.Response && m.RecursionAvailable && !m.Authoritative && !m.Truncated &&
		len(m.Question) == 1 && m.Question[0] == dns.Question{Name: q.name, Qtype: q.qtype, Qclass: dns.ClassINET} &&
		len(m.Answer) == 1 && dns.IsDuplicate(m.Answer[0], expected(q.name, q.qtype)) && m.Answer[0].Header().Ttl <= 60
}

// isHidden reports whether a reply to a query for a lookalike is what an action says.
func isHidden(q question, m *dns.Msg) bool {
	is := func(suffixes []string) bool {
		for _, suffix := range suffixes {
			if dns.IsSubDomain(suffix+".", q.name) {
				return true
			}
		}
		return false
	}
	if !is(sunkSuffixes) && !is(nullSuffixes) {
		return m.Rcode == dns.RcodeNameError && len(m.Answer) == 0
	}
	var want dns.RR
	switch {
	case is(nullSuffixes):
		want = record(q.name + " 60 IN MX 0 .")
	case q.qtype == dns.TypeMX:
		want = record(q.name + " 60 IN MX 10 " + q.name)
	case q.qtype == dns.TypeA:
		want = record(q.name + " 60 IN A 127.0.0.1")
	default:
		return m.Rcode == dns.RcodeSuccess && len(m.Answer) == 0
	}
	return m.Rcode == dns.RcodeSuccess && len(m.Answer) == 1 && dns.IsDuplicate(m.Answer[0], want)
}

// reason returns what the Extended DNS Errors of a reply say.
func reason(m *dns.Msg) string {
	var text []string
	if opt := m.IsEdns0(); opt != nil {
		for _, option := range opt.Option {
			if ede, ok := option.(*dns.EDNS0_EDE); ok {
				text = append(text, ede.ExtraText)
			}
		}
	}
	return strings.Join(text, " ")
}

// detail describes what was answered, for people.
func (s *sample) detail() string {
	switch {
	case s.err != nil:
		return s.err.Error()
	case s.reply != nil:
		return strings.Join(strings.Fields(s.reply.String()), " ")
	}
	return "right"
}
