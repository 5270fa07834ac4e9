package history

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

const (
	// tenfold is how many times as many events a day open a decided lookalike again.
	tenfold = 10
	// network4 and network6 are the bits of the networks that are new to a decision or not: those of a site.
	network4, network6 = 24, 48
)

// habit is what the events of a lookalike have been like when it is decided.
type habit struct {
	networks []string // of its clients
	daily    int64    // the number of its events on its busiest day
}

// habit returns what the events of some lookalikes have been like. For one that has not been known for a day, the number is what it would be
// after a day: otherwise what is always as frequent would be opened again within hours.
func (t *transaction) habit(ctx context.Context, lookalikes []int64, now time.Time) (*habit, error) {
	p := &habit{daily: 1}
	if len(lookalikes) == 0 {
		return p, nil
	}
	numbers, args := list(lookalikes)
	var total, first int64
	err := t.query(ctx, func(row *sql.Rows) error {
		var begin, events int64
		err := row.Scan(&begin, &events)
		if total += events; first == 0 || begin < first {
			first = begin
		}
		p.daily = max(p.daily, events)
		return err
	}, fmt.Sprintf(`SELECT min(first), count(*) FROM event WHERE lookalike IN %s GROUP BY first - first %% %d`, numbers, day), args...)
	if err != nil {
		return nil, err
	}
	if known := max(now.UnixMilli()-first, hour); known < day {
		p.daily = max(p.daily, (total*day+known-1)/known)
	}
	different := map[string]bool{}
	err = t.query(ctx, func(row *sql.Rows) error {
		var address string
		err := row.Scan(&address)
		different[networkOf(address)] = true
		return err
	}, `SELECT address FROM client WHERE number IN (SELECT client FROM event WHERE lookalike IN `+numbers+`)`, args...)
	p.networks = slices.Sorted(maps.Keys(different))
	return p, err
}

// networkOf returns the network of a client's address; "" for an unknown client.
func networkOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	bits := network6
	if a.Is4() {
		bits = network4
	}
	return netip.PrefixFrom(a, bits).Masked().String()
}

// addNetworks adds networks to those that are not new to a decision.
func (t *transaction) addNetworks(ctx context.Context, decision int64, networks []string) error {
	for some := range slices.Chunk(networks, writeBatch) {
		var rows rows
		for _, network := range some {
			rows = append(rows, []any{decision, network})
		}
		values, args := rows.values()
		if _, err := t.exec(ctx, `INSERT INTO decided_network (decision, network) VALUES `+values+` ON CONFLICT DO NOTHING`, args...); err != nil {
			return err
		}
	}
	return nil
}

// inForce is a decision to which new events are held.
type inForce struct {
	*Decision
	number            int64
	daily, day, today int64
	known, added      map[string]bool // networks
	counted           int64           // in this transaction
	touched           bool
}

// decided returns the decisions by which new events come in closed, by the ids of these. The caller has locked their lookalikes.
//
// An event stays open if it is the first of a client outside of the networks of all earlier ones, unless the decision is about a network;
// if there are ten times as many on its day as there were on the busiest day up to the decision, or up to the last time that this happened;
// or if the name was registered or takes mail now, which package watch finds.
func (t *transaction) decided(ctx context.Context, events []*event.Event) (map[string]*Decision, error) {
	byName, err := t.decisionsOn(ctx, events)
	if err != nil || len(byName) == 0 {
		return nil, err
	}
	if err := t.readNetworks(ctx, byName, events); err != nil {
		return nil, err
	}
	closed := map[string]*Decision{}
	inOrder := slices.SortedFunc(slices.Values(events), func(a, b *event.Event) int { return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.ID, b.ID)) })
	for _, e := range inOrder {
		if d := decisionFor(byName[nameOf(e)], e); d != nil && !d.isNew(e) {
			closed[e.ID] = d.Decision
			d.counted++
		}
	}
	return closed, t.count(ctx, byName)
}

// decidedName is what decisions are about.
type decidedName struct{ policy, lookalike string }

