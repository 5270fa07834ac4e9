package event

import (
	"slices"
	"time"
)

// SettleTime is how long an event waits for related lookups before it is first written: a mail server queries MX, A and AAAA
// within that time. A process that is killed loses the events of that time.
const SettleTime = time.Second

// Folder folds repeats into one event. An event is written once it has settled, and again, with all repeats counted, if any came
// before its window ended, or soon if mail was refused that was not known before. A Folder is not safe for concurrent use.
type Folder struct {
	open  map[string]*fold // by ID
	most  int
	parts int // of all open windows
}

// fold is an event whose window has not ended.
type fold struct {
	Event
	written int       // the count last written
	news    time.Time // when it was written and then changed in a way that cannot wait; zero if it was not
}

// partsEach is the average number of parts of the open windows, beyond which parts are not told apart: an attacker could
// fill the memory with mail from many senders.
const partsEach = 3

// NewFolder returns a folder with room for a number of open windows.
func NewFolder(most int) *Folder {
	return &Folder{open: map[string]*fold{}, most: most}
}

// HasQuery reports whether the window of an event is open, and a query was in it: mail alone does not count.
func (f *Folder) HasQuery(id string) bool {
	known := f.open[id]
	return known != nil && known.Type != ""
}

// Add adds a single occurrence of an event. It reports false if too many windows are open: then the caller must write the event by
// itself.
func (f *Folder) Add(e *Event) bool {
	if known := f.open[e.ID]; known != nil {
		if known.repeat(e, f.parts < partsEach*f.most) {
			f.parts++
		}
		return true
	}
	if len(f.open) >= f.most {
		return false
	}
	f.open[e.ID] = &fold{Event: *Single(e)}
	f.parts++
	return true
}

// Single returns a single occurrence as an event ready to be written.
func Single(e *Event) *Event {
	single := *e
	single.Count = 1
	if e.Type != "" {
		single.Types = []string{e.Type}
	}
	single.Parts = []Part{single.part()}
	return &single
}

// repeat adds a repeat, and reports whether it is a new part. It is part of the rest unless there is room.
func (f *fold) repeat(e *Event, room bool) (more bool) {
	f.Join(e)
	f.Count++
	more = f.addPart(e, room && len(f.Parts) < maxParts)
	if more && e.SMTP != nil && f.written > 0 && f.news.IsZero() {
		f.news = e.Last
	}
	return more
}

// Due returns the events to write now, earliest first. The caller owns them.
func (f *Folder) Due(now time.Time) []*Event {
	var due []*Event
	for id, fold := range f.open {
		age := now.Sub(fold.First)
		ended := age >= Window
		hasNews := !fold.news.IsZero() && now.Sub(fold.news) >= SettleTime
		if age >= SettleTime && (fold.written == 0 || hasNews || (ended && fold.written < fold.Count)) {
			due = append(due, fold.snapshot())
		}
		if ended {
			f.parts -= len(fold.Parts)
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
	f.parts = 0
	return sorted(rest)
}

// snapshot returns the current state of the event, and marks it as written.
func (f *fold) snapshot() *Event {
	f.written, f.news = f.Count, time.Time{}
	e := f.Event
	e.Types, e.Parts = slices.Clone(f.Types), f.AllParts()
	return &e
}

func sorted(events []*Event) []*Event {
	slices.SortFunc(events, func(a, b *Event) int { return a.First.Compare(b.First) })
	return events
}
