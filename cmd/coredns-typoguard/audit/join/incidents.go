// Package join links the events that a server wrote to the messages in the logs of mail servers: who wrote to whom, what became of it, and
// whether a corrected copy was sent afterwards.
//
// An event is of a name and a time, and has the address of the mail server's host; a log has no more than the domain of the recipient and the
// time. So a message belongs to the event of its domain that is nearest in time. What is not covered: two hosts that query for the
// same name in the same seconds, whose messages belong to the events of both.
package join

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/input"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// maxEvents is how many events there may be. With their messages they take some 12 MB.
const maxEvents = 20_000

// Incident is an event, with the messages that belong to it.
type Incident struct {
	// ID is that of the event, which the sender's bounce has, too.
	ID string `json:"id"`
	// Name is the lookalike, and Domain the domain of the recipients, which differs if a record of that led to the lookalike.
	Name     string `json:"name"`
	Domain   string `json:"domain"`
	Intended string `json:"intended,omitempty"`
	Policy   string `json:"policy,omitempty"`
	Mode     string `json:"mode,omitempty"`
	Action   string `json:"action,omitempty"`
	Client   string `json:"client,omitempty"`
	// First and Last are in seconds since 1970.
	First int64 `json:"-"`
	Last  int64 `json:"-"`
	// Messages are those that there was room for, and Others counts tries of further ones.
	Messages []Message `json:"messages"`
	Others   int64     `json:"other_tries,omitempty"`
}

// line is what an event has in its JSON.
type line struct {
	ID        string    `json:"typoguard.id"`
	Lookalike string    `json:"typoguard.lookalike"`
	Record    string    `json:"typoguard.record"`
	Question  string    `json:"dns.question.name"`
	Intended  string    `json:"typoguard.intended"`
	Policy    string    `json:"typoguard.policy"`
	Mode      string    `json:"typoguard.mode"`
	Action    string    `json:"event.action"`
	Client    string    `json:"client.ip"`
	Start     time.Time `json:"event.start"`
	End       time.Time `json:"event.end"`
}

// incident returns the event in a line. It reports false for one that no query led to, and for mail to an address literal that a listener
// refused: neither has a domain to find in a log.
func (l *line) incident() (*Incident, bool) {
	if l.Lookalike == "" || (&event.Event{Action: l.Action}).Watched() {
		return nil, false
	}
	i := &Incident{
		ID: l.ID, Name: l.Lookalike, Domain: l.Lookalike, Intended: l.Intended, Policy: l.Policy, Mode: l.Mode, Action: l.Action, Client: l.Client,
		First: l.Start.Unix(), Last: l.End.Unix(),
	}
	if l.Record != "" { // the intended name is that of the record's target
		i.Domain, i.Intended = strings.ToLower(strings.TrimSuffix(l.Question, ".")), ""
	}
	return i, true
}

// Wanted says which events are read: those that were between two times in seconds since 1970, where 0 is without bound, and that have one of
// some ids, if there are any.
type Wanted struct {
	Since, Until int64
	IDs          []string
}

// loading is what is read, by id.
type loading struct {
	Wanted
	known map[string]*Incident
}

// Load reads the events in files, each a line of JSON, and in histories. A "-" is standard input.
func (j *Join) Load(ctx context.Context, sources []string, stdin io.Reader, wanted Wanted) error {
	l := &loading{wanted, map[string]*Incident{}}
	for _, source := range sources {
		var err error
		if isHistory(source) {
			err = j.loadHistory(ctx, source, l)
		} else {
			err = input.Each(source, stdin, nil, func(log *input.Log) error { return j.loadEach(log, l) })
		}
		if err != nil {
			return err
		}
	}
	for _, id := range wanted.IDs {
		if l.known[id] == nil {
			return fmt.Errorf("%s: no event %q that is a query for a lookalike", names(sources), id)
		}
	}
	if j.loaded == 0 {
		return fmt.Errorf("%s: no event; expected lines of JSON, as events writes them, or a history", names(sources))
	}
	j.index()
	return nil
}

// loadEach reads the events of one file.
func (j *Join) loadEach(log *input.Log, l *loading) error {
	for {
		text, err := log.Next()
		switch {
		case errors.Is(err, io.EOF):
			j.unread += log.TooLong
			return nil
		case err != nil:
			return err
		case len(text) == 0:
			continue
		}
		var e line
		if json.Unmarshal(text, &e) != nil || e.ID == "" || e.Lookalike == "" && e.Action != event.SMTPRefused || e.Start.IsZero() {
			j.unread++
			continue
		}
		if len(l.IDs) > 0 && !slices.Contains(l.IDs, e.ID) {
			j.loaded++
			continue
		}
		if err := j.take(log.Name, &e, l); err != nil {
			return err
		}
	}
}

// take takes an event, if it is wanted.
func (j *Join) take(source string, e *line, l *loading) error {
	j.loaded++
	i, ok := e.incident()
	if !ok || i.Last < l.Since || l.Until != 0 && i.First >= l.Until {
		return nil
	}
	if before := l.known[i.ID]; before != nil { // written again, with its repeats
		before.First, before.Last = min(before.First, i.First), max(before.Last, i.Last)
		return nil
	}
	if len(j.Incidents) == maxEvents {
		return fmt.Errorf("%s: more than %d events; expected fewer, between -since and -until", source, maxEvents)
	}
	l.known[i.ID] = i
	j.Incidents = append(j.Incidents, i)
	return nil
}

// index makes the events be found by the domain of a recipient.
func (j *Join) index() {
	slices.SortStableFunc(j.Incidents, func(a, b *Incident) int { return int(a.First - b.First) })
	for _, i := range j.Incidents {
		t := j.targets[i.Domain]
		if t == nil {
			t = &target{}
			j.targets[i.Domain] = t
		}
		t.incidents = append(t.incidents, i)
		t.longest = max(t.longest, i.Last-i.First)
		if i.Intended != "" {
			j.corrections.expect(i)
		}
	}
}
