package smtp

import (
	"strings"

	"golang.org/x/net/idna"
)

const (
	// maxAddress is the most octets of an address: those of a path (RFC 5321 section 4.5.3.1.3) without its brackets.
	maxAddress = 254
	// maxDomain is the most octets of a domain name without the final dot (RFC 1035 section 3.1).
	maxDomain = 253
)

// domains maps a domain as mail servers do before they look it up (RFC 5891 section 5, UTS #46), but lets names with an
// underscore pass, since they do.
var domains = idna.New(idna.MapForLookup(), idna.StrictDomainName(false))

// address is a mailbox as a client gave it.
type address struct {
	local  string // as it must be written: quoted if need be
	domain string // in lower case and A-labels, without the final dot; empty if what was given is no domain
	given  string // the domain as it was given, without the final dot
}

// parseAddress takes an address apart as go-smtp gives it: without source route (RFC 5321 appendix F.2), and with the
// local part unquoted, so that it may hold an '@' itself. The null sender has neither part.
func parseAddress(mailbox string) address {
	at := strings.LastIndexByte(mailbox, '@')
	if at < 0 {
		return address{}
	}
	given := strings.TrimSuffix(mailbox[at+1:], ".")
	return address{local: quoteLocal(mailbox[:at]), domain: parseDomain(given), given: given}
}

// parseDomain returns a domain in lower case and A-labels, or "" for what is none, such as an address literal.
func parseDomain(given string) string {
	if given == "" || len(given) > maxAddress {
		return ""
	}
	ascii, err := domains.ToASCII(given)
	if err != nil || len(ascii) > maxDomain {
		return ""
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, notInLabel) {
			return ""
		}
	}
	return ascii
}

// notInLabel reports whether a character cannot be in a label that mail is sent to.
func notInLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// quoteLocal returns a local part as it stands in an address: as it is if it is a dot-string, and else quoted (RFC 5321
// section 4.1.2, and RFC 6531 section 3.3 for what is not ASCII).
func quoteLocal(local string) string {
	if isDotString(local) {
		return local
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"`
}

// isDotString reports whether a local part needs no quotes.
func isDotString(local string) bool {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, notInAtom) {
			return false
		}
	}
	return true
}

// notInAtom reports whether a character cannot be in an atom (RFC 5322 section 3.2.3).
func notInAtom(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`()<>[]:;@\,"`, r)
}

// at returns the address at another domain, as a reply or a log can hold it, or "" if it cannot: it is too long, or has
// characters that may not be there.
func (a *address) at(domain string, utf8 bool) string {
	text := a.local + "@" + domain
	if a.local == "" || domain == "" || len(text) > maxAddress || clean(text, utf8) != text {
		return ""
	}
	return text
}

// shown returns a domain, given in A-labels, as people read it if the client can take UTF-8.
func shown(domain string, utf8 bool) string {
	if !utf8 || !strings.Contains(domain, "xn--") {
		return domain
	}
	unicode, err := idna.Punycode.ToUnicode(domain)
	if err != nil || clean(unicode, true) != unicode {
		return domain
	}
	return unicode
}
