package match

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// minDistance2 is the fewest characters of a suffix that can have distance 2, dots not counted and A-labels in Unicode.
// Shorter ones are within two edits of too many names that people mean: ac.il, with all of Israel's universities, is two
// edits from af.mil.
const minDistance2 = 6

// hostnames checks and maps a suffix as a host name is looked up (RFC 5891 section 5, UTS #46).
var hostnames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// ParseSuffix returns a domain suffix as this package compares it: lower-case, in A-labels, without the final dot. It
// takes host names in either form of IDNA. The error says what was expected, but not what s is: the caller does.
func ParseSuffix(s string) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", errors.New("expected a domain suffix such as army.nl in UTF-8")
	case s == "" || s == ".":
		return "", errors.New("expected a domain suffix such as army.nl, not the root")
	case strings.HasPrefix(s, ".") || strings.HasPrefix(s, "*."):
		return "", fmt.Errorf("expected a domain suffix such as army.nl; write %q, which includes everything below it", strings.TrimLeft(s, "*."))
	}
	ascii, err := hostnames.ToASCII(s)
	if err != nil {
		return "", fmt.Errorf("expected a domain suffix such as army.nl: %w", err)
	}
	// Only now, since a dot may have been written as another of those that UTS #46 maps to it; where they stand side by
	// side, the conversion does not see the empty label between them.
	name := strings.TrimSuffix(ascii, ".")
	if strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return "", errors.New("expected a domain suffix such as army.nl, without an empty label")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", errors.New("expected a domain suffix such as army.nl, not an address")
	}
	return name, nil
}

// CheckProtectable returns an error for a suffix, as ParseSuffix returns them, that is too short to be protected: a
// single label of one or two characters is one edit away from dozens of delegated top-level domains.
func CheckProtectable(suffix string) error {
	if !strings.Contains(suffix, ".") && characters(suffix) <= 2 {
		return fmt.Errorf("a single label of one or two characters is within one edit of dozens of top-level domains; "+
			"expected full domains, such as army.%s", suffix)
	}
	return nil
}

// MaxDistance returns the largest distance a suffix, as ParseSuffix returns them, can have: 2 from two labels and six
// characters on, dots not counted, and 1 for anything shorter.
func MaxDistance(suffix string) int {
	if dots := strings.Count(suffix, "."); dots > 0 && characters(suffix)-dots >= minDistance2 {
		return maxDistance
	}
	return 1
}

// characters returns the length of a suffix in Unicode.
func characters(suffix string) int {
	if !strings.Contains(suffix, "xn--") {
		return len(suffix)
	}
	var f forms
	f.parse(suffix)
	return f.unicode().length
}
