package suffixlist

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
)

// Change is what a look at a list found.
type Change uint8

// The changes.
const (
	Unchanged Change = iota
	// Unsettled means that a file differs both from what is in force and from the previous look: somebody may be writing it right
	// now. It should be checked again soon.
	Unsettled
	// Changed means that there are proposals.
	Changed
	// Failed means that a list cannot be read, or must not be taken.
	Failed
)

// Look is what one look at all sources found.
type Look struct {
	found []found // by source
}

// found is what was found of one source.
type found struct {
	change  Change
	content string // if it has changed
	err     error  // if it failed
}

// Proposal is a list that has changed, and is not in force yet.
type Proposal struct {
	source          *Source
	content, before string
	wasPresent      bool
}

// Look reads the sources, each in its own goroutine: one that cannot be read, or should not be taken, fails alone. It does not change
// what is in force. Only one Look may run at a time.
func (l *Lists) Look(ctx context.Context) *Look {
	k := &Look{found: make([]found, len(l.Sources))}
	l.each(func(i int, s *Source) { k.found[i] = s.look(ctx) })
	return k
}

// Has reports whether a source is in a state.
func (k *Look) Has(change Change) bool {
	for i := range k.found {
		if k.found[i].change == change {
			return true
		}
	}
	return false
}

// look reads the list and checks what has changed.
func (s *Source) look(ctx context.Context) found {
	content, err := s.read(ctx)
	if err != nil {
		return found{change: Failed, err: err}
	}
	seen := s.seen
	s.seen = maphash.String(digestSeed, content)
	isInForce := s.isPresent && content == s.content
	switch {
	case isInForce && s.failure == nil:
		return found{change: Unchanged}
	case isInForce: // it is back
		return found{change: Changed, content: content}
	case s.remote == nil && s.seen != seen: // one from elsewhere is known to be whole
		return found{change: Unsettled}
	}
	if err := s.checkChange(content, pace.New(ctx)); err != nil {
		return found{change: Failed, err: err}
	}
	return found{change: Changed, content: content}
}

var digestSeed = maphash.MakeSeed()

// Record notes which sources are up to date and which have failed, and returns the failures that are new.
func (l *Lists) Record(k *Look, now time.Time) (failures []error) {
	for i, s := range l.Sources {
		switch f := &k.found[i]; f.change {
		case Failed:
			if s.fail(f.err) {
				failures = append(failures, f.err)
			}
		case Unchanged:
			s.success = now
		case Unsettled, Changed:
		}
	}
	return failures
}

// Proposals returns the lists that have changed. There are none while a file is still being written, because files that belong together
// are often written together.
func (l *Lists) Proposals(k *Look) []*Proposal {
	if k.Has(Unsettled) {
		return nil
	}
	var all []*Proposal
	for i, s := range l.Sources {
		if k.found[i].change == Changed {
			all = append(all, &Proposal{source: s, content: k.found[i].content})
		}
	}
	return all
}

// Propose makes Suffixes return what is proposed. Accept or Reject must follow.
func (p *Proposal) Propose() {
	s := p.source
	p.before, p.wasPresent = s.content, s.isPresent
	s.content, s.isPresent = p.content, true
}

// Accept leaves the list in force, and writes the copy of a fetched one. If that fails, it returns an error; the list is in force
// nevertheless.
func (p *Proposal) Accept(now time.Time) error {
	p.before, p.source.failure, p.source.success = "", nil, now
	return p.source.keep()
}

// Withdraw makes Suffixes return again what is in force.
func (p *Proposal) Withdraw() {
	p.source.content, p.source.isPresent, p.before = p.before, p.wasPresent, ""
}

// Reject withdraws the list and records the reason. It reports whether the reason is new.
func (p *Proposal) Reject(err error) (isNew bool) {
	p.Withdraw()
	return p.source.fail(err)
}

// fail records why the current version of the list is not in force. It reports whether the reason is new.
func (s *Source) fail(err error) (isNew bool) {
	isNew = s.failure == nil || s.failure.Error() != err.Error()
	s.failure = err
	return isNew
}
