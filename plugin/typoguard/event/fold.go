package event

import (
	"slices"
	"time"
)

// SettleTime is how long an event waits for related lookups before it is first written: a mail server queries MX, A and AAAA
// within that time. A process that is killed loses the events of that time.
const SettleTime = time.Second

// Folder folds repeats into one event. An event is written once it has settled, and again, with all repeats counted, if any came
// before its window ended. A Folder is not safe for concurrent use.
type Folder struct {
	open map[string]*fold // by ID
	most int
}

// fold is an event whose window has not ended.
type fold struct {
	Event
	written int // the count last written
}

// NewFolder returns a folder with room for a number of open windows.
func NewFolder(most int) *Folder {
	return &Folder{open: map[string]*fold{}, most: most}
}

// Has reports whether the window of an event is open.
func (f *Folder) Has(id string) bool { return f.open[id] != nil }

// Add adds a single occurrence of an event. It reports false if too many windows are open: then the caller must write the event by
// itself.
func (f *Folder) Add(e *Event) bool {
	if known := f.open[e.ID]; known != nil {
		known.repeat(e)
		return true
	}
	if len(f.open) >= f.most {
		return false
	}
	f.open[e.ID] = &fold{Event: *Single(e)}
	return true
}

// Single returns a single occurrence as an event ready to be written.
func Single(e *Event) *Event {
	single := *e
	single.Count = 1
	if e.Type != "" {
		single.Types = []string{e.Type}
	}
	return &single
}

// repeat adds a repeat.
func (f *fold) repeat(e *Event) {
	f.Count++
	if e.Last.After(f.Last) {
		f.Last = e.Last
	}
	if !slices.Contains(f.Types, e.Type) {
		f.Types = append(f.Types, e.Type)
	}
}

// Due returns the events to write now, earliest first. The caller owns them.
func (f *Folder) Due(now time.Time) []*Event {
	var due []*Event
	for id, fold := range f.open {
		age := now.Sub(fold.First)
		ended := age >= Window
		if age >= SettleTime && (fold.written == 0 || (ended && fold.written < fold.Count)) {
			due = append(due, fold.snapshot())
		}
		if ended {
			delete(f.open, id)
		}
	}
	return sorted(due)
}

// Close ends all windows, and returns the events still to be written.
func (f *Folder) Close() []*Event {
	var rest []*Event
	for _, fold := range f.open {
		if fold.written < fold.Count {
			rest = append(rest, fold.snapshot())
		}
	}
	clear(f.open)
	return sorted(rest)
}

// snapshot returns the current state of the event, and marks it as written.
func (f *fold) snapshot() *Event {
	f.written = f.Count
	e := f.Event
	e.Types = slices.Clone(f.Types)
	return &e
}

func sorted(events []*Event) []*Event {
	slices.SortFunc(events, func(a, b *Event) int { return a.First.Compare(b.First) })
	return events
}
