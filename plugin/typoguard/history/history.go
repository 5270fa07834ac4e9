// Package history stores events in a database for review: SQLite in a file, or PostgreSQL, which several resolvers may share.
//
// A Store is a target for package sink, whose queue decouples it from queries and holds events during an outage. The same Store
// answers the queries of the review page. It knows neither CoreDNS nor HTTP.
//
// Not covered: deciding what an event is (the plugin), folding repeats (package event), and presentation (package review).
package history

import (
	"net/netip"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// State is the result of a review.
type State string

// The states.
const (
	StateOpen          State = "open"           // not reviewed yet
	StateConfirmed     State = "confirmed"      // a typo, correctly blocked
	StateFalsePositive State = "false_positive" // intended as written, wrongly blocked
	StateIgnored       State = "ignored"        // neither matters
)

// States are all states, in display order.
var States = []State{StateOpen, StateConfirmed, StateFalsePositive, StateIgnored}

// Event is a stored event. It has other ids in its parts if it was reported under several: by different resolvers, or before and after a
// restart.
type Event struct {
	event.Event
	// Host is the resolver that reported it first.
	Host string
	// State and Note are the last review, Reviewer and Reviewed who made it and when. Reviewer is "" if unknown, and Reviewed is
	// zero if there was no review.
	State    State
	Note     string
	Reviewer string
	Reviewed time.Time
	// Assignee is the person who looks into it; "" for nobody.
	Assignee string
}

// Filter selects the events that match all of its fields that are set. The zero Filter selects all events.
type Filter struct {
	// From (inclusive) and Until (exclusive) bound the time at which an event first happened.
	From, Until time.Time
	// Policy, Kind, Mode, Action, Host and State must be equal.
	Policy, Kind, Mode, Action, Host string
	State                            State
	// Assignee must be equal.
	Assignee string
	// Blocked selects only queries that were answered by an action, which Totals count as Blocked.
	Blocked bool
	// Client is an address as stored in events.
	Client string
	// Lookalike is a complete lookalike, in lower case.
	Lookalike string
	// Name is part of the lookalike or of the intended name, case-insensitive.
	Name string
	// Text is words that all must be found: networks and addresses (192.0.2.0/24) among the clients; other words, case-insensitive, in
	// the lookalike, the intended name, the client's address, the note, or as the event's id.
	Text string
	// Clients has the names of clients, in which words of the text may be, too; nil for none.
	Clients ClientNames
	// After is the id of an event: only events that were stored later are selected.
	After string
}

// ClientNames are names of clients. They are not in the database.
type ClientNames interface {
	// Networks returns the networks and addresses of clients whose names contain a word. There must not be many.
	Networks(word string) []netip.Prefix
}

// Order is what a list is sorted by.
type Order string

// The orders. Equal events are sorted by time, newest first.
const (
	ByTime   Order = "time"
	ByCount  Order = "count"
	ByName   Order = "name"
	ByClient Order = "client"
)

// Orders are all orders.
var Orders = []Order{ByTime, ByCount, ByName, ByClient}

// Page selects part of a list.
type Page struct {
	// Order is ByTime by default. Times and counts are descending, names and clients ascending, unless Reverse is set.
	Order   Order
	Reverse bool
	// Cursor is the start of the page: Next or Previous of another page with the same filter and order, or "".
	Cursor string
	// Limit is the maximum number of events; 0 means 50.
	Limit int
}

// List is a page of events.
type List struct {
	Events []*Event
	// Next and Previous are the cursors of the next and previous page; "" if there is none.
	Next, Previous string
	// Total is the number of events that match the filter. If there are many, not all are counted: AtLeast then says that there
	// may be more.
	Total   int
	AtLeast bool
}

// Span is a period that ends now.
type Span string

// The spans of summaries.
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

// Count counts events, and the queries (or SMTP recipients) folded into them.
type Count struct {
	Events, Queries int64
}

// Totals count the events of a span.
type Totals struct {
	Span Span
	// Blocked are those whose queries were answered by an action, Monitored those that would have been in mode enforce, and Refused those
	// with mail that an SMTP listener refused. Each event is one of these.
	Blocked, Monitored, Refused Count
}

// Series is one layer of a stacked chart. Events has one number for each of the chart's times.
type Series struct {
	// Label is a policy or kind; "" for recipients that do not look like any protected suffix.
	Label string
	// Monitored reports whether these events were only monitored.
	Monitored bool
	Events    []int64
}

// Name is a lookalike with the number of its events.
type Name struct {
	Lookalike, Intended, Policy, Kind string
	// Enforced counts enforced events, and Monitored the others.
	Enforced, Monitored Count
	Last                time.Time
}

// Client is a client with the number of its events and of its distinct lookalikes.
type Client struct {
	// Address is "" if it is unknown.
	Address             string
	Lookalikes          int64
	Enforced, Monitored Count
	Last                time.Time
}

// Summary is an overview of a span.
type Summary struct {
	Span Span
	// From is the start of the span: a full hour, or midnight (UTC) for the longer spans. Until, its end, is now.
	From, Until time.Time
	// Lookalikes and Clients are the numbers of distinct ones.
	Lookalikes, Clients int64
	// Times are the starts of the chart's bars, each Step long. Series are stacked in this order.
	Times  []time.Time
	Step   time.Duration
	Series []Series
	// Names and TopClients are the most frequent ones, at most ten.
	Names      []Name
	TopClients []Client
}

// Detail is an event with more about its lookalike.
type Detail struct {
	Event
	// Others are the clients that queried the lookalike, including this event's, according to its last thousand events.
	Others []Client
	// States counts the events for the same lookalike and policy by state.
	States map[State]int64
	// Decisions are those about the lookalike for the policy, the latest first.
	Decisions []Decision
}

// Review is a person's judgement of an event.
type Review struct {
	State State
	Note  string
	// Reviewer is the person, if known.
	Reviewer string
	// All applies the review to all open events for the same lookalike and policy.
	All bool
	// Lasts makes it a Decision about the lookalike for the policy, for clients in Network (or all), until a time (or for ever).
	Lasts   bool
	Network netip.Prefix
	Until   time.Time
	// Seen is the event's Reviewed as the person saw it: if someone else has reviewed the event since, nothing is stored. Nil
	// stores the review in any case.
	Seen *time.Time
}

// Choices are the values that filters can choose from, each sorted.
type Choices struct {
	Policies, Kinds, Actions, Hosts []string
}
