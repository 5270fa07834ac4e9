package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Config says how a server works. It must not change once a server has it. Judge and Observer are called by many
// goroutines at once, and must not be nil.
type Config struct {
	// Hostname is how the server introduces itself. Postfix and Sendmail take a server with their own name for themselves,
	// and return the message as a loop.
	Hostname string
	// Certificate is for STARTTLS; without one the server makes itself one, which nobody can verify.
	Certificate *tls.Certificate
	// Limits are what clients may do.
	Limits Limits
	// Judge says what a recipient's domain may have been meant to be, as of now: the best suggestion first, none for a
	// domain that looks like no other. The domain is in lower case and in A-labels, without a final dot.
	Judge func(domain string) []Suggestion
	// Observer is told what happens.
	Observer Observer
}

// MaxSuggestions is how many suggestions a reply names at most.
const MaxSuggestions = 3

// Suggestion is what a recipient's domain may have been meant to be.
type Suggestion struct {
	// Intended is the domain that was probably meant, in A-labels.
	Intended string
	// Protected is the suffix that the domain looks like, Policy the one that protects it. Kind and Distance say how the
	// domain differs, and in how many places. The observer wants to know these; the reply has none of them.
	Protected, Policy, Kind string
	Distance                int
	// Hint is the policy's text for the sender, which CheckHint has accepted, or empty.
	Hint string
	// LogAddresses has the observer told the addresses of sender and recipient, and not only their domains.
	LogAddresses bool
}

// Refusal is one refused recipient. Its texts are printable, whatever the client sent.
type Refusal struct {
	ID     string     // in the reply, if the hint asks for it
	Client netip.Addr // that connected
	Helo   string     // how it introduced itself; a claim
	TLS    bool
	// Sender and Recipient are domains, or addresses if the first suggestion says LogAddresses. The null sender is empty.
	Sender, Recipient string
	// Domain is the recipient's, in A-labels, or empty if what was given is no domain.
	Domain string
	// Suggestions are those that the reply names; there are none for a domain that looks like no other.
	Suggestions []Suggestion
}

// Observer is told what happens on a server. Its methods are called in the middle of sessions, by many goroutines at
// once, and must not wait.
type Observer interface {
	// SessionStarted and SessionEnded tell of a client that was let in.
	SessionStarted()
	SessionEnded()
	// TLSStarted tells how a handshake after STARTTLS ended.
	TLSStarted(err error)
	// Refused tells of a refused recipient. The refusal is the observer's to keep.
	Refused(*Refusal)
	// LimitHit tells of a client that was turned away, cut off, put off or kept waiting because of a limit.
	LimitHit(Limit)
	// Failed tells of an error of the server itself.
	Failed(error)
}

// Limit is one of the limits, by the name that it has in a Corefile and in metrics.
type Limit string

// The limits.
const (
	Connections Limit = "connections"  // open connections
	PerClient   Limit = "per_client"   // open connections of one client: an IPv4 address or an IPv6 network of 64 bits
	Commands    Limit = "commands"     // in a session
	Recipients  Limit = "recipients"   // in a transaction
	LineLength  Limit = "line_length"  // octets of a command with its end
	CommandTime Limit = "command_time" // for a command to arrive, or a reply to be taken
	SessionTime Limit = "session_time" // from the first octet to the last
	Rate        Limit = "rate"         // commands a second of all clients, and twice the connections
)

// AllLimits has every limit, in the order of the documentation.
var AllLimits = []Limit{Connections, PerClient, Commands, Recipients, LineLength, CommandTime, SessionTime, Rate}

// Limits are the limits' values.
type Limits struct {
	Connections, PerClient, Commands, Recipients, LineLength, Rate int

	CommandTime, SessionTime time.Duration
}

// DefaultLimits leave room for busy mail servers: Postfix has up to 100 deliveries at a time, of 50 recipients each. RFC
// 5321 section 4.5.3.2.7 asks servers to wait five minutes for a command; one that takes no mail need not.
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

// Check returns an error for limits that no mail server could live with, or that limit nothing. The smallest recipients
// and line length are those of RFC 5321 section 4.5.3.1.
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
