// Package event defines what the SOC learns: a struct for each lookalike that a client queried or sent mail to, its encoding in
// the names of the Elastic Common Schema (ECS), and the folding of repeats.
//
// The package is pure: it does no I/O, starts no goroutines, and knows neither CoreDNS nor DNS messages. The plugin collects events,
// and package sink writes them.
package event

import "time"

// SMTPRefused is the action of events from an SMTP listener.
const SMTPRefused = "smtp-refused"

// The actions of events about a neighbour of a protected suffix that is watched: it was registered, it has a mail server now, or its mail
// goes to where that of many lookalikes goes.
const (
	Registered = "lookalike-registered"
	TakesMail  = "lookalike-takes-mail"
	MovedMail  = "lookalike-moved-mail"
)

// Watched reports whether the event is about a neighbour that is watched: no client queried it.
func (e *Event) Watched() bool {
	return e.Action == Registered || e.Action == TakesMail || e.Action == MovedMail
}

// ViaList says that the client, a mail server, looked a recipient's domain up in a list zone.
const ViaList = "list"

// Event is one mistake: a lookalike that a client queried, with all repeats within a time window, whatever the query types, and the mail to it
// that an SMTP listener refused. Names are in lower case without the final dot.
type Event struct {
	// ID is the same for all of it. Clients see it in the Extended DNS Error, in the list zone's TXT record and in the SMTP reply.
	ID string
	// To names the sinks of the event. It is not encoded.
	To []string
	// First and Last are the times of the first and last occurrence, and Count is the number of occurrences.
	First, Last time.Time
	Count       int
	// Parts are what the event consists of, each with its number; none if nobody has folded it.
	Parts []Part
	// Client is the client's address, masked if the policy says so; "" if it has none.
	Client string
	// Via is ViaList, or the forwarder that queried for the client; "" if the client queried directly. If the event is Watched, it is the
	// mail server of the name, if it has one.
	Via string
	// NewClient reports whether the policy had no event of this client for a week, or since the process started.
	NewClient bool

	// Lookalike is what Name looks like. It is empty for mail to a domain that does not look like any protected suffix.
	Lookalike
	// Action and Mode are those of the policy: "nxdomain", "nodata", "nullmx" or "sinkhole", and "enforce" or "monitor", or
	// "popular" if the name passes because it is a popular domain. The
	// action is SMTPRefused if an SMTP listener refused mail, and how it has changed for a name that is watched.
	Action, Mode string
	// Candidates are what else Name looks like, at most sixteen, best first; for a recipient, those in the reply.
	// They are not encoded, and set only for policies with a history.
	Candidates []Lookalike
	// Counterpart is "exists" or "unknown" if the policy requires that the intended name exists, and "" otherwise.
	Counterpart string

	// Name is the lookalike: the queried name, the target of a record in the reply, or the domain of a recipient.
	Name string
	// Question is the queried name, and Record the type of the record that leads from there to Name, such as "MX". Record is ""
	// if the lookalike itself was queried.
	Question, Record string
	// Type is the first query type, and Types are all of them, in the order seen.
	Type  string
	Types []string
	// ResponseCode is that of the answer, such as "NXDOMAIN"; "" if the policy is in mode monitor and did not answer.
	ResponseCode string
	// Server and View received the query; they have the same values as in metrics.
	Server, View string

	// SMTP is the first mail that was refused; nil if there were only queries.
	SMTP *SMTP
}

// SMTP describes mail that an SMTP listener refused.
type SMTP struct {
	// Helo is the client's unverified name for itself.
	Helo string `json:"helo"`
	// Sender and Recipient are domains, or full addresses if the policy logs them.
	Sender    string `json:"sender"`
	Recipient string `json:"recipient"`
	TLS       bool   `json:"tls"`
}

// Passes is the mode of events about popular domains, which pass although they are lookalikes.
const Passes = "popular"

// Enforced reports whether the policy enforced its action, and did not only report.
func (e *Event) Enforced() bool { return e.Mode != "monitor" && e.Mode != Passes }
