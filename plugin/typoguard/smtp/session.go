package smtp

import (
	"crypto/rand"
	"io"
	"strings"

	gosmtp "github.com/emersion/go-smtp"
)

// idLength is how many of rand.Text's 26 characters the id of a refusal without suggestions has: 50 bits.
const idLength = 10

// session implements gosmtp.Session: it answers the commands of one connection.
type session struct {
	transport  *transport
	from       address
	recipients int // in this transaction
}

// type check
var _ gosmtp.Session = (*session)(nil)

// Mail begins a transaction. It accepts any sender, including the null sender.
func (s *session) Mail(from string, options *gosmtp.MailOptions) error {
	s.Reset()
	s.from = parseAddress(from)
	s.transport.utf8 = options.UTF8
	return nil
}

// Rcpt refuses a recipient by the current policies, also in a session that began before a reload.
func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	t := s.transport
	if s.recipients++; s.recipients > t.config.Limits.Recipients {
		t.config.Observer.LimitHit(Recipients)
		return &gosmtp.SMTPError{Code: 452, EnhancedCode: gosmtp.EnhancedCode{4, 5, 3}, Message: "Too many recipients"}
	}
	recipient := parseAddress(to)
	current := t.server.config.Load()
	var suggestions []Suggestion
	if recipient.domain != "" {
		suggestions = current.Suggest(t.client, recipient.domain)
		suggestions = suggestions[:min(len(suggestions), MaxSuggestions)]
	}
	if len(suggestions) == 0 && recipient.domain != "" && current.Passes(recipient.domain) {
		current.Observer.Deferred()
		return deferral(&recipient, t.utf8)
	}
	refusal := s.refusal(current, &recipient, suggestions)
	current.Observer.Refused(refusal)
	return refuse(&recipient, suggestions, refusal.ID, t.utf8)
}

// refusal returns what the observer learns about a recipient.
func (s *session) refusal(current *Config, to *address, suggestions []Suggestion) *Refusal {
	r := &Refusal{
		Client:      s.transport.client,
		Helo:        s.transport.helo,
		TLS:         s.transport.tls != nil,
		Sender:      s.from.domain,
		Recipient:   to.domain,
		Domain:      to.domain,
		Suggestions: suggestions,
	}
	if len(suggestions) == 0 {
		r.ID = strings.ToLower(rand.Text()[:idLength])
		return r
	}
	r.ID = current.ID(r.Client, r.Domain, suggestions[0].Policy)
	if suggestions[0].LogAddresses {
		r.Sender = orElse(s.from.withDomain(s.from.given, true), r.Sender)
		r.Recipient = orElse(to.withDomain(to.given, true), r.Recipient)
	}
	return r
}

// Data is never called, because no recipient is ever accepted.
func (s *session) Data(io.Reader) error {
	return &gosmtp.SMTPError{Code: 554, EnhancedCode: gosmtp.EnhancedCode{5, 5, 1}, Message: "No valid recipients"}
}

// Reset ends the transaction.
func (s *session) Reset() {
	s.from, s.recipients, s.transport.utf8 = address{}, 0, false
}

// Logout ends the session.
func (s *session) Logout() error { return nil }
