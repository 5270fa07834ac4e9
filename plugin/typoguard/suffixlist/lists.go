package suffixlist

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
)

// Lists holds all suffixes of one policy. It is not safe for concurrent use.
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

// Change is the result of Refresh.
type Change uint8

// The changes.
const (
	Unchanged Change = iota
	// Unsettled means that the sources differ both from what is in force and from the previous Refresh: somebody may be writing
	// them right now. They should be checked again soon.
	Unsettled
	// Changed means that Suffixes returns the new content of the sources. It must be followed by Accept or Reject.
	Changed
)

// Load reads all sources for the first time. If a list cannot be fetched, Load may use its copy: see Stale.
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

// Stale returns the reason why an older version of the sources is in force, or nil if the current one is.
func (l *Lists) Stale() error { return l.stale }

// Refresh checks the sources. It returns an error if one of them cannot be read; the suffixes in force then stay.
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

// Accept puts the lists that Refresh found in force, and writes copies of fetched lists. If a copy cannot be written, it returns an
// error; the lists are in force nevertheless.
func (l *Lists) Accept() error {
	l.inForce, l.before, l.stale = digestOf(l.contents()), nil, nil
	return l.Keep()
}

// Keep writes copies of the fetched lists that are in force.
func (l *Lists) Keep() error {
	var errs []error
	for _, s := range l.Sources {
		errs = append(errs, s.keep())
	}
	return errors.Join(errs...)
}

// Reject discards what Refresh found, and records the reason. It reports whether the reason is new.
func (l *Lists) Reject(err error) (isNew bool) {
	if l.before != nil {
		l.setContents(l.before)
		l.before = nil
	}
	isNew = l.stale == nil || l.stale.Error() != err.Error()
	l.stale = err
	return isNew
}

// Suffixes returns the suffixes in force, or after Refresh those that it found: those in the Corefile first, then those in the
// sources.
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

// IsMissing reports whether a list could never be fetched and has no copy.
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

// digest identifies the contents of sources.
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
