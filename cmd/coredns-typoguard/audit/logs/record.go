// Package logs reads what mail servers and DNS servers log of the names they were asked for. A Reader takes off what carried
// a line (entry.go), and the program that wrote it picks the parser (programs.go): each format has one in a file of its own.
//
// A parser keeps no more state than tables of fixed size: from whom the mail server took a message, which is logged in
// another line than its delivery (origins.go), and what was passed on to another server (relays.go).
//
// What is not covered: deliveries to mailboxes that never look a domain up are read as any other where the log does not
// tell; and no parser knows a format that was changed by hand, but for the one that this project's documentation uses with
// CoreDNS.
package logs

import "net/netip"

// Outcome is what became of a delivery.
type Outcome uint8

// The outcomes. Asked is that of a query, and of mail of which the log knows no more than its recipient.
const (
	Asked Outcome = iota
	Delivered
	Bounced
	Deferred // one try of possibly many
	Relayed  // passed on to a server on the same host, which logs the delivery, if it is one that logs
)

// String returns the outcome as reports have it.
func (o Outcome) String() string {
	return [...]string{Asked: "unknown", Delivered: "delivered", Bounced: "bounced", Deferred: "deferred", Relayed: "relayed"}[o]
}

// Record is what a log says of one name: a query for it, or a delivery to an address in it. It is valid until the reader is
// called again.
type Record struct {
	// Time is in seconds since 1970, and 0 if the line has none.
	Time int64
	// Name is the name as it is logged: the domain of an address, or what was asked for in presentation format.
	Name []byte
	// Local is the local part of the recipient's address, as it is written in the address.
	Local []byte
	// ID is what the mail server calls the message, such as its queue ID; empty if the log does not say.
	ID []byte
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

// Result says what was made of a line.
type Result uint8

// The results.
const (
	Foreign Result = iota // of another program, or nothing that is known
	Other                 // of a format that is known, but of nothing that concerns a policy
	Taken                 // records were found
	Unknown               // looks like one that has a record, but was not understood
)

// parser reads the entries of one format, in the order of the log, and calls found with every record in them.
type parser interface {
	parse(e *entry, found func(*Record)) Result
}
