package event

import (
	"slices"
	"strings"
	"time"
)

// maxParts is how many parts of an event are told apart. What comes beyond that is only counted, as its rest.
const maxParts = 16

// Part is a part of an event: queries that are alike, or refusals of mail that is alike.
type Part struct {
	// ID is the id that the part was given out with, if that is not the event's, by the resolver Host: another one, or the same before it
	// was restarted. Only a history finds out that such parts belong together.
	ID   string `json:"id,omitempty"`
	Host string `json:"host,omitempty"`
	// Type is the query type; "" for mail. Via, Question and Record are those of an Event, but Question is "" if there is no Record.
	Type     string `json:"type,omitempty"`
	Via      string `json:"via,omitempty"`
	Question string `json:"question,omitempty"`
	Record   string `json:"record,omitempty"`
	// SMTP is the mail that an SMTP listener refused; nil for queries.
	SMTP *SMTP `json:"smtp,omitempty"`
	// Rest says that the part is all that is not told apart.
	Rest bool `json:"rest,omitempty"`
	// Count is the number of occurrences, First and Last are the times of the first and last one.
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// isOf reports whether an event, that nobody has folded, is more of the same part.
func (p *Part) isOf(e *Event) bool {
	return p.Type == e.Type && p.Via == e.Via && p.Record == e.Record && (p.Record == "" || p.Question == e.Question) && !p.Rest && isSameMail(p.SMTP, e.SMTP)
}

func isSameMail(a, b *SMTP) bool { return a == b || (a != nil && b != nil && *a == *b) }

// AllParts returns the parts of an event. An event that nobody has folded has one, of all its query types.
func (e *Event) AllParts() []Part {
	parts := slices.Clone(e.Parts)
	if len(parts) == 0 {
		parts = []Part{e.part()}
	}
	for i, p := range parts {
		parts[i].First, parts[i].Last = inMillis(p.First), inMillis(p.Last)
	}
	return parts
}

// part returns the event as a part, with times that are not yet as they are encoded.
func (e *Event) part() Part {
	p := Part{Via: e.Via, Record: e.Record, SMTP: e.SMTP, Count: e.Count, First: e.First, Last: e.Last}
	if p.Type = e.Type; len(e.Types) > 0 {
		p.Type = strings.Join(e.Types, " ")
	}
	if e.Record != "" {
		p.Question = e.Question
	}
	return p
}

// inMillis returns a time as it is encoded.
func inMillis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// addPart adds a single occurrence to its part, which may be new, or to the rest unless there is room, and reports whether that made one more.
func (e *Event) addPart(other *Event, room bool) (more bool) {
	for i := range e.Parts {
		if e.Parts[i].isOf(other) {
			e.Parts[i].repeat(other)
			return false
		}
	}
	if room {
		e.Parts = append(e.Parts, Single(other).Parts[0])
		return true
	}
	i := slices.IndexFunc(e.Parts, func(p Part) bool { return p.Rest })
	if i < 0 {
		e.Parts = append(e.Parts, Part{Rest: true, Count: 1, First: other.First, Last: other.Last})
		return true
	}
	e.Parts[i].repeat(other)
	return false
}

// repeat counts one more occurrence.
func (p *Part) repeat(e *Event) {
	p.Count++
	if e.Last.After(p.Last) {
		p.Last = e.Last
	}
}

// Refusals returns how many recipients were refused, as far as the parts tell.
func (e *Event) Refusals() (n int) {
	for _, p := range e.Parts {
		if p.SMTP != nil {
			n += p.Count
		}
	}
	if len(e.Parts) == 0 && e.SMTP != nil {
		n = e.Count
	}
	return n
}

// Join makes the event one with another event of the same client, name and policy, except for the numbers and the parts. The event then
// has the action and mode that say most of what happened: mail that was refused, then what was enforced.
func (e *Event) Join(other *Event) {
	if other.Last.After(e.Last) {
		e.Last = other.Last
	}
	e.NewClient = e.NewClient || other.NewClient
	for _, name := range other.To {
		if !slices.Contains(e.To, name) {
			e.To = append(slices.Clip(e.To), name)
		}
	}
	e.addType(other.Type)
	for _, t := range other.Types {
		e.addType(t)
	}
	if e.Type == "" && other.Type != "" {
		e.takeQuery(other)
	}
	switch {
	case e.SMTP == nil && other.SMTP != nil:
		e.SMTP, e.Action = other.SMTP, SMTPRefused
		if other.Enforced() {
			e.Mode = other.Mode
		}
	case !e.Enforced() && other.Enforced():
		e.Mode = other.Mode
		if e.SMTP == nil {
			e.Action, e.ResponseCode = other.Action, other.ResponseCode
		}
	}
}

// takeQuery takes over what only queries have.
func (e *Event) takeQuery(other *Event) {
	e.Type, e.Question, e.Record, e.ResponseCode, e.Counterpart = other.Type, other.Question, other.Record, other.ResponseCode, other.Counterpart
	e.Via, e.Server, e.View = other.Via, other.Server, other.View
	if len(e.Candidates) == 0 {
		e.Candidates = other.Candidates
	}
}

// addType adds a query type; "" is none.
func (e *Event) addType(t string) {
	if t != "" && !slices.Contains(e.Types, t) {
		e.Types = append(slices.Clip(e.Types), t)
	}
}
