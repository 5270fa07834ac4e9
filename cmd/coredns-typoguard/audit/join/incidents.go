// Package join links the events that a server wrote to the messages in the logs of mail servers: who wrote to whom, what became of it, and
// whether a corrected copy was sent afterwards.
//
// An event is of a name and a time, and has the address of the mail server's host; a log has no more than the domain of the recipient and the
// time. So a message belongs to the event of its domain that is nearest in time. What is not covered: two hosts that query for the
// same name in the same seconds, whose messages belong to the events of both.
package join

import (
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

// incident returns the event in a line. It reports false for one that no query led to.
func (l *line) incident() (*Incident, bool) {
	if (&event.Event{Action: l.Action}).Watched() {
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

// Load reads the events in files, each a line of JSON, that were between two times in seconds since 1970; 0 is without bound. A "-" is
// standard input.
func (j *Join) Load(paths []string, stdin io.Reader, since, until int64) error {
	known := map[string]*Incident{}
	for _, path := range paths {
		err := input.Each(path, stdin, nil, func(log *input.Log) error { return j.loadEach(log, known, since, until) })
		if err != nil {
			return err
		}
	}
	if j.loaded == 0 {
		return fmt.Errorf("%s: no event; expected lines of JSON, as events writes them", strings.Join(paths, ", "))
	}
	j.index()
	return nil
}

// loadEach reads the events of one file.
func (j *Join) loadEach(log *input.Log, known map[string]*Incident, since, until int64) error {
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
		var l line
		if json.Unmarshal(text, &l) != nil || l.ID == "" || l.Lookalike == "" || l.Start.IsZero() {
			j.unread++
			continue
		}
		j.loaded++
		i, ok := l.incident()
		if !ok || i.Last < since || until != 0 && i.First >= until {
			continue
		}
		if before := known[i.ID]; before != nil { // written again, with its repeats
			before.First, before.Last = min(before.First, i.First), max(before.Last, i.Last)
			continue
		}
		if len(j.Incidents) == maxEvents {
			return fmt.Errorf("%s: more than %d events; expected fewer, between -since and -until", log.Name, maxEvents)
		}
		known[i.ID] = i
		j.Incidents = append(j.Incidents, i)
	}
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
