package match

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// hostnames checks and maps a suffix like a host name for a lookup (RFC 5891 section 5, UTS #46).
var hostnames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// ParseSuffix returns a domain suffix as this package compares it: in lower-case A-labels, without the final dot. It accepts host
// names in either form of IDNA. The error says what was expected; the caller adds s.
func ParseSuffix(s string) (string, error) {
	if isPlain(s) {
		return s, nil
	}
	return parseSuffix(s)
}

// parseSuffix is ParseSuffix without the short cut.
func parseSuffix(s string) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", errors.New("expected a domain suffix such as army.nl in UTF-8")
	case s == "" || s == ".":
		return "", errors.New("expected a domain suffix such as army.nl, not the root")
	case strings.ContainsRune(s, ','):
		return "", errors.New("expected a domain suffix such as army.nl, and several with blanks in between, not commas")
	case strings.ContainsRune(s, '@'):
		return "", fmt.Errorf("expected a domain suffix such as army.nl; write %q", s[strings.LastIndexByte(s, '@')+1:])
	case strings.ContainsAny(s, "{}"):
		return "", errors.New("expected a domain suffix such as army.nl; braces stand at the end of a line, and alone on one")
	case strings.HasPrefix(s, ".") || strings.HasPrefix(s, "*."):
		return "", fmt.Errorf("expected a domain suffix such as army.nl; write %q, which includes everything below it", strings.TrimLeft(s, "*."))
	}
	ascii, err := hostnames.ToASCII(s)
	if err != nil {
		return "", fmt.Errorf("expected a domain suffix such as army.nl: %w", err)
	}
	// Only now, because UTS #46 maps other characters to a dot; the conversion overlooks an empty label between two of them.
	name := strings.TrimSuffix(ascii, ".")
	if strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return "", errors.New("expected a domain suffix such as army.nl, without an empty label")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", errors.New("expected a domain suffix such as army.nl, not an address")
	}
	return name, nil
}

// isPlain reports whether a text is certainly a suffix in the form that ParseSuffix returns. It is for long lists: what it does not know of,
// such as A-labels, is found out with more work.
func isPlain(s string) bool {
	if len(s) > maxName {
		return false
	}
	length, hasLetter := 0, false // of the label
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z':
			hasLetter = true // thus it is no address
		case '0' <= c && c <= '9':
		case c == '-' && length > 0 && i+1 < len(s) && s[i-1] != '-' && s[i+1] != '.':
		case c == '.' && length > 0:
			length = 0
			continue
		default:
			return false
		}
		if length++; length > 63 {
			return false
		}
	}
	return length > 0 && hasLetter
}

// CheckProtectable returns an error for a suffix, as returned by ParseSuffix, that is too short to protect: a single label of one or
// two characters is one edit away from dozens of delegated top-level domains.
func CheckProtectable(suffix string) error {
	if !strings.Contains(suffix, ".") && characters(suffix) <= 2 {
		return fmt.Errorf("a single label of one or two characters is within one edit of dozens of top-level domains; "+
			"expected full domains, such as army.%s", suffix)
	}
	return nil
}

// MaxDistance returns the highest distance for a suffix, as returned by ParseSuffix: 2 if the label before its public suffix has at
// least five characters in Unicode, and 1 otherwise.
func MaxDistance(suffix string) int { return anatomyOf(suffix).maxDistance() }

// Registered returns the domain that was registered, of which a domain in lower-case A-labels is part: army.co.uk of mail.army.co.uk. It
// goes by the ICANN part of the Public Suffix List, and returns "" for a public suffix.
func Registered(domain string) string {
	public, _ := publicSuffix(domain)
	above, ok := strings.CutSuffix(domain, "."+public)
	if !ok {
		return ""
	}
	return domain[strings.LastIndexByte(above, '.')+1:]
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
