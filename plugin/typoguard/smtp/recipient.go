package smtp

import (
	"strings"

	"golang.org/x/net/idna"
)

const (
	// maxAddress is the longest address: a path (RFC 5321 section 4.5.3.1.3) without its brackets.
	maxAddress = 254
	// maxDomain is the longest domain name without its final dot (RFC 1035 section 3.1).
	maxDomain = 253
)

// domains maps a domain as mail servers do before they look it up (RFC 5891 section 5, UTS #46), but accepts underscores
// as they do.
var domains = idna.New(idna.MapForLookup(), idna.StrictDomainName(false))

// address is a mailbox as a client gave it.
type address struct {
	local  string // quoted if necessary
	domain string // in lower-case A-labels without a final dot; empty if the given one is invalid
	given  string // the domain as given, without a final dot
}

// parseAddress splits an address from go-smtp, which has no source route (RFC 5321 appendix F.2) and an unquoted
// local part, so the local part may contain '@'. The null sender has neither part.
func parseAddress(mailbox string) address {
	at := strings.LastIndexByte(mailbox, '@')
	if at < 0 {
		return address{}
	}
	given := strings.TrimSuffix(mailbox[at+1:], ".")
	return address{local: quoteLocal(mailbox[:at]), domain: parseDomain(given), given: given}
}

// parseDomain returns a domain in lower-case A-labels, or "" if it is invalid or an address literal.
func parseDomain(given string) string {
	if given == "" || len(given) > maxAddress {
		return ""
	}
	ascii, err := domains.ToASCII(given)
	if err != nil || len(ascii) > maxDomain {
		return ""
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, isOutsideLabel) {
			return ""
		}
	}
	return ascii
}

// isOutsideLabel reports whether a character cannot be in a label of a mail domain.
func isOutsideLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// quoteLocal returns a local part as it appears in an address: quoted unless it is a dot-string (RFC 5321 section 4.1.2, and
// RFC 6531 section 3.3 for non-ASCII characters).
func quoteLocal(local string) string {
	if isDotString(local) {
		return local
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"`
}

// isDotString reports whether a local part needs no quotes.
func isDotString(local string) bool {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, isOutsideAtom) {
			return false
		}
	}
	return true
}

// isOutsideAtom reports whether a character cannot be in an atom (RFC 5322 section 3.2.3).
func isOutsideAtom(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`()<>[]:;@\,"`, r)
}

// withDomain returns the address with another domain, or "" if a reply or log cannot contain it because it is too long or has
// characters that are not allowed there.
func (a *address) withDomain(domain string, utf8 bool) string {
	text := a.local + "@" + domain
	if a.local == "" || domain == "" || len(text) > maxAddress || printable(text, utf8) != text {
		return ""
	}
	return text
}

// displayName returns a domain, given in A-labels, in Unicode if the client accepts UTF-8.
func displayName(domain string, utf8 bool) string {
	if !utf8 || !strings.Contains(domain, "xn--") {
		return domain
	}
	unicode, err := idna.Punycode.ToUnicode(domain)
	if err != nil || printable(unicode, true) != unicode {
		return domain
	}
	return unicode
}
