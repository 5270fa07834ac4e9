// Package domain converts addresses and names, as people and logs write them, into names to look up in the DNS.
package domain

import (
	"errors"
	"fmt"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/idna"
)

// lookup maps names as browsers and mail programs do before a lookup (UTS #46), and accepts underscores and the like.
var lookup = idna.New(idna.MapForLookup())

// ErrLiteral is returned for an address literal such as [192.0.2.1] (RFC 5321 section 4.1.3), which needs no lookup.
var ErrLiteral = errors.New("an address literal, which needs no lookup")

// punctuation are characters that no name has that mail goes to, but lists, addresses with a port, and URLs have around names. What
// remained of one would be near nothing, and said to pass.
const punctuation = `,;:/?"<>()[]{}|`

// Of returns the domain of a mail address, or a name itself, in presentation format and A-labels, otherwise unchanged. Errors wrap
// ErrLiteral or say what was expected.
func Of(s string) (string, error) {
	name := s
	if strings.HasPrefix(name, "<") && strings.HasSuffix(name, ">") {
		name = name[1 : len(name)-1]
	}
	at := strings.LastIndexByte(name, '@')
	name = name[at+1:]
	switch {
	case strings.ContainsFunc(s, isControl):
		return "", fmt.Errorf("%q; expected a domain name or a mail address", s)
	case at >= 0 && strings.HasPrefix(name, "["):
		return "", fmt.Errorf("%q: %w", s, ErrLiteral)
	case name == "", strings.ContainsAny(name, punctuation):
		return "", fmt.Errorf("%q; expected a domain name or a mail address", s)
	}
	if !isASCII(name) {
		ascii, err := lookup.ToASCII(name)
		if err != nil {
			return "", fmt.Errorf("%q: %w; expected a domain name or a mail address", s, err)
		}
		name = ascii
	}
	if _, ok := dns.IsDomainName(name); !ok {
		return "", fmt.Errorf("%q; expected a domain name or a mail address", s)
	}
	return name, nil
}

// isControl reports whether a character cannot be in a name or address as people and logs write them: it would be escaped, and a
// terminal might interpret it.
func isControl(r rune) bool { return r <= ' ' || r == 0x7f }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
