package event

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit/wrongclock"
)

// seen is a query of some type, so long after a moment.
func seen(id, qtype string, after time.Duration) *Event {
	return &Event{ID: id, Type: qtype, First: at.Add(after), Last: at.Add(after)}
}

// summary has what folding makes of events.
func summary(events []*Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprintf("%s %d %v %s", e.ID, e.Count, e.Types, e.Last.Sub(e.First)))
	}
	return all
}

// TestFold: the lookups of one delivery attempt are one event, written soon, and once more when its window ends with
// what came until then.
func TestFold(t *testing.T) {
	f := NewFolder(10)
	due := func(after time.Duration) []string { return summary(f.Due(at.Add(after))) }
	require.True(t, f.Add(seen("a", "MX", 0)))
	require.True(t, f.Add(seen("b", "A", time.Millisecond)))
	require.True(t, f.Add(seen("a", "A", 2*time.Millisecond)))
	require.True(t, f.Add(seen("a", "AAAA", 3*time.Millisecond)))
	require.True(t, f.Add(seen("a", "MX", 4*time.Millisecond)))
	assert.Empty(t, due(SettleTime-time.Millisecond), "others of the attempt may follow")
	assert.Equal(t, []string{"a 4 [MX A AAAA] 4ms", "b 1 [A] 0s"}, due(SettleTime+time.Millisecond), "the earliest first")
	assert.Empty(t, due(2*SettleTime), "once is enough")

	require.True(t, f.Add(seen("a", "TXT", time.Minute)))
	require.True(t, f.Add(seen("a", "MX", 30*time.Second)), "late, but the last one stays the last")
	assert.Empty(t, due(2*time.Minute))
	assert.Equal(t, []string{"a 6 [MX A AAAA TXT] 1m0s"}, due(Window+time.Millisecond), "with all repeats; b had none")
	assert.False(t, f.HasQuery("a"))
	assert.False(t, f.HasQuery("b"))
	assert.Empty(t, f.Close())
}

// TestFoldLate: what is due for the first time when its window ends is written once.
func TestFoldLate(t *testing.T) {
	f := NewFolder(10)
	require.True(t, f.Add(seen("a", "MX", 0)))
	assert.Equal(t, []string{"a 1 [MX] 0s"}, summary(f.Due(at.Add(Window))))
	assert.Empty(t, f.Close())
}

// TestFoldOrder: events are handed out in the order in which they happened.
func TestFoldOrder(t *testing.T) {
	f := NewFolder(100)
	var want []string
	for i := range 50 {
		id := fmt.Sprint(i)
		f.Add(seen(id, "MX", time.Duration(i)*time.Millisecond))
		want = append(want, id+" 1 [MX] 0s")
	}
	assert.Equal(t, want[:20], summary(f.Due(at.Add(SettleTime+19*time.Millisecond))))
	assert.Equal(t, want[20:], summary(f.Close()))
}

func TestFoldFull(t *testing.T) {
	f := NewFolder(2)
	require.True(t, f.Add(seen("a", "MX", 0)))
	require.True(t, f.Add(seen("b", "MX", 0)))
	assert.False(t, f.Add(seen("c", "MX", 0)))
	assert.True(t, f.Add(seen("a", "A", 0)), "repeats have their place")
	assert.ElementsMatch(t, []string{"a 2 [MX A] 0s", "b 1 [MX] 0s"}, summary(f.Close()))
	assert.True(t, f.Add(seen("c", "MX", 0)))
}

// TestFoldClose: of the events whose windows are open when the server ends or is reloaded, only those are written that have
// changed since they were.
func TestFoldClose(t *testing.T) {
	f := NewFolder(3)
	require.True(t, f.Add(seen("written", "MX", 0)))
	require.True(t, f.Add(seen("repeated", "MX", time.Millisecond)))
	require.Len(t, f.Due(at.Add(SettleTime+time.Millisecond)), 2)
	require.True(t, f.Add(seen("repeated", "A", 2*SettleTime)))
	require.True(t, f.Add(seen("new", "MX", 2*SettleTime)))
	assert.Equal(t, []string{"repeated 2 [MX A] 1.999s", "new 1 [MX] 0s"}, summary(f.Close()), "the earliest first")
	assert.Empty(t, f.Close(), "nothing is open any more")
	assert.False(t, f.HasQuery("written"))
}

// TestFoldSnapshot: an event that has been handed out changes no more.
func TestFoldSnapshot(t *testing.T) {
	f := NewFolder(2)
	f.Add(seen("a", "MX", 0))
	first := f.Due(at.Add(SettleTime))
	f.Add(seen("a", "A", SettleTime))
	assert.Equal(t, []string{"a 1 [MX] 0s"}, summary(first))
	assert.Equal(t, []string{"a 2 [MX A] 1s"}, summary(f.Close()))
}

// TestID: the same client, name and policy have one id through a window, and a new one every window; others have others.
func TestID(t *testing.T) {
	client := netip.MustParseAddr("192.0.2.1")
	id := func(after time.Duration) string { return ID(client, "army.ml", "mil", at.Add(after)) }
	assert.Regexp(t, "^[a-z2-7]{10}$", id(0))
	ids, changes := map[string]bool{}, 0
	for second := range 3 * 300 {
		after := time.Duration(second) * time.Second
		ids[id(after)] = true
		if id(after) != id(after+time.Second) {
			changes++
		}
	}
	assert.Len(t, ids, changes+1, "no id comes back")
	assert.Equal(t, 3, changes)

	others := map[string]bool{id(0): true}
	for _, other := range []string{
		ID(netip.MustParseAddr("192.0.2.2"), "army.ml", "mil", at),
		ID(netip.Addr{}, "army.ml", "mil", at),
		ID(client, "navy.ml", "mil", at),
		ID(client, "army.ml", "other", at),
		ID(client, "army.mlm", "il", at),
	} {
		assert.False(t, others[other], other)
		others[other] = true
	}
}

