package popular

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// hostnames maps a domain like a host name for a lookup, and checks it.
var hostnames = idna.New(idna.MapForLookup(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// Parse reads a file of popular domains: one on each line, in either form of IDNA, optionally after its rank and a comma, as in the
// list of Tranco, and with a comment after '#'. Every line must be valid. The error has the number of the line.
func Parse(content []byte) (*List, error) {
	var entries []entry
	line := 0
	for text := range strings.Lines(strings.TrimPrefix(string(content), "\ufeff")) {
		line++
		text, _, _ = strings.Cut(text, "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		e, err := parseLine(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, errors.New("no domain; expected at least one")
	}
	return newList(entries), nil
}

// parseLine reads a domain, which may have a rank before it.
func parseLine(text string) (entry, error) {
	var e entry
	if rank, name, ok := strings.Cut(text, ","); ok {
		n, err := strconv.ParseUint(rank, 10, 31)
		if err != nil || n == 0 {
			return e, fmt.Errorf("rank %q; expected a positive number before the comma", rank)
		}
		e.rank, text = uint32(n), name
	}
	if !utf8.ValidString(text) {
		return e, fmt.Errorf("%q is not UTF-8; expected a domain such as example.org", text)
	}
	name, err := hostnames.ToASCII(strings.TrimSuffix(text, "."))
	if err != nil {
		return e, fmt.Errorf("%q: %w; expected a domain such as example.org", text, err)
	}
	if !strings.Contains(name, ".") {
		return e, fmt.Errorf("%q; expected a domain of two labels or more", text)
	}
	e.name = name
	return e, nil
}
