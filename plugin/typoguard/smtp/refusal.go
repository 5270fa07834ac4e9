package smtp

import (
	"fmt"
	"strings"

	gosmtp "github.com/emersion/go-smtp"
)

// The enhanced status codes (RFC 3463) of a refusal: of a domain that looks like another one, of any other,
// and of one that mail may be sent to.
var (
	badDestination = gosmtp.EnhancedCode{5, 1, 2} // bad destination system address
	notAuthorized  = gosmtp.EnhancedCode{5, 7, 1} // delivery not authorized
	tryAgain       = gosmtp.EnhancedCode{4, 4, 4} // unable to route
)

// noMail is the reply for a domain that does not look like any protected suffix: the client was not sent here by a policy.
const noMail = "this host takes no mail"

// refuse returns the reply to RCPT. It contains UTF-8 only if the client's MAIL command had SMTPUTF8.
func refuse(to *address, suggestions []Suggestion, id string, utf8 bool) *gosmtp.SMTPError {
	recipient := to.withDomain(to.given, utf8)
	switch {
	case len(suggestions) > 0:
		hint, text := suggestions[0].Hint, explanation(to, suggestions, utf8)
		if !strings.Contains(hint, "{id}") {
			text += " Id " + id
		}
		lines := wrap(text, maxText)
		if hint != "" {
			lines = append(lines, wrap(printable(expandHint(hint, to, &suggestions[0], id, utf8), utf8), maxText)...)
		}
		if suggestions[0].Trial { // and thus all
			return reply(451, tryAgain, lines)
		}
		return reply(550, badDestination, lines)
	case recipient == "":
		return reply(550, notAuthorized, []string{noMail})
	}
	return reply(550, notAuthorized, wrap(fmt.Sprintf("<%s>: %s", recipient, noMail), maxText))
}

// deferral returns the reply to RCPT for a domain that the policies no longer hide, or may not: the client has an answer from before.
func deferral(to *address, utf8 bool) *gosmtp.SMTPError {
	text := displayName(to.domain, utf8) + " is no longer sent here. Nothing was sent; please try again"
	if recipient := to.withDomain(to.given, utf8); recipient != "" {
		text = fmt.Sprintf("<%s>: %s", recipient, text)
	}
	lines := wrap(text, maxText)
	return reply(451, tryAgain, lines)
}

// explanation says what is wrong with a recipient. It omits a recipient that a reply cannot contain.
func explanation(to *address, suggestions []Suggestion, utf8 bool) string {
	var intended, addresses []string
	for _, s := range suggestions {
		name := displayName(s.Intended, utf8)
		intended = append(intended, name)
		if address := to.withDomain(name, utf8); address != "" {
			addresses = append(addresses, address)
		}
	}
	text := fmt.Sprintf("%s looks like a mistyped %s. Nothing was sent. Please check the address",
		displayName(to.domain, utf8), alternatives(intended))
	if recipient := to.withDomain(to.given, utf8); recipient != "" {
		text = fmt.Sprintf("<%s>: %s", recipient, text)
	}
	if len(addresses) == 0 {
		return text + "."
	}
	return fmt.Sprintf("%s: %s ?", text, alternatives(addresses))
}

// alternatives joins texts with commas and "or".
func alternatives(texts []string) string {
	last := len(texts) - 1
	if last == 0 {
		return texts[0]
	}
	return strings.Join(texts[:last], ", ") + " or " + texts[last]
}

// reply returns a refusal of several lines. go-smtp adds the enhanced code to the last line only; RFC 2034 section 4
// requires it in each.
func reply(basic int, code gosmtp.EnhancedCode, lines []string) *gosmtp.SMTPError {
	last := len(lines) - 1
	for i := range last {
		lines[i] = fmt.Sprintf("%d.%d.%d %s", code[0], code[1], code[2], lines[i])
	}
	return &gosmtp.SMTPError{Code: basic, EnhancedCode: code, Message: strings.Join(lines, "\n")}
}

// wrap breaks a text between words into lines of at most the given size in bytes. It truncates longer words.
func wrap(text string, size int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		word = truncate(word, size)
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= size:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
