//go:build e2e

package soak_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// mood is how an upstream answers.
type mood int32

const (
	honest mood = iota
	silent
	slow
	lying
	truncating
	refusing
)

// longestPause is how long a slow upstream takes at the most: more than forward waits for it.
const longestPause = 3 * time.Second

// upstream is a name server of the Internet. It answers every question.
type upstream struct {
	address string
	mood    atomic.Int32
	asked   atomic.Int64 // questions

	udp, tcp *dns.Server
	running  sync.WaitGroup
	ended    context.Context // of pauses
	end      context.CancelFunc
}

// start starts answering at its address.
func (u *upstream) start() error {
	listener, err := net.Listen("tcp", u.address)
	if err != nil {
		return err
	}
	packets, err := net.ListenPacket("udp", u.address)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	u.ended, u.end = context.WithCancel(context.Background())
	u.udp = &dns.Server{PacketConn: packets, Handler: u}
	u.tcp = &dns.Server{Listener: listener, Handler: u, MaxTCPQueries: -1}
	for _, server := range []*dns.Server{u.udp, u.tcp} {
		var started sync.WaitGroup
		started.Add(1)
		server.NotifyStartedFunc = started.Done
		u.running.Go(func() { _ = server.ActivateAndServe() }) // ends with an error when it is shut down
		started.Wait()
	}
	return nil
}

// stop closes the ports: whoever asks is refused by the kernel.
func (u *upstream) stop() error {
	u.end()
	err := errors.Join(u.udp.Shutdown(), u.tcp.Shutdown())
	u.running.Wait()
	return err
}

// be changes the mood.
func (u *upstream) be(m mood) { u.mood.Store(int32(m)) }

// ServeDNS implements dns.Handler.
func (u *upstream) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	u.asked.Add(1)
	m := answer(r)
	switch mood(u.mood.Load()) {
	case silent:
		return
	case slow:
		timer := time.NewTimer(rand.N(longestPause))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-u.ended.Done():
			return
		}
	case lying:
		if lie(w, m) {
			return
		}
	case truncating:
		if _, overUDP := w.RemoteAddr().(*net.UDPAddr); overUDP {
			m.Truncated, m.Answer, m.Ns, m.Extra = true, nil, nil, nil
		}
	case refusing:
		m.Rcode, m.Answer = pick(newRandom(), dns.RcodeServerFailure, dns.RcodeRefused), nil
	case honest:
	}
	_ = w.WriteMsg(m) // a client that is gone gets no answer
}

// newRandom returns a source that nobody else uses.
func newRandom() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) }

// answer returns the true reply to a query.
func answer(r *dns.Msg) *dns.Msg {
	q := r.Question[0]
	m := new(dns.Msg).SetReply(r)
	m.RecursionAvailable = true
	name := strings.ToLower(q.Name)
	switch {
	case name == ".":
		m.Answer = []dns.RR{record(". 60 IN NS ns.root.example.")}
	case isStranger(name):
		m.Answer = []dns.RR{strangersRecord(q.Name, q.Qtype)}
		if q.Qtype == dns.TypeMX {
			m.Extra = append(m.Extra, record("mx.stranger.example. 60 IN A 198.51.100.66"))
		}
	case strings.HasSuffix(name, ".alias.example."):
		target := strings.TrimSuffix(name, "alias.example.") + "army.ml."
		m.Answer = []dns.RR{record(q.Name + " 60 IN CNAME " + target)}
		if q.Qtype != dns.TypeCNAME {
			m.Answer = append(m.Answer, strangersRecord(target, q.Qtype))
		}
	default:
		m.Answer = []dns.RR{expected(q.Name, q.Qtype)}
	}
	if opt := r.IsEdns0(); opt != nil {
		m.SetEdns0(dns.DefaultMsgSize, opt.Do())
	}
	return m
}

// lie makes a reply a lie, of a kind that happens to be, or writes something else in its place, and says so.
func lie(w dns.ResponseWriter, m *dns.Msg) (written bool) {
	switch rand.IntN(7) {
	case 0: // of the stranger's address, unasked
		m.Extra = append(m.Extra, record("mx.army.ml. 3600 IN A 198.51.100.66"), record("army.ml. 3600 IN MX 10 mx.stranger.example."))
	case 1: // of a zone that it has nothing to do with
		m.Ns = append(m.Ns, record("army.ml. 3600 IN NS ns.stranger.example."))
	case 2:
		m.Id++
	case 3:
		m.Question[0].Name = "other.example."
	case 4:
		_, _ = w.Write([]byte("\x00\x01no message at all"))
		return true
	case 5: // half of it
		wire, err := m.Pack()
		if err == nil {
			_, _ = w.Write(wire[:len(wire)/2])
		}
		return true
	}
	return false
}
