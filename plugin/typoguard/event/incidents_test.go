package event

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/test/kit/wrongclock"
)

// TestIncidents: everything within a window from the first time has one id, and what others do, or comes later, has another one.
func TestIncidents(t *testing.T) {
	client := netip.MustParseAddr("192.0.2.1")
	ids := NewIncidents()
	first := ids.ID(client, "army.ml", "mil", at)
	assert.Regexp(t, "^[a-z2-7]{10}$", first)
	for _, tt := range []struct {
		name         string
		client       string
		lookalike    string
		policy       string
		after        time.Duration
		isSame, once bool
	}{
		{"at once", "192.0.2.1", "army.ml", "mil", 0, true, false},
		{"another goroutine was earlier", "192.0.2.1", "army.ml", "mil", -time.Millisecond, true, false},
		{"in the last moment", "192.0.2.1", "army.ml", "mil", Window - 1, true, false},
		{"as an IPv6 address", "::ffff:192.0.2.1", "army.ml", "mil", time.Second, true, false},
		{"another client", "192.0.2.2", "army.ml", "mil", 0, false, false},
		{"another name", "192.0.2.1", "mail.army.ml", "mil", 0, false, false},
		{"another policy", "192.0.2.1", "army.ml", "other", 0, false, false},
		{"after the window", "192.0.2.1", "army.ml", "mil", Window, false, false},
		{"within the next window", "192.0.2.1", "army.ml", "mil", 2*Window - 1, false, true},
		{"a week later", "192.0.2.1", "army.ml", "mil", 7 * 24 * time.Hour, false, false},
	} {
		id := ids.ID(netip.MustParseAddr(tt.client), tt.lookalike, tt.policy, at.Add(tt.after))
		assert.Equal(t, tt.isSame, id == first, tt.name)
		if tt.once {
			assert.Equal(t, id, ids.ID(client, "army.ml", "mil", at.Add(Window)), tt.name)
		}
	}
	assert.Equal(t, ID(client, "army.ml", "mil", at), (*Incidents)(nil).ID(client, "army.ml", "mil", at), "without a memory")
}

// TestIncidentsFull: what there is no room for has an id too, and gets room when the others' windows have ended.
func TestIncidentsFull(t *testing.T) {
	const many = 4 * incidentShards * incidentSets * incidentWays
	client, ids := netip.MustParseAddr("192.0.2.1"), NewIncidents()
	seen, forgotten := map[string]string{}, 0
	for i := range many {
		name := fmt.Sprintf("n%d.army.ml", i)
		id := ids.ID(client, name, "mil", at)
		assert.Empty(t, seen[id])
		seen[id] = name
		if id == ID(client, name, "mil", at) {
			forgotten++
		}
	}
	assert.InDelta(t, many-many/4, forgotten, many/50)
	for i := range 1000 {
		name := fmt.Sprintf("later%d.army.ml", i)
		assert.NotEqual(t, ID(client, name, "mil", at.Add(Window)), ids.ID(client, name, "mil", at.Add(Window)))
	}
}

// TestIncidentsRoom: what began while there was no room for it keeps its id when there is some, until its window ends.
func TestIncidentsRoom(t *testing.T) {
	client, ids := netip.MustParseAddr("192.0.2.1"), NewIncidents()
	numbered := func(i int) string { return fmt.Sprintf("n%d.army.ml", i) }
	setOf := func(name string) uint64 { return keyOf(client, name, "mil") % (incidentShards * incidentSets) }
	const late = Window - time.Second // when there is no room any more
	i := 0
	for ID(client, numbered(i), "mil", at.Add(late)) != ID(client, numbered(i), "mil", at.Add(Window+time.Second)) {
		i++
	}
	crowded := numbered(i)
	for others := 0; others < incidentWays; {
		if i++; setOf(numbered(i)) == setOf(crowded) {
			ids.ID(client, numbered(i), "mil", at)
			others++
		}
	}
	id := ids.ID(client, crowded, "mil", at.Add(late))
	assert.Equal(t, ID(client, crowded, "mil", at.Add(late)), id)
	assert.Equal(t, id, ids.ID(client, crowded, "mil", at.Add(Window+time.Second)), "when the others' windows have ended")
	next := at.Add(2 * Window)
	assert.NotEqual(t, ID(client, crowded, "mil", next), ids.ID(client, crowded, "mil", next), "remembered from its next window on")
}

// TestIncidentsAtOnce: queries that come at the same moment have the same id.
func TestIncidentsAtOnce(t *testing.T) {
	client, ids := netip.MustParseAddr("192.0.2.1"), NewIncidents()
	var all sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		all.Go(func() { got[i] = ids.ID(client, "army.ml", "mil", time.Now()) })
	}
	all.Wait()
	for _, id := range got {
		assert.Equal(t, got[0], id)
	}
}

// TestIncidentsJumps: when the clock is set, a window ends when it would have.
func TestIncidentsJumps(t *testing.T) {
	defer wrongclock.Set(0)
	const year = 365 * 24 * time.Hour
	client, ids := netip.MustParseAddr("192.0.2.1"), NewIncidents()
	first := ids.ID(client, "army.ml", "mil", time.Now())
	for _, offset := range []time.Duration{year, -year, 0} {
		wrongclock.Set(offset)
		assert.Equal(t, first, ids.ID(client, "army.ml", "mil", time.Now()), "%s", offset)
	}
	assert.NotEqual(t, first, ids.ID(client, "army.ml", "mil", time.Now().Add(Window)))
}

func TestIncidentsAllocations(t *testing.T) {
	client, ids, now := netip.MustParseAddr("192.0.2.1"), NewIncidents(), time.Now()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = ids.ID(client, "army.ml", "mil", now) }), 1.0, "the id itself")
}

func BenchmarkID(b *testing.B) {
	client, now := netip.MustParseAddr("192.0.2.1"), time.Now()
	for name, ids := range map[string]*Incidents{"remembered": NewIncidents(), "not remembered": nil} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ids.ID(client, "army.ml", "mil", now)
			}
		})
	}
}
