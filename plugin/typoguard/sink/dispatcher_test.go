package sink

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// recorder is a DispatcherObserver that counts, and the Observer of all its sinks.
type recorder struct {
	mu     sync.Mutex
	counts map[string]int
}

func (r *recorder) count(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[string]int{}
	}
	r.counts[what]++
}

func (r *recorder) Sink(name string) Observer {
	r.count("open " + name)
	return r
}
func (r *recorder) SinkClosed(name string)           { r.count("closed " + name) }
func (r *recorder) HandoverDropped()                 { r.count("dropped") }
func (r *recorder) Late(events int)                  { r.count(fmt.Sprintf("%d late", events)) }
func (r *recorder) NotConfigured(name string)        { r.count("not configured " + name) }
func (r *recorder) NewClient(policy string)          { r.count("new client " + policy) }
func (r *recorder) CloseFailed(name string, _ error) { r.count("close failed " + name) }
func (r *recorder) Written(int)                      {}
func (r *recorder) Dropped(int)                      {}
func (r *recorder) Abandoned(int)                    {}
func (r *recorder) Failed(error)                     {}
func (r *recorder) Recovered()                       {}

// names is a Target that keeps the names in the events it gets, and whether their clients are new.
type names struct {
	mu     sync.Mutex
	got    []string
	closed error // what closing it returns
}

func (n *names) Write(_ context.Context, events []*event.Event) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range events {
		what := fmt.Sprintf("%s %d", e.Name, e.Count)
		if e.NewClient {
			what += " new"
		}
		n.got = append(n.got, what)
	}
	return len(events), nil
}

func (n *names) Close() error { return n.closed }

// config is the configuration of a sink with a target.
func config(name, settings string, target Target) *Config {
	return &Config{Name: name, Settings: settings, Open: func() (Target, error) {
		if target == nil {
			return nil, errors.New(name + " cannot be opened")
		}
		return target, nil
	}}
}

func configs(all ...*Config) map[string]*Config {
	m := map[string]*Config{}
	for _, c := range all {
		m[c.Name] = c
	}
	return m
}

func lookup(name string, to ...string) *event.Event {
	now := time.Now()
	return &event.Event{ID: name, Name: name, To: to, First: now, Last: now, Type: "MX"}
}

// TestReconfigured: events go where the configuration of the moment says, sinks that stay the same stay open, and windows stay
// open over it all.
func TestReconfigured(t *testing.T) {
	r, kept, old, next := new(recorder), new(names), new(names), new(names)
	d := NewDispatcher(r)
	require.NoError(t, d.Configure(configs(config("kept", "", kept), config("changed", "size 1", old))))
	d.Report(lookup("a.ml", "kept", "changed"))
	d.Report(lookup("a.ml", "kept", "changed"))
	require.NoError(t, d.Configure(configs(config("kept", "", nil), config("changed", "size 2", next))))
	d.Report(lookup("a.ml", "kept", "changed"))
	d.Report(lookup("b.ml", "gone"))
	d.Close()
	assert.Equal(t, []string{"a.ml 3"}, kept.got)
	assert.Empty(t, old.got)
	assert.Equal(t, []string{"a.ml 3"}, next.got)
	assert.Equal(t, map[string]int{"open kept": 1, "open changed": 2, "closed changed": 1, "not configured gone": 1}, r.counts)
}

// TestConfigureFails: a sink that cannot be opened keeps nobody else from being.
func TestConfigureFails(t *testing.T) {
	r, good := new(recorder), &names{closed: errors.New("full disk")}
	d := NewDispatcher(r)
	require.EqualError(t, d.Configure(configs(config("a", "", nil), config("b", "", good), config("c", "", nil))), "a cannot be opened\nc cannot be opened")
	d.Report(lookup("a.ml", "a", "b"))
	d.Close()
	assert.Equal(t, []string{"a.ml 1"}, good.got)
	assert.Equal(t, map[string]int{"open b": 1, "not configured a": 1, "close failed b": 1}, r.counts)
}

// TestReportNeverWaits: the query path goes on when nobody takes events any more, and what is lost is counted.
func TestReportNeverWaits(t *testing.T) {
	r := new(recorder)
	d := NewDispatcher(r)
	d.Close()
	for range HandoverSize + 10 {
		d.Report(&event.Event{})
	}
	assert.Equal(t, map[string]int{"dropped": 10}, r.counts)
	(*Dispatcher)(nil).Report(&event.Event{})
}

