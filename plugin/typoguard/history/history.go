// Package history keeps events in a database, so that people can review them: SQLite in a file, or PostgreSQL, which several
// resolvers may share.
//
// A Store is a target for package sink, whose queue stands before it: nobody waits for the database, and what happens while
// it is away waits there. The same Store answers the questions of the review page. It knows neither CoreDNS nor HTTP.
//
// What is not covered: deciding what is an event (the plugin), folding repeats (package event), and showing anything
// (package review).
package history

import (
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// State is what a person has said of an event.
type State string

// The states.
const (
	StateOpen          State = "open"           // nobody has said anything yet
	StateConfirmed     State = "confirmed"      // it was a typo, and right to block
	StateFalsePositive State = "false_positive" // it was meant as it was written, and wrong to block
)

// States are all states, in the order in which they are shown.
var States = []State{StateOpen, StateConfirmed, StateFalsePositive}

// Event is an event as it is kept.
type Event struct {
	event.Event
	// Host is the resolver that reported it.
	Host string
	// State is what a person said of it, Note their words, and Reviewer and Reviewed who it was and when: "" and zero if
	// nobody did, or it is not known who.
	State    State
	Note     string
	Reviewer string
	Reviewed time.Time
}

// Filter says which events are wanted: those that meet all that is given. The zero Filter wants all.
type Filter struct {
	// From and Until bound the time at which an event happened first: not before From, and before Until.
	From, Until time.Time
	// Policy, Kind, Mode, Action, Host and State are compared as a whole.
	Policy, Kind, Mode, Action, Host string
	State                            State
	// Blocked wants only queries that were answered by an action: what Totals count as Blocked.
	Blocked bool
	// Client is an address as events have it.
	Client string
	// Lookalike is a lookalike as a whole, in lower case.
	Lookalike string
	// Name is a part of the lookalike or of the intended name, in any case.
	Name string
}

// Order is what a list is sorted by.
type Order string

// The orders. Events that are alike in one are sorted by time, newest first.
const (
	ByTime   Order = "time"
	ByCount  Order = "count"
	ByName   Order = "name"
	ByClient Order = "client"
)

// Orders are all orders.
var Orders = []Order{ByTime, ByCount, ByName, ByClient}

// Page is a part of a list.
type Page struct {
	// Order is ByTime if it is not given. Times and counts begin with the greatest, names and clients with the first
	// of the alphabet, unless Reverse is set.
	Order   Order
	Reverse bool
	// Cursor is where the page begins: Next or Previous of another page of the same filter and order, or "".
	Cursor string
	// Limit is how many events there are at most; 50 if it is 0.
	Limit int
}

// List is a page of events.
type List struct {
	Events []*Event
	// Next and Previous are the cursors of the pages after and before this one; "" if there is none.
	Next, Previous string
	// Total is how many events meet the filter. If that takes to look at many, they are not all counted: AtLeast then says that
	// there may be more.
	Total   int
	AtLeast bool
}

// Span is a time that ends now.
type Span string

// The spans that are summed up.
const (
	Day   Span = "24h"
	Week  Span = "7d"
	Month Span = "30d"
)

// Spans are all spans, the shortest first.
var Spans = []Span{Day, Week, Month}

// Dimension is what a chart is stacked by.
type Dimension string

// The dimensions.
const (
	ByPolicy Dimension = "policy"
	ByKind   Dimension = "kind"
)

// Count counts events, and the queries (or messages, by SMTP) that were folded into them.
type Count struct {
	Events, Queries int64
}

// Totals are what happened in a span.
type Totals struct {
	Span Span
	// Blocked are queries that were answered by an action, Monitored those that would have been but for the mode, and Refused
	// the recipients that an SMTP listener refused.
	Blocked, Monitored, Refused Count
}

// Series is a part of a stacked chart. Events has a number for each of the chart's times.
type Series struct {
	// Label is a policy, or a kind; "" for recipients that look like no protected suffix.
	Label string
	// Monitored says that nothing was done about these.
	Monitored bool
	Events    []int64
}

// Name is a lookalike with how often it was asked for or written to.
type Name struct {
	Lookalike, Intended, Policy, Kind string
	// Enforced are events about which something was done; Monitored the others.
	Enforced, Monitored Count
	Last                time.Time
}

// Client is a client with what it asked for. Lookalikes is how many different ones.
type Client struct {
	// Address is "" for those whose address is not known.
	Address             string
	Lookalikes          int64
	Enforced, Monitored Count
	Last                time.Time
}

// Summary is what happened in a span, for a page to begin with.
type Summary struct {
	Span Span
	// From is when the span begins: at a full hour, or for the longer ones at midnight (UTC). It ends at Until, now.
	From, Until time.Time
	// Lookalikes and Clients are how many different ones there were.
	Lookalikes, Clients int64
	// Times are the beginnings of the chart's bars, each of which is Step long. Series stand on each other in this order.
	Times  []time.Time
	Step   time.Duration
	Series []Series
	// Names and TopClients are the most frequent, at most ten.
	Names      []Name
	TopClients []Client
}

// Detail is an event with what else is known about its lookalike.
type Detail struct {
	Event
	// Others are the clients that asked for the same lookalike, this event's among them, by the last thousand of its events.
	Others []Client
	// States are in which states the events of the same lookalike and policy are: how many in each.
	States map[State]int64
}

// Review is what a person says of an event.
type Review struct {
	State State
	Note  string
	// Reviewer is who says so, if that is known.
	Reviewer string
	// All says the same of all events of the same lookalike and policy that are open.
	All bool
	// Seen is the Reviewed of the event as the person saw it: if somebody else has said something since, nothing is kept. Nil
	// keeps it in any case.
	Seen *time.Time
}

// Choices are the values that events have, for filters to be chosen from, each sorted.
type Choices struct {
	Policies, Kinds, Actions, Hosts []string
}
