package event

import "time"

// Memory is how long Clients remembers a client of which it hears nothing.
const Memory = 7 * 24 * time.Hour

// Clients remembers who was heard of lately, by policy. It forgets when the process ends. It is not safe for concurrent use.
type Clients struct {
	last map[clientOf]time.Time
	most int
}

type clientOf struct{ policy, client string }

// NewClients returns a memory of so many clients at most.
func NewClients(most int) *Clients {
	return &Clients{last: map[clientOf]time.Time{}, most: most}
}

// See notes a client of a policy, and reports whether it is a new one. If the memory is full of clients that were heard of
// within its time, one of them is forgotten, whichever.
func (c *Clients) See(policy, client string, now time.Time) bool {
	key := clientOf{policy, client}
	last, known := c.last[key]
	if !known && len(c.last) >= c.most {
		c.forget(now)
	}
	c.last[key] = now
	return !known || now.Sub(last) >= Memory
}

// forget makes room for one more at least.
func (c *Clients) forget(now time.Time) {
	for key, last := range c.last {
		if now.Sub(last) >= Memory {
			delete(c.last, key)
		}
	}
	for key := range c.last {
		if len(c.last) < c.most {
			return
		}
		delete(c.last, key)
	}
}
