package watch

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// engine returns a judge by the engine.
func engine(t *testing.T, suffixes ...string) func(string) (event.Lookalike, bool) {
	t.Helper()
	var entries []match.Entry
	for _, suffix := range suffixes {
		entries = append(entries, match.Entry{Suffix: suffix, Distance: 1, Kinds: match.DefaultKinds, Keyboard: match.QWERTY})
	}
	index, err := match.Compile(entries, nil)
	require.NoError(t, err)
	var b match.Buffer
	return func(name string) (event.Lookalike, bool) {
		found := index.Lookup(name, &b)
		if len(found.Matches) == 0 {
			return event.Lookalike{}, false
		}
		m := &found.Matches[0]
		return event.Lookalike{Protected: m.Suffix, Intended: m.Intended(name), Kind: m.Kind.String(), Distance: m.Distance, Policy: "p"}, true
	}
}

// namesOf returns the names of neighbours.
func namesOf(all []Name) []string {
	var names []string
	for i := range all {
		names = append(names, all[i].Name)
	}
	return names
}

func TestNeighbours(t *testing.T) {
	suffixes := []string{"mail.moedef.de", "moedef.de", "nato.int", "mil"}
	found := Neighbours(suffixes, engine(t, suffixes...))
	names := namesOf(found)
	for _, name := range []string{"moedef.dk", "omedef.de", "medef.de", "moeedef.de", "moeddf.de", "naot.int", "nato.in"} {
		assert.Contains(t, names, name)
	}
	for _, name := range []string{"moedef.de", "moedef.dx", "nato.int", "ml", "-oedef.de", "mial.moedef.de"} {
		assert.NotContains(t, names, name)
	}
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names))
	assert.LessOrEqual(t, len(names), 2*maxOfSuffix)
	likeliest := namesOf(Likeliest(found))
	at := func(name string) int { return slices.Index(likeliest, name) }
	assert.Less(t, at("moedef.dk"), at("omedef.de"))
	assert.Less(t, at("naot.int"), at("medef.de"), "of all suffixes alike")
	assert.Less(t, at("medef.de"), at("moeedef.de"))
	assert.Less(t, at("moeedef.de"), at("moeddf.de"))
}

// TestNeighboursAreBounded: however many suffixes there are.
func TestNeighboursAreBounded(t *testing.T) {
	var suffixes []string
	for i := range MaxSuffixes + 5 {
		suffixes = append(suffixes, fmt.Sprintf("%dpartner.de", i))
	}
	found := Neighbours(suffixes, func(string) (event.Lookalike, bool) { return event.Lookalike{Kind: "omission"}, true })
	assert.LessOrEqual(t, len(found), MaxNames)
	assert.Greater(t, len(found), MaxNames/2)
	assert.Equal(t, MaxNames, len(Likeliest(slices.Concat(found, found)))) //nolint:testifylint // which prints 20,000 names
}

