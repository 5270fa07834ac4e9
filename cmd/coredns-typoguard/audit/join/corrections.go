package join

import (
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
)

const hour = 60 * 60

// within is how long after a mistake a message to the intended domain is taken for its correction, in hours.
const within = 24

// maxSent is how many messages to intended domains are remembered.
const maxSent = 1 << 16

// corrections remember who wrote to whom in intended domains, and when: the logs of several hosts are not read in the order of time, so what
// corrects a message may be read before it. Of several messages within an hour of the day the last one is remembered, which is behind all
// that any of them is behind.
type corrections struct {
	spans map[string]span // of the intended domains
	sent  map[sentKey]int64
	full  bool
}

// span is when corrections may be sent, in seconds since 1970.
type span struct{ from, to int64 }

// sentKey is a sender and a recipient, as a hash, and an hour since 1970.
type sentKey struct {
	pair uint64
	hour int64
}

func newCorrections() corrections {
	return corrections{spans: map[string]span{}, sent: map[sentKey]int64{}}
}

// expect has mail to an event's intended domain remembered.
func (c *corrections) expect(i *Incident) {
	from, to := i.First-before, i.Last+after+within*hour
	if s, ok := c.spans[i.Intended]; ok {
		from, to = min(from, s.from), max(to, s.to)
	}
	c.spans[i.Intended] = span{from, to}
}

// add remembers a record, if it is mail to an intended domain that was not refused.
func (c *corrections) add(r *logs.Record, domain []byte, pairOf func(*logs.Record, []byte) uint64) {
	s, ok := c.spans[string(domain)] // without an allocation
	if !ok || r.Outcome == logs.Bounced || r.Time < s.from || r.Time > s.to {
		return
	}
	pair := pairOf(r, domain)
	if pair == 0 {
		return
	}
	key := sentKey{pair, r.Time / hour}
	switch last, known := c.sent[key]; {
	case known:
		c.sent[key] = max(last, r.Time)
	case len(c.sent) < maxSent:
		c.sent[key] = r.Time
	default:
		c.full = true
	}
}

// after returns when a message was sent after a time, and 0 if none was.
func (c *corrections) after(pair uint64, time int64) int64 {
	if pair == 0 {
		return 0
	}
	for h := time / hour; h <= time/hour+within; h++ {
		if sent := c.sent[sentKey{pair, h}]; sent > time && sent <= time+within*hour {
			return sent
		}
	}
	return 0
}