// TestNothingReported: a dispatcher that waits for its first event takes next to no memory.
func TestNothingReported(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d := NewDispatcher(new(recorder))
	runtime.ReadMemStats(&after)
	d.Close()
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(200<<10))
}

// slow is a Target whose closing takes until somebody lets it.
type slow struct {
	names
	closing, let chan struct{}
}

func (s *slow) Close() error {
	close(s.closing)
	<-s.let
	return nil
}

// TestReportLate: what is reported while the sinks are being closed is counted.
func TestReportLate(t *testing.T) {
	r, target := new(recorder), &slow{closing: make(chan struct{}), let: make(chan struct{})}
	d := NewDispatcher(r)
	require.NoError(t, d.Configure(configs(config("slow", "", target))))
	d.Report(lookup("a.ml", "slow"))
	var closing sync.WaitGroup
	closing.Go(d.Close)
	<-target.closing
	for range 3 {
		d.Report(lookup("b.ml", "slow"))
	}
	close(target.let)
	closing.Wait()
	assert.Equal(t, []string{"a.ml 1"}, target.got)
	assert.Equal(t, 1, r.counts["3 late"], r.counts)
}

// TestNewClients: a client counts once for each policy, and only for queries.
func TestNewClients(t *testing.T) {
	r := new(recorder)
	d := NewDispatcher(r)
	for i := range 12 {
		d.Report(&event.Event{ID: fmt.Sprint(i), Lookalike: event.Lookalike{Policy: "test"}, Client: fmt.Sprint("192.0.2.", i%3), First: time.Now()})
	}
	d.Report(&event.Event{ID: "other", Lookalike: event.Lookalike{Policy: "other"}, Client: "192.0.2.1", First: time.Now()})
	d.Report(&event.Event{ID: "smtp", Lookalike: event.Lookalike{Policy: "test"}, Client: "192.0.2.77", SMTP: new(event.SMTP)})
	d.Report(&event.Event{ID: "nobody", Lookalike: event.Lookalike{Policy: "test"}})
	d.Close()
	assert.Equal(t, map[string]int{"new client test": 3, "new client other": 1}, r.counts)
}

// TestNewClientAfterMail: the first query of a window counts, also if mail was refused before it.
func TestNewClientAfterMail(t *testing.T) {
	r, target := new(recorder), new(names)
	d := NewDispatcher(r)
	require.NoError(t, d.Configure(configs(config("sink", "", target))))
	query, mail := lookup("a.ml", "sink"), lookup("a.ml", "sink")
	query.Policy, query.Client = "test", "192.0.2.1"
	mail.Policy, mail.Client, mail.Type, mail.SMTP = "test", "192.0.2.1", "", new(event.SMTP)
	for _, e := range []*event.Event{mail, query, query, mail} {
		d.Report(e)
	}
	d.Close()
	assert.Equal(t, []string{"a.ml 4 new"}, target.got)
	assert.Equal(t, 1, r.counts["new client test"], r.counts)
}

// TestMail: the mail of a client that has queried is part of its event, and mail to a domain that looks like nothing is an event by itself.
func TestMail(t *testing.T) {
	r, sink := new(recorder), new(names)
	d := NewDispatcher(r)
	require.NoError(t, d.Configure(configs(config("sink", "", sink))))
	client, now := netip.MustParseAddr("192.0.2.1"), time.Now()
	id := d.ID(client, "a.ml", "mil", now)
	assert.Equal(t, id, d.ID(client, "a.ml", "mil", now.Add(time.Minute)))
	assert.Equal(t, event.ID(client, "a.ml", "mil", now), (*Dispatcher)(nil).ID(client, "a.ml", "mil", now))
	mail := func(name, policy string) *event.Event {
		e := lookup(name, "sink")
		e.Policy, e.Type, e.Action, e.SMTP = policy, "", event.SMTPRefused, &event.SMTP{Recipient: name}
		return e
	}
	d.Report(lookup("a.ml", "sink"))
	d.Report(mail("a.ml", "mil"))
	d.Report(mail("b.example", ""))
	d.Report(mail("b.example", ""))
	d.Close()
	assert.Equal(t, []string{"b.example 1", "b.example 1", "a.ml 2"}, sink.got)
}