func TestMemory(t *testing.T) {
	absent, exists := State{}, State{Exists: true}
	mail := func(host string) State { return State{Exists: true, Host: host} }
	for _, tt := range []struct {
		name   string
		states []State
		want   Change
	}{
		{"seen for the first time", []State{mail("mx.example.com")}, None},
		{"begins to exist", []State{absent, exists}, Registered},
		{"begins to exist with mail", []State{absent, mail("mx.example.com")}, TakesMail},
		{"gets mail", []State{exists, mail("mx.example.com")}, TakesMail},
		{"stays", []State{mail("mx.example.com"), mail("mx.example.com")}, None},
		{"ends", []State{mail("mx.example.com"), absent}, None},
		{"loses its mail", []State{mail("mx.example.com"), exists}, None},
		{"moves to where few are", []State{mail("mx.example.com"), mail("mx.example.net")}, None},
		{"moves to where many are", []State{mail("mx.example.com"), mail("mx9.squats.com")}, MovedMail},
		{"moves there within the domain", []State{mail("mx8.squats.com"), mail("mx9.squats.com")}, None},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := NewMemory()
			for i := range many - 1 {
				m.Learn("p", fmt.Sprint(i), mail(fmt.Sprintf("mx%d.squats.com", i)))
			}
			var got Change
			for _, s := range tt.states {
				got = m.Learn("p", "name", s)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestMemoryIsBounded: what is forgotten no longer counts.
func TestMemoryIsBounded(t *testing.T) {
	m := NewMemory()
	for i := range MaxNames + 100 {
		m.Learn("p", fmt.Sprint(i), State{Exists: true, Host: fmt.Sprintf("mx.host%d.com", i)})
	}
	assert.Equal(t, MaxNames, m.Len())
	assert.Len(t, m.served, MaxNames)
}

// TestMemoryOfSeveral: watchers do not take each other's room.
func TestMemoryOfSeveral(t *testing.T) {
	m := NewMemory()
	m.Resize(2)
	for i := range MaxNames {
		m.Learn("p", fmt.Sprint(i), State{})
		m.Learn("q", fmt.Sprint(i), State{})
	}
	assert.Equal(t, Registered, m.Learn("p", "0", State{Exists: true}))
	m.Resize(1)
	assert.Equal(t, MaxNames, m.Len())
}

// TestServedOnce: a name that several policies watch is one name.
func TestServedOnce(t *testing.T) {
	m := NewMemory()
	for i := range many {
		m.Learn(fmt.Sprint(i), "name", State{Exists: true, Host: "mx.squats.com"})
	}
	m.Learn("p", "other", State{Exists: true, Host: "mx.example.com"})
	assert.Equal(t, None, m.Learn("p", "other", State{Exists: true, Host: "mx.squats.com"}))
	for i := range many {
		m.Learn(fmt.Sprint(i), "name", State{})
	}
	assert.Len(t, m.served["squats.com"], 1)
}

// seen is an Observer that remembers.
type seen struct {
	mu      sync.Mutex
	results []Result
	changes []string
}

func (s *seen) LookedUp(r Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = append(s.results, r)
}

func (s *seen) Changed(n *Name, c Change, now State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes = append(s.changes, n.Name+" "+string(c)+" "+now.Host)
}

// TestRun: one name after the other is looked up, never faster than one a second, and all within a round.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		names int
		took  time.Duration // about, for all of them
	}{
		{3, round}, {int(round/time.Second) + 1000, round + 1000*time.Second},
	} {
		t.Run(fmt.Sprint(tt.names), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				names := make([]Name, tt.names)
				lookups, start := 0, time.Now()
				var last time.Time
				w := &Watcher{Names: func() []Name { return names }, Memory: NewMemory(), Observer: new(seen), Lookup: func(context.Context, string, uint16) *dns.Msg {
					if lookups++; lookups > 1 {
						assert.GreaterOrEqual(t, time.Since(last), minInterval/2)
					}
					if last = time.Now(); lookups == tt.names {
						stop()
					}
					return nil
				}}
				w.Run(ctx)
				assert.Equal(t, tt.names, lookups)
				assert.InEpsilon(t, tt.took.Seconds(), time.Since(start).Seconds(), 0.6)
			})
		})
	}
}

// TestRunWithoutNames: where there is nothing to watch, nothing spins, and what comes later is seen soon.
func TestRunWithoutNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		began, asked := time.Now(), 0
		names := func() []Name {
			if asked++; time.Since(began) < time.Hour {
				return nil
			}
			stop()
			return []Name{{Name: "medef.de"}}
		}
		(&Watcher{Names: names, Memory: NewMemory()}).Run(ctx)
		assert.Equal(t, 61, asked)
	})
}

// TestLook looks names up on a real name server, before and after their owners change something.
func TestLook(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	var mu sync.Mutex
	records := map[string]string{}
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		mu.Lock()
		defer mu.Unlock()
		m := new(dns.Msg).SetReply(r)
		text, ok := records[r.Question[0].Name]
		if !ok {
			m.Rcode = dns.RcodeNameError
		}
		if text == "broken" {
			m.Rcode, text = dns.RcodeServerFailure, ""
		}
		for line := range strings.Lines(text) {
			rr, err := dns.NewRR(line)
			if assert.NoError(t, err) {
				m.Answer = append(m.Answer, rr)
			}
		}
		_ = w.WriteMsg(m)
	})
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, Handler: handler, NotifyStartedFunc: func() { close(started) }}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.ActivateAndServe() })
	t.Cleanup(func() { require.NoError(t, server.Shutdown()); serving.Wait() })
	<-started

	s := new(seen)
	w := &Watcher{Memory: NewMemory(), Observer: s, Lookup: func(ctx context.Context, domain string, qtype uint16) *dns.Msg {
		reply, _, err := new(dns.Client).ExchangeContext(ctx, new(dns.Msg).SetQuestion(domain, qtype), conn.LocalAddr().String())
		if err != nil {
			return nil
		}
		return reply
	}}
	n := &Name{Name: "medef.de", Lookalike: event.Lookalike{Policy: "p"}}
	for _, step := range []struct {
		records string // "" is no such name
		result  Result
		changes []string
	}{
		{"", Absent, nil},
		{"broken", Failed, nil},
		{"medef.de. 60 IN MX 0 .", Exists, []string{"medef.de lookalike-registered "}},
		{"medef.de. 60 IN MX 20 b.mx.example.\nmedef.de. 60 IN MX 10 A.mx.example.", Mail, []string{"medef.de lookalike-takes-mail a.mx.example"}},
		{"broken", Failed, nil},
		{"medef.de. 60 IN MX 10 A.mx.example.", Mail, nil},
	} {
		mu.Lock()
		if delete(records, "medef.de."); step.records != "" {
			records["medef.de."] = step.records
		}
		mu.Unlock()
		s.changes = nil
		w.look(t.Context(), n)
		assert.Equal(t, step.result, s.results[len(s.results)-1], step.records)
		assert.Equal(t, step.changes, s.changes, step.records)
	}
}
