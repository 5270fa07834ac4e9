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
	known  *lru.Cache[key, State]
	served map[string]map[string]int // the names that the mail servers of a domain serve, and for how many policies
}

// key is a name that a policy watches.
type key struct{ policy, name string }

// NewMemory returns an empty memory, for one watcher.
func NewMemory() *Memory {
	m := &Memory{served: map[string]map[string]int{}}
	m.known, _ = lru.NewWithEvict(MaxNames, m.forget) // fails only for a size of 0
	return m
}

// Resize makes room for the names of so many watchers. Without it, several would take each other's.
func (m *Memory) Resize(watchers int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known.Resize(MaxNames * max(1, watchers))
}

// forget no longer counts a state that is replaced or evicted.
func (m *Memory) forget(k key, s State) {
	domain := mailDomain(s.Host)
	names := m.served[domain]
	if names[k.name]--; names[k.name] <= 0 {
		delete(names, k.name)
	}
	if len(names) == 0 {
		delete(m.served, domain)
	}
}

// Learn records the state of a name that a policy watches, and returns how it has changed. What is seen for the first time has not.
func (m *Memory) Learn(policy, name string, now State) Change {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := key{policy, name}
	before, known := m.known.Peek(k)
	if known {
		m.forget(k, before)
	}
	m.known.Add(k, now) // does not evict what it replaces
	names := m.served[mailDomain(now.Host)]
	if names == nil {
		names = map[string]int{}
		m.served[mailDomain(now.Host)] = names
	}
	names[name]++
	switch {
	case !known:
		return None
	case now.Host != "" && before.Host == "":
		return TakesMail
	case now.Exists && !before.Exists:
		return Registered
	case now.Host != "" && mailDomain(now.Host) != mailDomain(before.Host) && len(names) >= many:
		return MovedMail
	}
	return None
}

// Len returns how many names are known.
func (m *Memory) Len() int { return m.known.Len() }
