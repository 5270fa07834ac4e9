package audit

import (
	"bytes"
	"strings"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// maxRows is how many lookalikes are told apart, and maxTop how many sources, senders and recipients of each.
const (
	maxRows = 100_000
	maxTop  = 16
)

// counts are of records.
type counts struct {
	Count     int64 `json:"count"`
	Blocked   int64 `json:"blocked"`   // what would not have passed
	Delivered int64 `json:"delivered"` // of mail
	Bounced   int64 `json:"bounced"`
	Deferred  int64 `json:"deferred"` // tries
}

// add counts a record.
func (c *counts) add(outcome logs.Outcome, d *policy.Decision) {
	c.Count++
	if d.Enforced() {
		c.Blocked++
	}
	switch outcome {
	case logs.Delivered:
		c.Delivered++
	case logs.Bounced:
		c.Bounced++
	case logs.Deferred:
		c.Deferred++
	case logs.Asked:
	}
}

// sum adds other counts.
func (c *counts) sum(other counts) {
	c.Count += other.Count
	c.Blocked += other.Blocked
	c.Delivered += other.Delivered
	c.Bounced += other.Bounced
	c.Deferred += other.Deferred
}

// row is what is counted of one lookalike under one policy.
type row struct {
	counts
	name                         string
	decision                     policy.Decision
	first, last                  int64 // seconds since 1970; 0 if unknown
	days, day                    int64 // number of different days, and the last of them
	sources, senders, recipients top
}

// rowKey is what tells rows apart.
type rowKey struct{ name, policy string }

// tally counts records.
type tally struct {
	addresses bool
	rows      map[rowKey]*row
	others    counts // of lookalikes for which there was no row left
	seen      map[string]bool
	Outside   int64 // records before or after the time asked about

	mail, queries counts
	reasons       map[policy.Reason]int64
	first, last   int64
}

func newTally(blocks *corefile.Blocks, addresses bool) *tally {
	t := &tally{addresses: addresses, rows: map[rowKey]*row{}, seen: map[string]bool{}, reasons: map[policy.Reason]int64{}}
	for _, b := range blocks.All {
		if blocks.Chosen != nil && b != blocks.Chosen {
			continue
		}
		for _, s := range b.Suffixes {
			for _, suffix := range s.Protected {
				t.seen[suffix.Name] = false
			}
		}
	}
	return t
}

// add counts a record with the verdict on its name.
func (t *tally) add(r *logs.Record, v *verdict, mail bool) {
	total := &t.queries
	if mail {
		total = &t.mail
	}
	d := &v.decision
	total.add(r.Outcome, d)
	t.reasons[d.Outcome()]++
	if r.Time != 0 {
		if t.first == 0 || r.Time < t.first {
			t.first = r.Time
		}
		t.last = max(t.last, r.Time)
	}
	if v.first && d.Verdict == policy.Protected {
		t.see(d.Listed)
	}
	if d.Policy != nil {
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
	d := &v.decision
	key := rowKey{v.name, d.Policy.Name}
	line := t.rows[key]
	if line == nil {
		if len(t.rows) >= maxRows {
			t.others.add(r.Outcome, d)
			return
		}
		line = &row{name: v.name, decision: *d}
		t.rows[key] = line
	}
	line.add(r.Outcome, d)
	line.at(r.Time)
	line.sources.add(source(r))
	if t.addresses {
		if len(r.Sender) > 0 {
			line.senders.add(r.Sender)
		}
		if len(r.Local) > 0 {
			line.recipients.add(append(append(append([]byte(nil), r.Local...), '@'), r.Name...))
		}
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
		return r.Source
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

func (t *top) add(value []byte) {
	for i := range t.values {
		if t.values[i].Value == string(value) {
			t.values[i].Count++
			return
		}
	}
	if len(t.values) < maxTop {
		t.values = append(t.values, valueCount{string(value), 1})
	} else {
		t.others++
	}
}
