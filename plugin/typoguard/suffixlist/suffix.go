// Package suffixlist holds the lists of domain suffixes that a policy protects and allows: those written in the Corefile, and
// those in list files, which are read from disk, fetched from a web server, or come with the plugin.
//
// Lists holds the suffixes in force. Refresh checks whether the files have changed; the caller compiles the new suffixes, and
// then accepts or rejects them.
package suffixlist

import (
	"fmt"
	"time"
)

// Suffix is a domain suffix, with the position at which it is written.
type Suffix struct {
	// Name has the form that match.ParseSuffix returns.
	Name string
	// Until is when the suffix expires; zero means never.
	Until time.Time
	// Note is the text after '#' in a list file.
	Note string
	At   Position
}

// Position is a line of a Corefile or a list file.
type Position struct {
	File string
	Line int // from 1
}

// String returns FILE:LINE.
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Errorf returns an error in the format of caddy's errors in a Corefile.
func (p Position) Errorf(format string, args ...any) error {
	return fmt.Errorf("%s - Error during parsing: %w", p, fmt.Errorf(format, args...))
}
