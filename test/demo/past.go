package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

const (
	host      = "resolver.demo.example"
	perHour   = 9  // events in a working hour, at most
	otherwise = 5  // and in others
	campaign  = 60 // events of the mailing list, in one hour
	idLetters = "abcdefghijklmnopqrstuvwxyz234567"
)

// makeUp writes events of the days before a moment, and what somebody has said of some of them. It returns how many there are.
func makeUp(ctx context.Context, s *site, w *world, days int, now time.Time) (made int, err error) {
	judge, err := loadPolicies(s.smtp)
	if err != nil {
		return 0, err
	}
	store, err := history.Open(historyconfig.Store{DSN: s.dsn(), Host: host})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	events := w.past(judge, days, now)
	if made, err = store.Write(ctx, events); err != nil {
		return made, err
	}
	return made, sayOf(ctx, store, events)
}

// loadPolicies returns the policies without a server. They judge the past as they do the present.
func loadPolicies(smtp string) (*typoguard.Block, error) {
	if err := dnsserver.SetDirectives([]string{"typoguard"}); err != nil {
		return nil, err
	}
	input := caddy.CaddyfileInput{Filepath: "Corefile", ServerTypeName: "dns", Contents: fmt.Appendf(nil, ".:53 {\n"+policies+"}\n", "", smtp)}
	blocks, err := typoguard.Load(input)
	if err != nil {
		return nil, err
	}
	return blocks[0], nil
}

// past returns events of some days, in their order: most people work by day, and on five days of the week.
func (w *world) past(judge *typoguard.Block, days int, now time.Time) []*event.Event {
	var events []*event.Event
	begin := now.Truncate(time.Hour).Add(-time.Duration(days) * 24 * time.Hour)
	for hour := begin; hour.Before(now); hour = hour.Add(time.Hour) {
		for range w.busy(hour) {
			at := hour.Add(time.Duration(w.random.Int64N(int64(time.Hour))))
			if at.Before(now) {
				events = append(events, w.event(judge, w.typoOrNeighbour(), at)...)
			}
		}
		if days > 9 && hour.Equal(begin.Add(time.Duration(days-9)*24*time.Hour).Add(3*time.Hour)) {
			for i := range campaign {
				at := hour.Add(time.Duration(i) * time.Minute)
				events = append(events, w.event(judge, visit{client: w.bulk, domain: fmt.Sprintf("base%d.marine.mil", i%20)}, at)...)
			}
		}
	}
	slices.SortStableFunc(events, func(a, b *event.Event) int { return a.First.Compare(b.First) })
	return events
}

// typoOrNeighbour returns what makes an event.
func (w *world) typoOrNeighbour() visit {
	switch p := w.random.IntN(1000); {
	case p < 60:
		return visit{client: w.anybody(), domain: w.pick(neighbours)}
	case p < 80:
		return visit{client: w.bulk, domain: "marine.mil"}
	}
	return w.typo(w.anybody())
}

// busy returns how many events there are in an hour.
func (w *world) busy(hour time.Time) int {
	most := perHour
	if h := hour.Hour(); h < 7 || h >= 19 {
		most = otherwise
	}
	if day := hour.Weekday(); day == time.Saturday || day == time.Sunday {
		most = otherwise
	}
	return w.random.IntN(most + 1)
}

// event returns what the policies make of a visit: no event, or one, with the mail that the sinkhole refused.
func (w *world) event(judge *typoguard.Block, v visit, at time.Time) []*event.Event {
	d := judge.Judge(&policy.Query{
		Name: v.domain + ".", Type: dns.TypeMX, Client: func() *policy.Client { return policy.ClientAt(v.address) }, Candidates: true,
	})
	if d.Verdict != policy.Lookalike {
		return nil
	}
	tries := 1 + w.random.IntN(3)
	e := &event.Event{
		ID: w.id(), First: at, Last: at.Add(time.Duration(tries-1) * 40 * time.Second), Count: 3 * tries, Client: v.address.String(),
		Lookalike: d.Lookalike, Action: d.Policy.Action.String(), Mode: d.Mode.String(),
		Candidates: d.Others(len(d.Candidates)), Name: v.domain, Question: v.domain, Type: "MX", Types: []string{"MX", "A", "AAAA"}, ResponseCode: "NXDOMAIN",
		Server: "dns://127.0.0.1:53",
	}
	if !v.mail {
		e.Type, e.Types = "HTTPS", []string{"HTTPS", "A", "AAAA"}
	}
	switch {
	case e.Mode == "monitor":
		e.ResponseCode = ""
	case e.Action == "sinkhole":
		e.ResponseCode = dns.RcodeToString[dns.RcodeSuccess]
	}
	if e.Action != "sinkhole" || !v.mail {
		return []*event.Event{e}
	}
	e.SMTP = &event.SMTP{Helo: v.name, Sender: "corp.example", Recipient: v.domain, TLS: true}
	e.Parts = append(e.AllParts(), event.Part{SMTP: e.SMTP, Count: 1, First: at, Last: at})
	e.Action, e.Count = event.SMTPRefused, e.Count+1
	return []*event.Event{e}
}

// id returns one as events have it.
func (w *world) id() string {
	id := make([]byte, 10)
	for i := range id {
		id[i] = idLetters[rand.IntN(len(idLetters))]
	}
	return string(id)
}

// sayOf reviews what is older than some days, but for some of it.
func sayOf(ctx context.Context, store *history.Store, events []*event.Event) error {
	said := map[string]bool{}
	for i, e := range events {
		if said[e.Name] || i > 2*len(events)/3 || e.Count%2 == 0 {
			continue
		}
		said[e.Name] = true
		r := history.Review{State: history.StateConfirmed, Reviewer: "demo", All: true}
		if slices.Contains(neighbours, e.Name) {
			r.State, r.Note = history.StateFalsePositive, "We do write to them. To be allowed."
		}
		if _, err := store.Review(ctx, e.ID, r); err != nil {
			return err
		}
	}
	return nil
}
