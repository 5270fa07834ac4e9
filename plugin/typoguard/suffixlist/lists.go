package suffixlist

import (
	"context"
	"errors"
	"net"
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

// Load reads and checks all sources for the first time, each in its own goroutine. If a list cannot be fetched, Load may use its copy: see Stale.
func (l *Lists) Load(ctx context.Context) error {
	errs := make([]error, len(l.Sources))
	l.each(func(i int, s *Source) { errs[i] = s.load(ctx) })
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// Required returns why a list that the server must not start without is missing, or nil.
func (l *Lists) Required() error {
	for _, s := range l.Sources {
		if err := s.required(); err != nil {
			return err
		}
	}
	return nil
}

// Retry loads the lists whose hosts could not be looked up again, with another function to look them up. It reports whether there are any.
func (l *Lists) Retry(ctx context.Context, lookup Lookup) (retried bool, err error) {
	errs := make([]error, len(l.Sources))
	for i, s := range l.Sources {
		s.LookUpWith(lookup)
		if _, unknown := errors.AsType[*net.DNSError](s.failure); unknown {
			retried = true
			s.failure = nil
			errs[i] = s.load(ctx)
		}
	}
	return retried, errors.Join(errs...)
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
func (l *Lists) Suffixes() (protected, allowed List) {
	protected, allowed = ListOf(l.Protected...), ListOf(l.Allowed...)
	for _, s := range l.Sources {
		if to := &allowed; s.isPresent {
			if s.Protects {
				to = &protected
			}
			to.files = append(to.files, s.text(s.content))
		}
	}
	return protected, allowed
}

// IsMissing reports whether a list could never be fetched and has no copy.
func (l *Lists) IsMissing() bool { return slices.ContainsFunc(l.Sources, (*Source).isMissing) }

// LacksAllowed reports whether that is so of a list of what is allowed.
func (l *Lists) LacksAllowed() bool {
	return slices.ContainsFunc(l.Sources, func(s *Source) bool { return !s.Protects && s.isMissing() })
}
