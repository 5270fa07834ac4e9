package typoguard

import (
	"fmt"
	"time"
)

// moment is a time in Unix seconds; 0 is never.
type moment int64

// present is the moment at which it is called.
func present() moment { return moment(time.Now().Unix()) }

// passed reports whether the moment has come.
func (m moment) passed(now moment) bool { return m != 0 && now >= m }

// time returns the moment as a time, the zero time for never.
func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.Unix(int64(m), 0)
}

// untilPrefix is how an end is given.
const untilPrefix = "until="

// parseUntil returns the moment from which on something does not count any more: a time as of RFC 3339, or the end of a
// day in the time zone of the server.
func parseUntil(s string) (moment, error) {
	if day, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return moment(day.AddDate(0, 0, 1).Unix()), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, fmt.Errorf("until=%s; expected a day such as 2026-12-31, or a time such as 2026-12-31T18:00:00Z", s)
	}
	return moment(t.Unix()), nil
}
