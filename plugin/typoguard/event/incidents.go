package event

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// incidentShards is the number of parts of the memory with a lock each, incidentSets the number of sets in each, and incidentWays how many
	// incidents a set has room for: 65,536 in all, in little more than a megabyte.
	incidentShards = 16
	incidentSets   = 1024
	incidentWays   = 4
)

// Incidents gives ids to events. All that a client does about a name within a Window from the first time has the same id for a policy,
// whatever it does: query, or deliver mail to an SMTP listener. It remembers the first times only. Use NewIncidents.
type Incidents struct {
	shards [incidentShards]incidentShard
}

type incidentShard struct {
	mu   sync.Mutex
	sets []incidentSet // none until the first event
}

type incidentSet struct {
	ways [incidentWays]incident
	full time.Duration // when there was last no room for an incident, since begun; zero if there always was
}

// incident is when what a key stands for began; a key of 0 is none.
type incident struct {
	key   uint64
	first time.Duration // since begun
}

// NewIncidents returns an empty memory.
func NewIncidents() *Incidents { return &Incidents{} }

// ID returns the id of what a client does about a name. Nothing is allocated but the id, once the memory is in use, and no lock is held
// for longer than it takes to look at four numbers. If a set is full of events whose window has not ended, windows are those of the
// function ID, which remembers nothing, and stay so until they end; so they are without a memory (nil).
func (i *Incidents) ID(client netip.Addr, name, policy string, now time.Time) string {
	key := keyOf(client, name, policy)
	if i != nil {
		if first, ok := i.first(key, now.Sub(begun)); ok {
			return idOf(key, uint64(first)|remembered)
		}
	}
	return windowID(key, now)
}

// first returns when an incident began, which is now if it has not. It reports false if there is no room for it, or was none in the window
// that windowID has for it: then it may have an id of that already.
func (i *Incidents) first(key uint64, now time.Duration) (first time.Duration, ok bool) {
	shard := &i.shards[key%incidentShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.sets == nil {
		shard.sets = make([]incidentSet, incidentSets)
	}
	set := &shard.sets[key/incidentShards%incidentSets]
	room := -1
	for n, known := range set.ways {
		switch ended := now-known.first >= Window || known.key == 0; {
		case known.key == key && !ended:
			return known.first, true
		case ended:
			room = n
		}
	}
	switch {
	case room < 0:
		set.full = now
		return 0, false
	case set.full != 0 && windowOf(key, set.full) == windowOf(key, now):
		return 0, false
	}
	set.ways[room] = incident{key, now}
	return now, true
}