func nameOf(e *event.Event) decidedName { return decidedName{clean(e.Policy), clean(e.Name)} }

// decisionsOn returns the decisions about the lookalikes of events.
func (t *transaction) decisionsOn(ctx context.Context, events []*event.Event) (map[decidedName][]*inForce, error) {
	different := map[string]bool{}
	for _, e := range events {
		different[clean(e.Name)] = true
	}
	all := map[decidedName][]*inForce{}
	if len(different) == 0 {
		return all, nil
	}
	names, args := list(slices.Sorted(maps.Keys(different)))
	err := t.query(ctx, func(row *sql.Rows) error {
		f := &inForce{known: map[string]bool{}, added: map[string]bool{}}
		var err error
		if f.Decision, f.number, err = scanDecision(row, &f.daily, &f.day, &f.today); err == nil {
			name := decidedName{f.Policy, f.Lookalike}
			all[name] = append(all[name], f)
		}
		return err
	}, `SELECT `+decisionColumns+`, daily, day, today FROM decision WHERE lookalike IN `+names, args...)
	return all, err
}

// readNetworks finds out which of the events' networks are known to the decisions.
func (t *transaction) readNetworks(ctx context.Context, byName map[decidedName][]*inForce, events []*event.Event) error {
	networks, byNumber := map[string]bool{}, map[int64]*inForce{}
	for _, e := range events {
		for _, f := range byName[nameOf(e)] {
			networks[networkOf(e.Client)], byNumber[f.number] = true, f
		}
	}
	if len(byNumber) == 0 {
		return nil
	}
	c := &conditions{}
	in(c, "decision", slices.Sorted(maps.Keys(byNumber)))
	in(c, "network", slices.Sorted(maps.Keys(networks)))
	return t.query(ctx, func(row *sql.Rows) error {
		var number int64
		var network string
		err := row.Scan(&number, &network)
		if err == nil {
			byNumber[number].known[network] = true
		}
		return err
	}, `SELECT decision, network FROM decided_network WHERE `+c.where(), c.args...)
}

// decisionFor returns the one of some decisions about the lookalike of an event that is in force for it: that for the smallest network.
func decisionFor(all []*inForce, e *event.Event) (best *inForce) {
	for _, f := range all {
		if !f.InForce(e.First) || (f.Network.IsValid() && !contains(f.Network, e.Client)) {
			continue
		}
		if best == nil || f.Network.Bits() > best.Network.Bits() { // -1 for all clients
			best = f
		}
	}
	return best
}

// isNew reports whether an event shows something that was not so when it was decided, and records it as known from now on.
func (f *inForce) isNew(e *event.Event) bool {
	if e.Watched() {
		return true
	}
	f.touched = true
	switch today := floor(e.First.UnixMilli(), day); {
	case today > f.day:
		f.day, f.today = today, 1
	case today == f.day:
		f.today++
	}
	isNew := f.today >= tenfold*f.daily
	if isNew {
		f.daily = f.today
	}
	if network := networkOf(e.Client); !f.Network.IsValid() && !f.known[network] {
		f.known[network], f.added[network] = true, true
		isNew = true
	}
	return isNew
}

// count stores what decisions have counted, in the same order on all resolvers to avoid deadlocks.
func (t *transaction) count(ctx context.Context, byName map[decidedName][]*inForce) error {
	var touched []*inForce
	for _, all := range byName {
		for _, f := range all {
			if f.touched {
				touched = append(touched, f)
			}
		}
	}
	slices.SortFunc(touched, func(a, b *inForce) int { return cmp.Compare(a.number, b.number) })
	for _, f := range touched {
		if _, err := t.exec(ctx, `UPDATE decision SET counted = counted + $1, daily = $2, day = $3, today = $4 WHERE number = $5`,
			f.counted, f.daily, f.day, f.today, f.number); err != nil {
			return err
		}
		if err := t.addNetworks(ctx, f.number, slices.Sorted(maps.Keys(f.added))); err != nil {
			return err
		}
	}
	return nil
}
