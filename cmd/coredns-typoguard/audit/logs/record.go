// Package logs reads what mail servers and DNS servers log of the names they were asked for. Each format has a parser in a
// file of its own; Detect tells them apart.
//
// A parser takes one line at a time and keeps no more state than a table of fixed size: from whom the mail server took a
// message, which is logged in another line than its delivery (origins.go).
//
// What is not covered: local deliveries that never look a domain up are read as any other, since the logs of all servers
// but Postfix do not tell; and no parser knows a log format that was changed by hand, but for the one that this project's
// documentation uses with CoreDNS.
package logs

import "net/netip"

// Outcome is what became of a delivery.
type Outcome uint8

// The outcomes. Asked is that of a query log, which knows of no delivery.
const (
	Asked Outcome = iota
	Delivered
	Bounced
	Deferred // one try of possibly many
)

// Record is what a log says of one name: a query for it, or a delivery to an address in it. It is valid until the parser is
// called again.
type Record struct {
	// Time is in seconds since 1970, and 0 if the line has none.
	Time int64
	// Name is the name as it is logged: the domain of an address, or what was asked for in presentation format.
	Name []byte
	// Local is the local part of the recipient's address, as it is written in the address.
	Local []byte
	// Sender is the address of a message's sender, if it is known.
	Sender []byte
	// Source is whom the query or the message came from, as it is logged: an address, a host or both; empty if that is not
	// known.
	Source []byte
	// Client is the address of who asked, of a query log only.
	Client netip.Addr
	// Type is the query type, and 0 for a delivery.
	Type    uint16
	Outcome Outcome
}

// Result says what a parser made of a line.
type Result uint8

// The results.
const (
	Unknown Result = iota // not a line of such a log
	Foreign               // of another program, in the same log
	Other                 // of this format, but of nothing that concerns a policy
	Taken                 // records were found
)

// Parser reads the lines of one format. It is for one log at a time, whose lines are in their order.
type Parser interface {
	// Parse reads a line, without its end, and calls found with every record in it.
	Parse(line []byte, found func(*Record)) Result
}

// Format is a log format.
type Format struct {
	// Name is the value of the option -format.
	Name string
	// Mail says that the records are deliveries, not queries.
	Mail bool
	// New returns a parser for a log that was written, or last changed, at the time of the clock.
	New func(*Clock) Parser
}

// Formats are all formats of lines, in the order in which they are tried. Names takes nearly anything, and is last.
// Dnstap, which has no lines, is not among them.
var Formats = []Format{
	{"postfix", true, newPostfix},
	{"exim", true, newExim},
	{"sendmail", true, newSendmail},
	{"opensmtpd", true, newOpenSMTPD},
	{"coredns", false, newCoreDNS},
	{"bind", false, newBIND},
	{"unbound", false, newUnbound},
	{"names", false, newNames},
}
