// Package event has what the SOC hears of: one struct for every lookalike that was asked for or written to, its encoding in
// the names of the Elastic Common Schema (ECS), and the folding of repeats.
//
// It is pure: it does no I/O, starts nothing, and knows neither CoreDNS nor DNS messages. Who collects events (the plugin)
// and where they are written to (package sink) is not its concern.
package event

import "time"

// SMTPRefused is the action of events from an SMTP listener.
const SMTPRefused = "smtp-refused"

// Event is a lookalike that a client asked for, with all repeats of that within a window of time; or a recipient that an
// SMTP listener refused. Strings are as they are written for people: names in lower case and without the final dot.
type Event struct {
	// ID is the same for all repeats. Clients find it in the Extended DNS Error, or in the SMTP reply.
	ID string
	// To names the sinks that the event goes to. It is not encoded.
	To []string
	// First and Last are when it happened first and last, and Count is how often.
	First, Last time.Time
	Count       int
	// Client is who asked, masked as its policy says; "" if it has no address.
	Client string
	// Via is the forwarder that asked for the client; "" if the client asked itself.
	Via string
	// NewClient says that the policy had heard nothing of this client for a week, or since the process started.
	NewClient bool

	// Policy, Action and Mode are those of the policy: "nxdomain", "nodata", "nullmx" or "sinkhole", and "enforce" or
	// "monitor". The action of an event from an SMTP listener is SMTPRefused.
	Policy, Action, Mode string
	// Protected is the suffix that Name looks like, Intended the name that was probably meant. Kind is the difference
	// between them, and Distance the number of edits. All are empty for mail to a domain that looks like no protected one.
	Protected, Intended, Kind string
	Distance                  int
	// Candidates are the other suffixes that Name looks like, best first and at most sixteen; of a recipient those that the
	// reply names. They are not encoded, and only filled for a policy with a history.
	Candidates []Candidate
	// Counterpart is "exists" or "unknown" if the policy requires that what was meant exists, and "" if it does not.
	Counterpart string

	// Name is the lookalike: the name that was asked for, the target of a record in the reply, or the domain of a recipient.
	Name string
	// Question is the name that was asked for, and Record the type of the record that leads from there to Name, such as
	// "MX". It is "" if the lookalike itself was asked for.
	Question, Record string
	// Type is the query type that was asked for first. Types are all, in the order seen.
	Type  string
	Types []string
	// ResponseCode is that of the answer, such as "NXDOMAIN"; "" if the policy only monitors and did not answer.
	ResponseCode string
	// Server and View are where the query came in, as in the metrics.
	Server, View string

	// SMTP has what only SMTP tells; nil for queries.
	SMTP *SMTP
}

// SMTP is what an SMTP listener knows of the mail that it refused.
type SMTP struct {
	// Helo is how the client introduced itself.
	Helo string
	// Sender and Recipient are domains, or whole addresses if the policy logs these.
	Sender, Recipient string
	TLS               bool
}

// Enforced reports whether something was done about the lookalike, and not only noted.
func (e *Event) Enforced() bool { return e.Mode != "monitor" }
