package event

import "time"

// NewClientWindow is how long a client must have been without events to be new again.
const NewClientWindow = 7 * 24 * time.Hour

// Clients remembers recent clients by policy, until the process ends. It is not safe for concurrent use.
type Clients struct {
	last map[clientOf]time.Time
	most int
}

type clientOf struct{ policy, client string }

// NewClients returns a memory with room for a number of clients.
func NewClients(most int) *Clients {
	return &Clients{last: map[clientOf]time.Time{}, most: most}
}

// Record records a client of a policy, and reports whether it is new. If the memory is full of recent clients, it forgets an
// arbitrary one of them.
func (c *Clients) Record(policy, client string, now time.Time) bool {
	key := clientOf{policy, client}
	last, known := c.last[key]
	if !known && len(c.last) >= c.most {
		c.forget(now)
	}
	c.last[key] = now
	return !known || now.Sub(last) >= NewClientWindow
}

// forget makes room for at least one more client.
func (c *Clients) forget(now time.Time) {
	for key, last := range c.last {
		if now.Sub(last) >= NewClientWindow {
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