// TestFoldJumps: when the clock is set, windows end when they would have, and no id comes back.
func TestFoldJumps(t *testing.T) {
	defer wrongclock.Set(0)
	const year = 365 * 24 * time.Hour
	client, f := netip.MustParseAddr("192.0.2.1"), NewFolder(10)
	for now := time.Now(); ID(client, "army.ml", "mil", now) != ID(client, "army.ml", "mil", now.Add(time.Minute)); {
		client = client.Next() // one whose window does not end just now
	}
	one := func() *Event {
		now := time.Now()
		return &Event{ID: ID(client, "army.ml", "mil", now), Type: "MX", First: now, Last: now}
	}
	first := one()
	require.True(t, f.Add(first))
	for i, offset := range []time.Duration{year, -year, 0} {
		wrongclock.Set(offset)
		repeat := one()
		require.Equal(t, first.ID, repeat.ID, "%s", offset)
		require.True(t, f.Add(repeat))
		assert.Empty(t, f.Due(time.Now()), "%s", offset)
		assert.Equal(t, i+2, f.open[first.ID].Count)
	}
	assert.Len(t, f.Due(time.Now().Add(SettleTime)), 1)
	assert.NotEqual(t, first.ID, ID(client, "army.ml", "mil", time.Now().Add(Window)), "its window comes once")
}

// TestIDPhase: windows of different clients do not all end in the same second.
func TestIDPhase(t *testing.T) {
	client, ended := netip.MustParseAddr("10.0.0.0"), 0
	for range 3000 {
		client = client.Next()
		if ID(client, "army.ml", "mil", at) != ID(client, "army.ml", "mil", at.Add(time.Second)) {
			ended++
		}
	}
	assert.InDelta(t, 10, ended, 10, "of 3000 windows of 300 seconds")
}

func TestClients(t *testing.T) {
	c := NewClients(3)
	assert.True(t, c.Record("mil", "192.0.2.1", at))
	assert.False(t, c.Record("mil", "192.0.2.1", at.Add(time.Hour)))
	assert.True(t, c.Record("other", "192.0.2.1", at), "of another policy")
	assert.False(t, c.Record("mil", "192.0.2.1", at.Add(NewClientWindow)), "heard of since")
	assert.True(t, c.Record("mil", "192.0.2.1", at.Add(2*NewClientWindow)))

	assert.True(t, c.Record("mil", "192.0.2.2", at.Add(2*NewClientWindow)))
	assert.True(t, c.Record("mil", "192.0.2.3", at.Add(2*NewClientWindow)), "in the place of what was forgotten")
	assert.False(t, c.Record("mil", "192.0.2.1", at.Add(2*NewClientWindow)))
	assert.False(t, c.Record("mil", "192.0.2.2", at.Add(2*NewClientWindow)))
	for i := range 10 {
		assert.True(t, c.Record("mil", fmt.Sprint(i), at.Add(2*NewClientWindow)))
		assert.LessOrEqual(t, len(c.last), 3)
	}
}

// TestClientsFull: to make room, those go first that were not heard of for long; and who is known needs no room.
func TestClientsFull(t *testing.T) {
	const most = 20
	c := NewClients(most)
	client := func(i int) string { return fmt.Sprint(i) }
	c.Record("mil", client(0), at)
	for i := 1; i < most; i++ {
		c.Record("mil", client(i), at.Add(time.Hour))
	}
	for i := 1; i < most; i++ {
		assert.False(t, c.Record("mil", client(i), at.Add(2*time.Hour)), "%d, known", i)
	}
	assert.Len(t, c.last, most)
	assert.True(t, c.Record("mil", client(most), at.Add(NewClientWindow)))
	for i := 1; i <= most; i++ {
		assert.False(t, c.Record("mil", client(i), at.Add(NewClientWindow)), "%d, not as old as the first", i)
	}
}

func TestMask(t *testing.T) {
	tests := []struct {
		mask           Mask
		client, masked string
	}{
		{NoMask, "192.0.2.77", "192.0.2.77"},
		{NoMask, "2001:db8::77", "2001:db8::77"},
		{NoMask, "fe80::1%eth0", "fe80::1%eth0"},
		{Mask{24, 56}, "192.0.2.77", "192.0.2.0"},
		{Mask{24, 56}, "2001:db8:1:2ff:3::77", "2001:db8:1:200::"},
		{Mask{24, 56}, "fe80::1%eth0", "fe80::"},
		{Mask{0, 0}, "192.0.2.77", "0.0.0.0"},
		{Mask{0, 0}, "2001:db8::77", "::"},
		{Mask{32, 0}, "192.0.2.77", "192.0.2.77"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.masked, tt.mask.Apply(netip.MustParseAddr(tt.client)).String(), tt.client)
	}
	assert.Equal(t, netip.Addr{}, Mask{24, 56}.Apply(netip.Addr{}))

	require.NoError(t, NoMask.Check())
	require.NoError(t, Mask{0, 0}.Check())
	for _, m := range []Mask{{-1, 0}, {33, 0}, {0, -1}, {0, 129}} {
		require.Error(t, m.Check())
	}
}

// BenchmarkFoldRepeat folds the queries of a mail server that asks again and again.
func BenchmarkFoldRepeat(b *testing.B) {
	f := NewFolder(10)
	events := []*Event{seen("a", "MX", 0), seen("a", "A", 1), seen("a", "AAAA", 2)}
	for b.Loop() {
		for _, e := range events {
			f.Add(e)
		}
	}
}
