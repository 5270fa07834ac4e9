// Package suffixlist has the lists of domain suffixes that a policy protects and allows: those written in the Corefile, and
// those of list files, which are read from disk, fetched from a web server, or come with the plugin.
//
// Lists holds what is in force. Refresh looks whether the files say something else by now, without changing anything;
// whoever compiles that then accepts or rejects it.
package suffixlist

import (
	"fmt"
	"slices"
	"time"
)

// Suffix is a domain suffix, and where it was written.
type Suffix struct {
	// Name is as match.ParseSuffix returns it.
	Name string
	// Until is when it expires; zero is never.
	Until time.Time
	// Note is what stands behind '#' in a list file.
	Note string
	At   Position
}

// Position is where something stands in a Corefile or a list file.
type Position struct {
	File string
	Line int // from 1
}

// String returns FILE:LINE.
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Errorf returns an error in the form that caddy gives to errors in a Corefile.
func (p Position) Errorf(format string, args ...any) error {
	return fmt.Errorf("%s - Error during parsing: %w", p, fmt.Errorf(format, args...))
}

// At returns the suffixes that have not expired at a time. It reuses the slice.
func At(all []Suffix, now time.Time) []Suffix {
	return slices.DeleteFunc(all, func(s Suffix) bool { return !s.Until.IsZero() && !now.Before(s.Until) })
}

// Names returns the names of suffixes, each once.
func Names(suffixes []Suffix) []string {
	seen := make(map[string]struct{}, len(suffixes))
	var unique []string
	for i := range suffixes {
		name := suffixes[i].Name
		if _, ok := seen[name]; !ok {
			seen[name] = struct{}{}
			unique = append(unique, name)
		}
	}
	return unique
}
