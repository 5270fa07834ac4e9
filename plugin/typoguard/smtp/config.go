package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// Config configures a server. It must not change once a server has it. Many goroutines call Suggest, Passes, ID and
// Observer concurrently; none may be nil.
type Config struct {
	// Hostname is the server's name in its greeting. Postfix and Sendmail take a server with their own name for themselves,
	// and return the message as a loop.
	Hostname string
	// Certificate is for STARTTLS. If it is nil, the server generates a self-signed one, which nobody can verify.
	Certificate *tls.Certificate
	// Limits bound what clients may do.
	Limits Limits
	// Suggest returns the domains that a recipient's domain may have been intended to be, according to the current policies,
	// best first, those of policies that enforce before others; none if it does not look like any protected suffix. Of equally good ones those
	// of policies for the client come first. The domain is in lower-case A-labels without a final dot.
	Suggest func(client netip.Addr, domain string) []Suggestion
	// Passes reports whether a domain without suggestions, in the same form, is or may be one that mail may be sent to: a client that has
	// it from an answer of some time ago is to try again, and to ask again where the domain is.
	Passes func(domain string) bool
	// ID returns the id of the event that a client's mail to a domain is part of, for the first suggestion's policy.
	ID func(client netip.Addr, domain, policy string) string
	// Observer learns what happens.
	Observer Observer
}

// MaxSuggestions is the highest number of suggestions in a reply.
const MaxSuggestions = 3

// Suggestion is a domain that a recipient's domain may have been intended to be.
type Suggestion struct {
	// Lookalike is what the domain looks like. The reply contains nothing of it but Intended, which is in A-labels, and Policy,
	// if the hint has {policy}; the rest is for the observer.
	event.Lookalike
	// Hint is the policy's text for the sender, as CheckHint accepts it, or empty.
	Hint string
	// Trial says that the policy only monitors at the moment: the client has an answer from before that, or somebody tries the listener.
	// If all suggestions are of such policies, the reply has the same words, but the client is to try again.
	Trial bool
	// LogAddresses gives the observer the full addresses of sender and recipient instead of their domains.
	LogAddresses bool
}

// Refusal is a refused recipient. Its texts are printable, whatever the client sent.
type Refusal struct {
	// ID is that of the event in the reply. Without suggestions, each refusal has its own, which is in no reply.
	ID     string
	Client netip.Addr
	Helo   string // the client's unverified name for itself
	TLS    bool
	// Sender and Recipient are domains, or addresses if the first suggestion says LogAddresses. The null sender is empty.
	Sender, Recipient string
	// Domain is the recipient's, in A-labels, or empty if the recipient has no valid domain.
	Domain string
	// Suggestions are those in the reply; there are none for a domain that does not look like any protected suffix.
	Suggestions []Suggestion
}

// Observer learns what happens on a server. Many goroutines call its methods concurrently, in the middle of sessions, so they
// must not block.
type Observer interface {
	// SessionStarted and SessionEnded report a client that was accepted.
	SessionStarted()
	SessionEnded()
	// TLSStarted reports the result of a handshake after STARTTLS.
	TLSStarted(err error)
	// Refused reports a refused recipient. The observer may keep the refusal.
	Refused(*Refusal)
	// Deferred reports a recipient at a listed domain, who is to be tried again.
	Deferred()
	// LimitHit reports a client that was rejected, disconnected, deferred or delayed by a limit.
	LimitHit(Limit)
	// Failed reports an error of the server itself.
	Failed(error)
}

// Limit is the name of a limit in a Corefile and in metrics.
type Limit string

// The limits.
const (
	Connections Limit = "connections"  // open connections
	PerClient   Limit = "per_client"   // open connections of one client: an IPv4 address or an IPv6 network of 64 bits
	Commands    Limit = "commands"     // in a session
	Recipients  Limit = "recipients"   // in a transaction
	LineLength  Limit = "line_length"  // bytes of a command with its line end
	CommandTime Limit = "command_time" // for a client to send a command, or to accept a reply
	SessionTime Limit = "session_time" // for a whole session
	Rate        Limit = "rate"         // commands per second of all clients, and twice the connections
)

// AllLimits are all limits, in the order of the documentation.
var AllLimits = []Limit{Connections, PerClient, Commands, Recipients, LineLength, CommandTime, SessionTime, Rate}

// Limits are the limits' values.
type Limits struct {
	Connections, PerClient, Commands, Recipients, LineLength, Rate int

	CommandTime, SessionTime time.Duration
}

// DefaultLimits leave room for busy mail servers: Postfix makes up to 100 deliveries at a time, of 50 recipients each. RFC
// 5321 section 4.5.3.2.7 asks servers to wait five minutes for a command, but a server that takes no mail need not.
var DefaultLimits = Limits{
	Connections: 1000,
	PerClient:   100,
	Commands:    1000,
	Recipients:  100,
	LineLength:  2048,
	CommandTime: time.Minute,
	SessionTime: 10 * time.Minute,
	Rate:        2000,
}

// Check returns an error for limits that no mail server could work with, or that are too high to limit anything. The minimum
// recipients and line length are those of RFC 5321 section 4.5.3.1.
func (l Limits) Check() error {
	var errs []error
	number := func(limit Limit, value, low, high int) {
		if value < low || value > high {
			errs = append(errs, fmt.Errorf("%s %d; expected %d to %d", limit, value, low, high))
		}
	}
	duration := func(limit Limit, value, low, high time.Duration) {
		if value < low || value > high {
			errs = append(errs, fmt.Errorf("%s %s; expected %s to %s", limit, value, low, high))
		}
	}
	number(Connections, l.Connections, 1, 1_000_000)
	number(PerClient, l.PerClient, 1, 1_000_000)
	number(Commands, l.Commands, 10, 1_000_000)
	number(Recipients, l.Recipients, 100, 1_000_000)
	number(LineLength, l.LineLength, 512, 65536)
	duration(CommandTime, l.CommandTime, time.Second, time.Hour)
	duration(SessionTime, l.SessionTime, time.Second, 24*time.Hour)
	number(Rate, l.Rate, 100, 1_000_000)
	return errors.Join(errs...)
}
