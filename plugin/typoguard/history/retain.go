package history

import (
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/clock"
)

const (
	// retainInterval is how often old events are removed.
	retainInterval = time.Minute
	// removeBatch is the number of events removed in a transaction, which new events wait for.
	removeBatch = 1000
	// hourTallies is how long hourly sums are kept, which only the shortest span uses.
	hourTallies = 2 * 24 * time.Hour
)

// retain removes expired events, until the context ends. At the start and after a jump of the clock nothing expires for a while: with a wrong
// date, all would have.
func (s *Store) retain(ctx context.Context) {
	tick := time.NewTicker(retainInterval)
	defer tick.Stop()
	failing := false
	var wall clock.Watch
	for {
		err := s.tidy(ctx, time.Now(), wall.Steady())
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

// tidy removes events that are too old, if the date is right, and the oldest ones if all take too much room.
func (s *Store) tidy(ctx context.Context, now time.Time, isRight bool) error {
	if isRight {
		if err := s.expire(ctx, now); err != nil {
			return err
		}
	}
	if s.config.Size > 0 {
		if err := s.fit(ctx); err != nil {
			return err
		}
	}
	h, err := s.ready(ctx)
	if err != nil {
		return err
	}
	return s.database.shrink(ctx, h.write)
}

// expire removes events that are too old, and sums by the hour that no span uses any more.
func (s *Store) expire(ctx context.Context, now time.Time) error {
	if s.config.Age > 0 {
		for {
			removed, err := s.remove(ctx, "first < $1", now.Add(-s.config.Age).UnixMilli())
			if err != nil {
				return err
			}
			if removed < removeBatch {
				break
			}
		}
	}
	return s.change(ctx, func(tx *transaction) error {
		for _, table := range []string{"lookalike_tally", "client_tally"} {
			if _, err := tx.exec(ctx, `DELETE FROM `+table+` WHERE span = $1 AND start < $2`, hour, now.Add(-hourTallies).UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
}

// fit removes the oldest events until the rest fit, assuming that all have the same size.
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

// remove removes a bounded number of the oldest events that meet a condition, and returns how many. It subtracts them from the
// sums, and removes lookalikes and clients without other events.
func (s *Store) remove(ctx context.Context, condition string, args ...any) (removed int, err error) {
	lookalikes, clients, newest := map[int64]int64{}, map[int64]int64{}, int64(0) // how many of each
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
			lookalikes[c.lookalike]++
			clients[c.client]++
			return nil
		}, `DELETE FROM event WHERE number IN (SELECT number FROM event WHERE `+condition+` ORDER BY first, number LIMIT `+strconv.Itoa(removeBatch)+`)
			RETURNING first, last, policy, kind, action, mode, lookalike, client, count`, args...); err != nil || removed == 0 {
			return err
		}
		if err := tx.tally(ctx, sums); err != nil {
			return err
		}
		return tx.removeEmptySums(ctx, newest)
	})
	if err != nil || removed == 0 {
		return 0, err
	}
	// In a separate transaction, because writers of events lock these tables first, and would deadlock with this one.
	return removed, s.change(ctx, func(tx *transaction) error {
		if err := tx.countDown(ctx, lookalikes); err != nil {
			return err
		}
		if err := tx.removeOrphans(ctx, "lookalike", lookalikes); err != nil {
			return err
		}
		return tx.removeOrphans(ctx, "client", clients)
	})
}

// removeEmptySums removes sums without events that start no later than a time.
func (t *transaction) removeEmptySums(ctx context.Context, until int64) error {
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

// countDown subtracts removed events from the counts of lookalikes.
func (t *transaction) countDown(ctx context.Context, removed map[int64]int64) error {
	for _, number := range slices.Sorted(maps.Keys(removed)) { // in the same order on all resolvers, to avoid deadlocks
		if _, err := t.exec(ctx, `UPDATE lookalike SET events = events - $1 WHERE number = $2`, removed[number], number); err != nil {
			return err
		}
	}
	return nil
}

// removeOrphans removes the rows of a table that no event refers to any more.
func (t *transaction) removeOrphans(ctx context.Context, table string, numbers map[int64]int64) error {
	in, args := list(slices.Sorted(maps.Keys(numbers)))
	_, err := t.exec(ctx, `DELETE FROM `+table+` WHERE number IN `+in+` AND NOT EXISTS (SELECT 1 FROM event WHERE event.`+table+` = `+table+`.number)`, args...)
	return err
}
