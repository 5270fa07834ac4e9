package history

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// storedPart is a part of an event as a column has it, which is mostly the same three query types: its times are milliseconds after the
// event's first.
type storedPart struct {
	ID       string      `json:"id,omitempty"`
	Host     string      `json:"host,omitempty"`
	Type     string      `json:"type,omitempty"`
	Via      string      `json:"via,omitempty"`
	Question string      `json:"question,omitempty"`
	Record   string      `json:"record,omitempty"`
	SMTP     *event.SMTP `json:"smtp,omitempty"`
	Rest     bool        `json:"rest,omitempty"`
	Count    int         `json:"count"`
	First    int64       `json:"first,omitempty"`
	Last     int64       `json:"last,omitempty"`
}

// encodeParts returns the parts of an event as text; "" for a single one, which says nothing that other columns do not.
func encodeParts(e *event.Event) (string, error) {
	if len(e.Parts) < 2 {
		return "", nil
	}
	begin := e.First.UnixMilli()
	all := make([]storedPart, len(e.Parts))
	for i, p := range e.Parts {
		all[i] = storedPart{p.ID, p.Host, p.Type, p.Via, p.Question, p.Record, p.SMTP, p.Rest, p.Count, p.First.UnixMilli() - begin, p.Last.UnixMilli() - begin}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("encoding the parts of event %s: %w", e.ID, err)
	}
	return clean(string(text)), nil
}

// decodeParts sets the parts of an event from text.
func decodeParts(e *event.Event, text string) error {
	if text == "" {
		return nil
	}
	var all []storedPart
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return fmt.Errorf("decoding the parts of event %s: %w", e.ID, err)
	}
	for _, p := range all {
		at := func(after int64) time.Time { return fromMillis(e.First.UnixMilli() + after) }
		e.Parts = append(e.Parts, event.Part{
			ID: p.ID, Host: p.Host, Type: p.Type, Via: p.Via, Question: p.Question, Record: p.Record, SMTP: p.SMTP, Rest: p.Rest,
			Count: p.Count, First: at(p.First), Last: at(p.Last),
		})
	}
	return nil
}
