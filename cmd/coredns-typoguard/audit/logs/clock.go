package logs

import (
	"bytes"
	"time"
)

// Clock reads time stamps. Those without a zone are in the local one, and those without a year in the year that ends with
// the last change of the log. It is not for use by several goroutines.
type Clock struct {
	end  time.Time
	zone *time.Location

	minute [len("2006-01-02T15:04")]byte // last read, and when it began
	began  int64
	noYear bool // that time stamp was one without a year
	rank   rank // of the time stamp that was read last
	order  order
	// Ambiguous says that there were dates in numbers of which nobody knows whether the day or the month is first.
	Ambiguous bool
	Wrapped   bool // a time stamp without a year was more than a month before the one above it: the log is of more than a year
}

// rank says how much a time stamp tells: of two on one line the one that tells more counts.
type rank uint8

const (
	noTime rank = iota
	withoutYear
	withoutZone
	exact
)

// order is that of day and month in dates such as 21/11/2026.
type order uint8

const (
	noOrder order = iota
	dayFirst
	monthFirst
)

// NewClock returns a clock for a log that was last changed at a time. Its zone is that of the time.
func NewClock(end time.Time) *Clock { return &Clock{end: end, zone: end.Location()} }

// Begin makes the clock that of another log, which follows the one before.
func (c *Clock) Begin(end time.Time) {
	*c = Clock{end: end, zone: end.Location(), Wrapped: c.Wrapped, Ambiguous: c.Ambiguous}
}

// number reads digits. It reports false if there is anything else among them.
func number(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

var months = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// month reads the English abbreviation of a month.
func month(b []byte) (time.Month, bool) {
	for i, name := range months {
		if string(b) == name {
			return time.Month(i + 1), true
		}
	}
	return 0, false
}

// rfc3339 reads a time stamp such as 2026-11-21T23:38:15.123456+01:00, with a blank in the place of T and without the
// fraction, the zone, or the colon in it, too. It returns what follows.
func (c *Clock) rfc3339(b []byte) (int64, []byte, bool) {
	const seconds = len("2006-01-02T15:04:05")
	if len(b) < seconds || (b[4] != '-' && b[4] != '/') || b[7] != b[4] || (b[10] != 'T' && b[10] != ' ' && b[10] != '_') || b[13] != ':' || b[16] != ':' {
		return 0, b, false
	}
	second, ok := number(b[17:19])
	if !ok {
		return 0, b, false
	}
	rest := b[seconds:]
	if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		digits := 1
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		rest = rest[digits:]
	}
	offset, after, zoned := zone(bytes.TrimPrefix(rest, []byte(" "))) // the blank is Exim's
	c.rank = withoutZone
	if zoned {
		rest, c.rank = after, exact
	}
	if began, ok := c.startOfMinute(b[:16], zoned); ok {
		return began + int64(second) - offset, rest, true
	}
	return 0, b, false
}

// firstYear is the first one that a log can be of. No time stamp is before 1970 then, whatever its zone.
const firstYear = 1971

// startOfMinute returns when the minute of a time stamp began, in UTC or in the local zone. It remembers the last one.
func (c *Clock) startOfMinute(b []byte, utc bool) (int64, bool) {
	key := [len(c.minute)]byte(b)
	if utc {
		key[10] = 'Z'
	}
	if key == c.minute {
		return c.began, true
	}
	year, ok1 := number(b[0:4])
	mon, ok2 := number(b[5:7])
	day, ok3 := number(b[8:10])
	hour, ok4 := number(b[11:13])
	minute, ok5 := number(b[14:16])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || year < firstYear || mon < 1 || mon > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 {
		return 0, false
	}
	in := c.zone
	if utc {
		in = time.UTC
	}
	c.minute, c.began, c.noYear = key, time.Date(year, time.Month(mon), day, hour, minute, 0, 0, in).Unix(), false
	return c.began, true
}

// zone reads Z or an offset such as +01:00 or +0100, in seconds. It reports false if there is none.
func zone(b []byte) (int64, []byte, bool) {
	if len(b) > 0 && b[0] == 'Z' {
		return 0, b[1:], true
	}
	if bytes.HasPrefix(b, []byte("UTC")) {
		return 0, b[len("UTC"):], true
	}
	if len(b) < 5 || (b[0] != '+' && b[0] != '-') {
		return 0, b, false
	}
	digits, rest := append([]byte(nil), b[1:5]...), b[5:]
	if b[3] == ':' && len(b) >= 6 {
		digits, rest = append(digits[:2], b[4], b[5]), b[6:]
	}
	n, ok := number(digits)
	if !ok {
		return 0, b, false
	}
	offset := int64(n/100*3600 + n%100*60)
	if b[0] == '-' {
		offset = -offset
	}
	return offset, rest, true
}

// syslog reads a time stamp such as "Nov 21 23:38:15" or "Nov  1 …" (RFC 3164 section 4.1.2). It returns what follows.
func (c *Clock) syslog(b []byte) (int64, []byte, bool) {
	const length = len("Jan  2 15:04:05")
	if len(b) < length || b[3] != ' ' || b[6] != ' ' || b[9] != ':' || b[12] != ':' {
		return 0, b, false
	}
	second, ok := number(b[13:15])
	if !ok {
		return 0, b, false
	}
	var key [len(c.minute)]byte
	copy(key[:], b[:12])
	c.rank = withoutYear
	if key == c.minute {
		return c.began + int64(second), fraction(b[length:]), true
	}
	mon, ok1 := month(b[0:3])
	day, ok2 := number(bytes.TrimLeft(b[4:6], " "))
	hour, ok3 := number(b[7:9])
	minute, ok4 := number(b[10:12])
	if !ok1 || !ok2 || !ok3 || !ok4 || day < 1 || day > 31 || hour > 23 || minute > 59 {
		return 0, b, false
	}
	began := c.lastOf(mon, day, hour, minute)
	if c.noYear && began < c.began-31*24*3600 {
		c.Wrapped = true
	}
	c.minute, c.began, c.noYear = key, began, true
	return began + int64(second), fraction(b[length:]), true
}

// lastOf returns the last time, up to a day after the end of the log, that had this date. The day is for clocks that
// differ.
func (c *Clock) lastOf(mon time.Month, day, hour, minute int) int64 {
	t := time.Date(c.end.Year(), mon, day, hour, minute, 0, 0, c.zone)
	if t.After(c.end.AddDate(0, 0, 1)) {
		t = time.Date(c.end.Year()-1, mon, day, hour, minute, 0, 0, c.zone)
	}
	// A day after New Year's Eve may have been logged by a clock that is ahead.
	if next := time.Date(c.end.Year()+1, mon, day, hour, minute, 0, 0, c.zone); !next.After(c.end.AddDate(0, 0, 1)) {
		t = next
	}
	return t.Unix()
}
