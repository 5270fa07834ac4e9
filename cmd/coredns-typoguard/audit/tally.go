package audit

import (
	"bytes"
	"strings"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
)

// maxTop is how many sources, senders and recipients of a lookalike are told apart, and maxMemory about how many octets all
// lookalikes take with these: the later ones are counted together.
const (
	maxTop    = 16
	maxMemory = 6 << 20
)

// About how many octets a row and a value of it take, without the text itself.
const (
	rowMemory   = 450
	valueMemory = 48
)

// counts are of records.
type counts struct {
	Count     int64 `json:"count"`
	Blocked   int64 `json:"blocked"`   // what would not have passed
	Delivered int64 `json:"delivered"` // of mail
	Bounced   int64 `json:"bounced"`
	Deferred  int64 `json:"deferred"` // tries
	// Relayed counts what was passed on to a server on the same host; it is not part of Count.
	Relayed int64 `json:"relayed,omitempty"`
}

// add counts a record.
func (c *counts) add(outcome logs.Outcome, reason string) {
	if outcome == logs.Relayed {
		c.Relayed++
		return
	}
	c.Count++
	if reason == blocked {
		c.Blocked++
	}
	switch outcome {
	case logs.Delivered:
		c.Delivered++
	case logs.Bounced:
		c.Bounced++
	case logs.Deferred:
		c.Deferred++
	case logs.Asked, logs.Relayed:
	}
}

// sum adds other counts.
func (c *counts) sum(other counts) {
	c.Count += other.Count
	c.Blocked += other.Blocked
	c.Delivered += other.Delivered
	c.Bounced += other.Bounced
	c.Deferred += other.Deferred
	c.Relayed += other.Relayed
}

// row is what is counted of one lookalike under one policy.
type row struct {
	counts
	name                         string
	like                         *likeness
	first, last                  int64 // seconds since 1970; 0 if unknown
	days, day                    int64 // number of different days, and the last of them
	sources, senders, recipients top
}

// rowKey is what tells rows apart.
type rowKey struct{ name, policy string }

// tally counts records.
type tally struct {
	addresses bool
	memory    int // octets that rows take
	rows      map[rowKey]*row
	others    counts // of lookalikes for which there was no row left
	seen      map[string]bool
	Outside   int64 // records before or after the time asked about

	mail, queries counts
	reasons       map[string]int64
	first, last   int64
}

func newTally(protected []string, addresses bool) *tally {
	t := &tally{addresses: addresses, rows: map[rowKey]*row{}, seen: map[string]bool{}, reasons: map[string]int64{}}
	for _, suffix := range protected {
		t.seen[suffix] = false
	}
	return t
}

// add counts a record with the verdict on its name.
func (t *tally) add(r *logs.Record, v *verdict) {
	total := &t.mail
	if r.Outcome == logs.Asked {
		total = &t.queries
	}
	total.add(r.Outcome, v.reason)
	if r.Outcome != logs.Relayed {
		t.reasons[v.reason]++
	}
	if r.Time != 0 {
		if t.first == 0 || r.Time < t.first {
			t.first = r.Time
		}
		t.last = max(t.last, r.Time)
	}
	if v.first && v.reason == isListed {
		t.see(v.listed)
	}
	if v.likeness != nil {
		t.addLookalike(r, v)
	}
}

// see notes that a protected suffix was seen, with those above it.
func (t *tally) see(suffix string) {
	for {
		if seen, ok := t.seen[suffix]; ok && !seen {
			t.seen[suffix] = true
		}
		dot := strings.IndexByte(suffix, '.')
		if dot < 0 {
			return
		}
		suffix = suffix[dot+1:]
	}
}

func (t *tally) addLookalike(r *logs.Record, v *verdict) {
	key := rowKey{v.name, v.likeness.policy}
	line := t.rows[key]
	if line == nil {
		if t.memory > maxMemory {
			t.others.add(r.Outcome, v.reason)
			return
		}
		line = &row{name: v.name, like: v.likeness}
		t.rows[key] = line
		t.memory += rowMemory + 2*len(v.name)
	}
	line.add(r.Outcome, v.reason)
	line.at(r.Time)
	t.addTop(&line.sources, source(r))
	if t.addresses {
		if len(r.Sender) > 0 {
			t.addTop(&line.senders, r.Sender)
		}
		if len(r.Local) > 0 {
			t.addTop(&line.recipients, append(append(append([]byte(nil), r.Local...), '@'), r.Name...))
		}
	}
}

// astray counts what was handed to a relay on this host, and became nothing that the logs tell.
func (t *tally) astray() int64 {
	n := t.others.astray()
	for _, line := range t.rows {
		n += line.astray()
	}
	return n
}

// relayed counts what was handed to a relay on this host.
func (t *tally) relayed() int64 {
	n := t.others.Relayed
	for _, line := range t.rows {
		n += line.Relayed
	}
	return n
}

// astray is how many of the relayed ones there is no delivery or bounce for; one that is still being tried is none of them.
func (c *counts) astray() int64 {
	final := c.Delivered + c.Bounced
	if final == 0 {
		final = c.Deferred
	}
	return max(0, c.Relayed-final)
}

// addTop counts a value of a row. Where there is no memory for another one it is one of the others.
func (t *tally) addTop(top *top, value []byte) {
	const longest = 256
	before := len(top.values)
	top.add(value[:min(len(value), longest)], t.memory <= maxMemory+maxMemory/2)
	if len(top.values) > before {
		t.memory += valueMemory + len(value)
	}
}

// at notes when the lookalike was seen.
func (l *row) at(time int64) {
	if time == 0 {
		return
	}
	if l.first == 0 || time < l.first {
		l.first = time
	}
	l.last = max(l.last, time)
	if day := time / (24 * 3600); day != l.day {
		l.day = day
		l.days++
	}
}

// source returns where a record came from: the client or host, or else the domain of the sender with an @ before it.
func source(r *logs.Record) []byte {
	if len(r.Source) > 0 {
		return withoutUser(r.Source)
	}
	if at := bytes.LastIndexByte(r.Sender, '@'); at >= 0 {
		return r.Sender[at:]
	}
	return []byte("unknown")
}

// top counts the first few different values, and all others together.
type top struct {
	values []valueCount
	others int64
}

// valueCount is how often there was a value.
type valueCount struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// add counts a value, among the others if it is a new one and there is no room.
func (t *top) add(value []byte, room bool) {
	for i := range t.values {
		if t.values[i].Value == string(value) {
			t.values[i].Count++
			return
		}
	}
	if room && len(t.values) < maxTop {
		t.values = append(t.values, valueCount{string(value), 1})
	} else {
		t.others++
	}
}
