package suffixlist

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
)

// Lists are all suffixes of one policy. They are not safe for concurrent use.
type Lists struct {
	// Protected and Allowed are the suffixes written in the Corefile.
	Protected, Allowed []Suffix
	// Sources are the list files.
	Sources []*Source

	inForce digest // of the sources
	seen    digest // of the sources when Refresh last looked
	before  [][]byte
	stale   error // see Stale
}

// Change says what Refresh found.
type Change uint8

// The changes.
const (
	Unchanged Change = iota
	// Unsettled means that the sources differ from what is in force and from what they were at the last look: somebody may
	// be writing them right now. They should be looked at again soon.
	Unsettled
	// Changed means that Suffixes returns what the sources say now. It needs to be followed by Accept or Reject.
	Changed
)

// Load reads all sources for the first time. A list that cannot be fetched may be replaced by its copy: see Stale.
func (l *Lists) Load(ctx context.Context) error {
	for _, s := range l.Sources {
		content, stale, err := s.readFirst(ctx)
		if err != nil {
			return err
		}
		if stale != nil {
			l.stale = stale
		}
		s.content = content
	}
	l.inForce = digestOf(l.contents())
	return nil
}

// Stale returns why what is in force is not what the sources say, or nil if it is.
func (l *Lists) Stale() error { return l.stale }

// Refresh looks at the sources. An error means that one of them cannot be read; what is in force stays.
func (l *Lists) Refresh(ctx context.Context) (Change, error) {
	var contents [][]byte
	for _, s := range l.Sources {
		content, err := s.read(ctx)
		if err != nil {
			return Unchanged, err
		}
		contents = append(contents, content)
	}
	now := digestOf(contents)
	switch {
	case now == l.inForce && l.stale == nil:
		return Unchanged, nil
	case now != l.seen:
		l.seen = now
		return Unsettled, nil
	}
	l.before = l.contents()
	l.setContents(contents)
	return Changed, nil
}

// Accept puts what Refresh found in force, and keeps copies of what was fetched. The error says which copy could not be
// written; the lists are in force all the same.
func (l *Lists) Accept() error {
	l.inForce, l.before, l.stale = digestOf(l.contents()), nil, nil
	return l.Keep()
}

// Keep writes copies of what was fetched and is in force.
func (l *Lists) Keep() error {
	var errs []error
	for _, s := range l.Sources {
		errs = append(errs, s.keep())
	}
	return errors.Join(errs...)
}

// Reject undoes what Refresh found, and notes why. It reports whether that was not known already.
func (l *Lists) Reject(err error) (isNew bool) {
	if l.before != nil {
		l.setContents(l.before)
		l.before = nil
	}
	isNew = l.stale == nil || l.stale.Error() != err.Error()
	l.stale = err
	return isNew
}

// Suffixes returns the suffixes that are in force, or after Refresh those that it found: those in the Corefile first, then
// those of the sources.
func (l *Lists) Suffixes() (protected, allowed []Suffix, err error) {
	protected, allowed = slices.Clone(l.Protected), slices.Clone(l.Allowed)
	for _, s := range l.Sources {
		if s.Protects {
			protected, err = s.appendSuffixes(protected)
		} else {
			allowed, err = s.appendSuffixes(allowed)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return protected, allowed, nil
}

// IsMissing reports whether a list could not be fetched yet, and there is no copy.
func (l *Lists) IsMissing() bool { return slices.ContainsFunc(l.Sources, (*Source).isMissing) }

func (l *Lists) contents() [][]byte {
	var all [][]byte
	for _, s := range l.Sources {
		all = append(all, s.content)
	}
	return all
}

func (l *Lists) setContents(all [][]byte) {
	for i, s := range l.Sources {
		s.content = all[i]
	}
}

// digest tells the contents of sources from any others.
type digest uint64

var digestSeed = maphash.MakeSeed()

func digestOf(contents [][]byte) digest {
	var h maphash.Hash
	h.SetSeed(digestSeed)
	for _, content := range contents {
		maphash.WriteComparable(&h, len(content))
		_, _ = h.Write(content) // never fails
	}
	return digest(h.Sum64())
}
