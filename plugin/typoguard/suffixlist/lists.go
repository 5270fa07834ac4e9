package suffixlist

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Lists holds all suffixes of one policy. Look may run while other goroutines call the other methods, which are not safe for
// concurrent use.
type Lists struct {
	// Protected and Allowed are the suffixes written in the Corefile.
	Protected, Allowed []Suffix
	// Sources are the list files.
	Sources []*Source
}

// Load reads all sources for the first time, each in its own goroutine. If a list cannot be fetched, Load may use its copy: see Stale.
func (l *Lists) Load(ctx context.Context) error {
	errs := make([]error, len(l.Sources))
	l.each(func(i int, s *Source) { errs[i] = s.load(ctx) })
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// each calls a function for all sources at the same time: one that answers late must not hold up the others.
func (l *Lists) each(do func(i int, s *Source)) {
	var done sync.WaitGroup
	for i, s := range l.Sources {
		done.Go(func() { do(i, s) })
	}
	done.Wait()
}

// Stale returns the reason why an older version of a source is in force, or nil if the current one of all is.
func (l *Lists) Stale() error {
	for _, s := range l.Sources {
		if s.failure != nil {
			return s.failure
		}
	}
	return nil
}

// Keep writes copies of the fetched lists that are in force.
func (l *Lists) Keep() error {
	var errs []error
	for _, s := range l.Sources {
		errs = append(errs, s.keep())
	}
	return errors.Join(errs...)
}

// Suffixes returns the suffixes in force, or after Propose those that are proposed: those in the Corefile first, then those in the
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
