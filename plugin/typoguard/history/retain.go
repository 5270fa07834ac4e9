package history

import (
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
)

const (
	// retainInterval is how often old events are looked for.
	retainInterval = time.Minute
	// removedAtOnce is how many events are removed in a transaction; new ones wait for so long.
	removedAtOnce = 1000
	// hourTallies is for how long sums by the hour are kept, which only the shortest span is made of.
	hourTallies = 2 * 24 * time.Hour
)

// retain removes what is not to be kept any longer, until the context ends.
func (s *Store) retain(ctx context.Context) {
	tick := time.NewTicker(retainInterval)
	defer tick.Stop()
	failing := false
	for {
		err := s.tidy(ctx, time.Now())
		switch {
		case ctx.Err() != nil:
			return
		case s.config.Logger == nil:
		case err != nil && !failing:
			s.config.Logger.Error("Removing old events failed", "error", err)
		case err == nil && failing:
			s.config.Logger.Info("Old events are being removed again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tidy removes events that are too old, and the oldest ones of what takes too much room.
func (s *Store) tidy(ctx context.Context, now time.Time) error {
	if s.config.Age > 0 {
		for {
			removed, err := s.remove(ctx, "first < $1", now.Add(-s.config.Age).UnixMilli())
			if err != nil {
				return err
			}
			if removed < removedAtOnce {
				break
			}
		}
	}
	if s.config.Size > 0 {
		if err := s.fit(ctx); err != nil {
			return err
		}
	}
	err := s.change(ctx, func(tx *transaction) error {
		for _, table := range []string{"lookalike_tally", "client_tally"} {
			if _, err := tx.exec(ctx, `DELETE FROM `+table+` WHERE span = $1 AND start < $2`, hour, now.Add(-hourTallies).UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	h, err := s.ready(ctx)
	if err != nil {
		return err
	}
	return s.database.shrink(ctx, h.write)
}

// fit removes the oldest events until the others fit, taking all for alike.
func (s *Store) fit(ctx context.Context) error {
	h, err := s.ready(ctx)
	if err != nil {
		return err
	}
	size, err := s.database.size(ctx, h.read)
	if err != nil || size <= s.config.Size {
		return err
	}
	var count int64
	if err := s.query(ctx, func(row *sql.Rows) error { return row.Scan(&count) }, `SELECT count(*) FROM event`); err != nil {
		return err
	}
	share := float64(size-s.config.Size) / float64(size)
	for excess := int(math.Ceil(share * float64(count))); excess > 0; {
		removed, err := s.remove(ctx, "TRUE")
		if err != nil || removed == 0 {
			return err
		}
		excess -= removed
	}
	return nil
}

// remove removes the oldest events that meet a condition, a bounded number of them, and returns how many. It takes them out of
// the sums, and removes the lookalikes and clients that have no other events.
func (s *Store) remove(ctx context.Context, condition string, args ...any) (removed int, err error) {
	lookalikes, clients, newest := map[int64]bool{}, map[int64]bool{}, int64(0)
	err = s.change(ctx, func(tx *transaction) error {
		sums := newTallies()
		if err := tx.query(ctx, func(row *sql.Rows) error {
			c := tallied{events: -1}
			if err := row.Scan(&c.first, &c.last, &c.policy, &c.kind, &c.action, &c.mode, &c.lookalike, &c.client, &c.queries); err != nil {
				return err
			}
			removed++
			c.queries = -c.queries
			sums.add(c)
			newest = max(newest, c.first)
			lookalikes[c.lookalike], clients[c.client] = true, true
			return nil
		}, `DELETE FROM event WHERE number IN (SELECT number FROM event WHERE `+condition+` ORDER BY first, number LIMIT `+strconv.Itoa(removedAtOnce)+`)
			RETURNING first, last, policy, kind, action, mode, lookalike, client, count`, args...); err != nil || removed == 0 {
			return err
		}
		if err := tx.tally(ctx, sums); err != nil {
			return err
		}
		return tx.clear(ctx, newest)
	})
	if err != nil || removed == 0 {
		return 0, err
	}
	// In a transaction of its own: one that writes events looks at these tables first, and would wait for this one in turn.
	return removed, s.change(ctx, func(tx *transaction) error {
		if err := tx.orphans(ctx, "lookalike", lookalikes); err != nil {
			return err
		}
		return tx.orphans(ctx, "client", clients)
	})
}

// clear removes sums of nothing that begin not later than a time.
func (t *transaction) clear(ctx context.Context, until int64) error {
	if _, err := t.exec(ctx, `DELETE FROM hour_tally WHERE start <= $1 AND events <= 0`, until); err != nil {
		return err
	}
	for _, table := range []string{"lookalike_tally", "client_tally"} {
		if _, err := t.exec(ctx, `DELETE FROM `+table+` WHERE span IN ($1, $2) AND start <= $3 AND enforced + monitored <= 0`, hour, day, until); err != nil {
			return err
		}
	}
	return nil
}

// orphans removes those rows of a table that no event refers to any more.
func (t *transaction) orphans(ctx context.Context, table string, numbers map[int64]bool) error {
	in, args := list(slices.Sorted(maps.Keys(numbers)))
	_, err := t.exec(ctx, `DELETE FROM `+table+` WHERE number IN `+in+` AND NOT EXISTS (SELECT 1 FROM event WHERE event.`+table+` = `+table+`.number)`, args...)
	return err
}
