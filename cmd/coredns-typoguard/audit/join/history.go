package join

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// isHistory reports whether a source is a history, and not a file.
func isHistory(source string) bool { return strings.Contains(source, "://") }

// names returns the names of sources, without passwords.
func names(sources []string) string {
	var all []string
	for _, source := range sources {
		if name, err := history.Check(source); err == nil {
			source = name
		}
		all = append(all, source)
	}
	return strings.Join(all, ", ")
}

// loadHistory reads the events of a history, which it does not change.
func (j *Join) loadHistory(ctx context.Context, dsn string, l *loading) error {
	name, err := history.Check(dsn)
	if err != nil {
		return err
	}
	s, err := history.OpenToRead(dsn)
	if err != nil {
		return err
	}
	take := func(e *history.Event) error { return j.take(name, lineOf(&e.Event), l) }
	if len(l.IDs) > 0 {
		err = l.eachOf(ctx, s, take)
	} else {
		err = s.Each(ctx, l.filter(), take)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// eachOf calls do with the events that have the ids, as far as they exist.
func (l *loading) eachOf(ctx context.Context, s *history.Store, do func(*history.Event) error) error {
	for _, id := range l.IDs {
		d, err := s.Event(ctx, id)
		if errors.Is(err, history.ErrUnknown) {
			continue // another source may have it
		}
		if err == nil {
			err = do(&d.Event)
		}
		if err != nil {
			return err
		}
		if found := l.known[d.ID]; found != nil {
			l.known[id] = found
		}
	}
	return nil
}

// filter selects the events that may be wanted: those that began earlier may have been repeated for an event.Window, also by what was merged into
// them, which began less than another one later.
func (l *loading) filter() history.Filter {
	var f history.Filter
	if l.Since != 0 {
		f.From = time.Unix(l.Since, 0).Add(-2 * event.Window)
	}
	if l.Until != 0 {
		f.Until = time.Unix(l.Until, 0)
	}
	return f
}

// lineOf returns what is used of an event.
func lineOf(e *event.Event) *line {
	return &line{
		ID: e.ID, Lookalike: e.Name, Record: e.Record, Question: e.Question, Intended: e.Intended, Policy: e.Policy, Mode: e.Mode, Action: e.Action,
		Client: e.Client, Start: e.First, End: e.Last,
	}
}
