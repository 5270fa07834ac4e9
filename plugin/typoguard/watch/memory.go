package watch

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// many is how many lookalikes a domain of mail servers must serve to serve many of them.
const many = 5

// State is what is known of a name.
type State struct {
	Exists bool
	// Host is its best mail server, without the final dot; "" if it has none.
	Host string
}

// Change is how a name has changed.
type Change string

// The changes, as they stand in events and metrics.
const (
	None       Change = ""
	Registered Change = event.Registered // it begins to exist
	TakesMail  Change = event.TakesMail  // it gets a mail server
	MovedMail  Change = event.MovedMail  // its mail goes to where that of many lookalikes goes
)

// Changes are all changes.
func Changes() []Change { return []Change{Registered, TakesMail, MovedMail} }

// Memory is what is known of names. It outlives reloads, and is bounded. It is safe for concurrent use.
type Memory struct {
	mu     sync.Mutex
	known  *lru.Cache[string, State]
	served map[string]int // how many of them the mail servers of a domain serve
}

// NewMemory returns an empty memory.
func NewMemory() *Memory {
	m := &Memory{served: map[string]int{}}
	m.known, _ = lru.NewWithEvict(MaxNames, func(_ string, s State) { m.forget(s) }) // fails only for a size of 0
	return m
}

// forget no longer counts a state that is replaced or evicted.
func (m *Memory) forget(s State) {
	domain := mailDomain(s.Host)
	if m.served[domain]--; m.served[domain] <= 0 {
		delete(m.served, domain)
	}
}

// Learn records the state of a name, and returns how it has changed. What is seen for the first time has not.
func (m *Memory) Learn(key string, now State) Change {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, known := m.known.Peek(key)
	if known {
		m.forget(before)
	}
	m.known.Add(key, now) // does not evict what it replaces
	m.served[mailDomain(now.Host)]++
	switch {
	case !known:
		return None
	case now.Host != "" && before.Host == "":
		return TakesMail
	case now.Exists && !before.Exists:
		return Registered
	case now.Host != "" && mailDomain(now.Host) != mailDomain(before.Host) && m.served[mailDomain(now.Host)] >= many:
		return MovedMail
	}
	return None
}

// Len returns how many names are known.
func (m *Memory) Len() int { return m.known.Len() }
