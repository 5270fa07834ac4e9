package join

import (
	"bytes"
	"hash/maphash"
	"slices"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
)

// How long before the first query of an event, and after its last one, a mail server may have logged what it was for, in seconds: the clocks of
// two hosts differ, a cache answers repeats, and a server that takes the message, or does not reply, takes its time.
const (
	before = 60
	after  = 15 * 60
)

// same is how many seconds two times may differ and count as the same.
const same = 5

// maxMessages is how many messages of an event are told apart, and maxMemory about how many bytes all of them take.
const (
	maxMessages = 16
	maxMemory   = 4 << 20
)

// messageMemory is about how many bytes a message takes, without its texts.
const messageMemory = 140

// longest is how much of an address or ID is kept.
const longest = 256

// Message is mail to one recipient.
type Message struct {
	// ID is the mail server's own: the queue ID, or an ID of a trace.
	ID string
	// Sender and Recipient are addresses, or only @ and the domain.
	Sender, Recipient string
	// First and Last are when it was tried, in seconds since 1970, and Outcome is that of the last try.
	First, Last int64
	Tries       int64
	Outcome     logs.Outcome
	// Corrected is when the sender wrote to the same recipient in the intended domain, and 0 if the logs have no such message.
	Corrected int64

	key  uint64 // hash of ID, sender and recipient
	pair uint64 // of the corrected copy; 0 if the sender or the recipient is not known
}

// target is a domain that mail may have been sent to.
type target struct {
	incidents []*Incident // by their first time
	longest   int64       // from the first time to the last of any
}

// Join links events to messages.
type Join struct {
	// Incidents are the events, by their first time.
	Incidents []*Incident
	// Elsewhere counts the tries of mail to the names of events that were at no event's time, and Untimed those without a time.
	Elsewhere, Untimed int64

	addresses      bool
	targets        map[string]*target
	corrections    corrections
	seed           maphash.Seed
	memory         int
	loaded, unread int64
	lower          []byte
}

// New returns a join without events. Addresses are only kept whole if that is wanted.
func New(addresses bool) *Join {
	return &Join{addresses: addresses, targets: map[string]*target{}, corrections: newCorrections(), seed: maphash.MakeSeed()}
}

// Unread is how many lines were no events.
func (j *Join) Unread() int64 { return j.unread }

// Forgotten reports whether there was so much mail to intended domains that corrected copies may be missing.
func (j *Join) Forgotten() bool { return j.corrections.full }

// Add takes a record of a mail log; those of queries are left out.
func (j *Join) Add(r *logs.Record) {
	if r.Type != 0 {
		return
	}
	j.lower = append(j.lower[:0], bytes.ToLower(bytes.TrimSuffix(r.Name, []byte(".")))...)
	j.corrections.add(r, j.lower, j.pair)
	t := j.targets[string(j.lower)] // without an allocation
	switch {
	case t == nil:
		return
	case r.Time == 0:
		j.Untimed++
		return
	}
	near := t.near(r.Time)
	if len(near) == 0 {
		j.Elsewhere++
	}
	for _, i := range near {
		j.link(i, r)
	}
}

// near returns the events that are nearest to a time, of those that it can belong to.
func (t *target) near(time int64) []*Incident {
	end, _ := slices.BinarySearchFunc(t.incidents, time+before+1, func(i *Incident, time int64) int { return int(i.First - time) })
	var found []*Incident
	nearest := int64(after)
	for _, i := range slices.Backward(t.incidents[:end]) {
		if i.First+t.longest+after < time {
			break
		}
		switch away := i.away(time); {
		case away > nearest:
		case away < nearest:
			found, nearest = append(found[:0], i), away
		default:
			found = append(found, i)
		}
	}
	return found
}

// away is how many seconds a time is before or after the event.
func (i *Incident) away(time int64) int64 {
	if away := max(i.First-time, time-i.Last); away > same {
		return away
	}
	return 0
}

// link adds a try to the messages of an event.
func (j *Join) link(i *Incident, r *logs.Record) {
	key := j.hash(r.ID, r.Sender, r.Local)
	for n := range i.Messages {
		if m := &i.Messages[n]; m.key == key {
			m.try(r)
			return
		}
	}
	if len(i.Messages) == maxMessages || j.memory > maxMemory {
		i.Others++
		return
	}
	m := Message{ID: text(r.ID), Sender: j.address(r.Sender), Recipient: j.recipient(r), First: r.Time, key: key}
	if i.Intended != "" {
		m.pair = j.pair(r, []byte(i.Intended))
	}
	m.try(r)
	j.memory += messageMemory + len(m.ID) + len(m.Sender) + len(m.Recipient)
	i.Messages = append(i.Messages, m)
}

// try counts a try.
func (m *Message) try(r *logs.Record) {
	m.Tries++
	m.First = min(m.First, r.Time)
	if r.Time >= m.Last {
		m.Last, m.Outcome = r.Time, r.Outcome
	}
}

// pair is the hash of a sender and of a recipient in another domain; 0 if one of them is not known.
func (j *Join) pair(r *logs.Record, domain []byte) uint64 {
	if len(r.Sender) == 0 || len(r.Local) == 0 {
		return 0
	}
	return max(1, j.hash(bytes.ToLower(r.Sender), bytes.ToLower(r.Local), domain))
}

func (j *Join) hash(parts ...[]byte) uint64 {
	var h maphash.Hash
	h.SetSeed(j.seed)
	for _, part := range parts {
		_, _ = h.Write(part)    // these two never fail
		_ = h.WriteByte('\x00') // as above
	}
	return h.Sum64()
}

// address returns an address as it is kept; a text without an @ is none that could be shown.
func (j *Join) address(addr []byte) string {
	if at := bytes.LastIndexByte(addr, '@'); !j.addresses {
		if at < 0 {
			return ""
		}
		addr = addr[at:]
	}
	return text(addr)
}

func (j *Join) recipient(r *logs.Record) string {
	return j.address(slices.Concat(r.Local, []byte("@"), r.Name))
}

// text returns a copy of what a log has, and the end of what is too long: there the domain is.
func text(b []byte) string { return string(b[max(0, len(b)-longest):]) }

// Finish looks for the corrected copies, when all logs were read.
func (j *Join) Finish() {
	for _, i := range j.Incidents {
		for n := range i.Messages {
			m := &i.Messages[n]
			m.Corrected = j.corrections.after(m.pair, m.First)
		}
	}
}
