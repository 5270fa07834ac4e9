package logs

import (
	"bytes"
	"fmt"
	"time"
)

// compact reads "20261121T223815Z".
func (c *Clock) compact(b []byte) (int64, []byte, bool) {
	const length = len("20060102T150405")
	if len(b) < length || digits(b) != 8 || b[8] != 'T' || digits(b[9:]) != 6 {
		return 0, b, false
	}
	iso := fmt.Appendf(nil, "%s-%s-%sT%s:%s:%s", b[:4], b[4:6], b[6:8], b[9:11], b[11:13], b[13:15])
	t, _, ok := c.rfc3339(append(iso, b[length:min(len(b), length+len("+01:00"))]...))
	rest := b[length:]
	if _, after, zoned := zone(rest); zoned {
		rest = after
	}
	return t, rest, ok
}

// windows reads "11/21/2026 10:38:15 PM" and "21.11.2026 22:38:15": behind a slash the month is first, if it can be one.
func (c *Clock) windows(b []byte) (int64, []byte, bool) {
	first, rest, ok1 := leading(b, 2)
	if !ok1 || len(rest) == 0 {
		return 0, b, false
	}
	separator := rest[0]
	second, rest, ok2 := leading(rest[1:], 2)
	if !ok2 || len(rest) == 0 || rest[0] != separator || (separator != '/' && separator != '.' && separator != '-') {
		return 0, b, false
	}
	year, rest, ok3 := leading(rest[1:], 4)
	rest = bytes.TrimPrefix(rest, []byte(","))
	if !ok3 || year < firstYear || len(rest) == 0 || rest[0] != ' ' {
		return 0, b, false
	}
	day, mon := second, first
	if separator == '.' || c.isDayFirst(first, second, year) {
		day, mon = first, second
	}
	hour, minute, sec, rest, ok := timeOfDay(rest[1:])
	if !ok || mon < 1 || mon > 12 || day < 1 || day > 31 {
		return 0, b, false
	}
	in := c.zone
	c.rank = withoutZone
	if after, ok := bytes.CutPrefix(rest, []byte(" UTC")); ok {
		in, rest, c.rank = time.UTC, after, exact
	}
	return time.Date(year, time.Month(mon), day, hour, minute, sec, 0, in).Unix(), rest, true
}

// isDayFirst reports whether a date such as 03/04/2026 begins with the day. A date with a day after the 12th tells it for its
// log; before there was one, the later date counts that is not after the end of the log: logs are read soon after.
func (c *Clock) isDayFirst(first, second, year int) bool {
	switch {
	case first > 12:
		c.order = dayFirst
	case second > 12:
		c.order = monthFirst
	case c.order == noOrder && first != second:
		c.Ambiguous = true
		day := time.Date(year, time.Month(second), first, 0, 0, 0, 0, c.zone)
		return !day.After(c.end.AddDate(0, 0, 1)) && (second > first || time.Date(year, time.Month(first), second, 0, 0, 0, 0, c.zone).After(c.end.AddDate(0, 0, 1)))
	}
	return c.order == dayFirst
}

// timeOfDay reads "22:38:15" or "10:38:15 PM".
func timeOfDay(b []byte) (hour, minute, sec int, rest []byte, ok bool) {
	hour, rest, ok1 := leading(b, 2)
	if !ok1 || len(rest) == 0 || rest[0] != ':' {
		return 0, 0, 0, b, false
	}
	minute, rest, ok2 := leading(rest[1:], 2)
	if ok2 && len(rest) > 0 && rest[0] == ':' {
		sec, rest, ok2 = leading(rest[1:], 2)
	}
	rest = fraction(rest)
	if len(rest) >= 3 && rest[0] == ' ' && (rest[1] == 'A' || rest[1] == 'P') && rest[2] == 'M' && hour >= 1 && hour <= 12 {
		hour %= 12
		if rest[1] == 'P' {
			hour += 12
		}
		rest = rest[3:]
	}
	return hour, minute, sec, rest, ok2 && hour < 24 && minute < 60 && sec <= 60
}

// leading reads up to so many digits.
func leading(b []byte, most int) (int, []byte, bool) {
	n := digits(b)
	if n == 0 || n > most {
		return 0, b, false
	}
	value, _ := number(b[:n])
	return value, b[n:], true
}
