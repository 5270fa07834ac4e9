package logs

import (
	"bytes"
	"encoding/hex"
)

// stamp reads a time stamp in any of the forms that log daemons and servers write before a line, and returns what follows.
func (c *Clock) stamp(b []byte) (int64, []byte, bool) {
	if len(b) < len("@4000") {
		return 0, b, false
	}
	switch first := b[0]; {
	case first >= '0' && first <= '9':
		return c.numeric(b)
	case first >= 'A' && first <= 'Z':
		return c.named(b)
	case first == '[':
		return c.bracketed(b)
	case first == '@':
		return c.tai64(b)
	}
	return 0, b, false
}

// numeric reads a time stamp that begins with a digit.
func (c *Clock) numeric(b []byte) (int64, []byte, bool) {
	if t, rest, ok := c.rfc3339(b); ok {
		return t, rest, true
	}
	if t, rest, ok := c.bind(b); ok {
		return t, rest, true
	}
	if t, rest, ok := c.yearFirst(b); ok {
		return t, rest, true
	}
	if t, rest, ok := c.epoch(b); ok {
		return t, rest, true
	}
	if t, rest, ok := c.compact(b); ok {
		return t, rest, true
	}
	return c.windows(b)
}

// named reads a time stamp that begins with the name of a month or a day: "Nov 21 23:38:15", with the year before or behind
// the time, or not at all; "Sat Nov 21 23:38:15 2026"; and "Sat 2026-11-21 23:38:15 CET" of journalctl -o short-full.
func (c *Clock) named(b []byte) (int64, []byte, bool) {
	if len(b) > 4 && b[3] == ' ' && isWeekday(b[:3]) {
		b = b[4:]
		if b[0] >= '0' && b[0] <= '9' {
			t, rest, ok := c.rfc3339(b)
			return t, withoutZoneName(rest), ok
		}
	}
	if len(b) > 5 && b[3] == ',' && isWeekday(b[:3]) { // RFC 5322
		return c.bind(b[5:])
	}
	if t, rest, ok := c.syslog(b); ok {
		return c.yearBehind(b, t, rest)
	}
	return c.yearInside(b)
}

// yearBehind looks for a year behind a time: ctime(3) has one, after the zone in the form of date(1).
func (c *Clock) yearBehind(b []byte, t int64, rest []byte) (int64, []byte, bool) {
	const date = len("Jan  2 15:04:05")
	if len(rest) < 5 || (rest[1] >= 'a' && rest[1] <= 'z') { // most hosts, at once
		return t, rest, true
	}
	year := withoutZoneName(rest)
	if len(year) < 5 || year[0] != ' ' || !isYear(year[1:5]) || (len(year) > 5 && year[5] != ' ') {
		return t, rest, true
	}
	iso, ok := isoOf(year[1:5], b[:3], b[4:6], b[7:date])
	if !ok {
		return t, rest, true
	}
	if t, _, ok = c.rfc3339(iso[:]); !ok {
		return 0, b, false
	}
	return t, year[5:], true
}

// yearInside reads "Nov 21 2026 23:38:15".
func (c *Clock) yearInside(b []byte) (int64, []byte, bool) {
	const length = len("Jan  2 2006 15:04:05")
	if len(b) < length || b[3] != ' ' || b[6] != ' ' || b[11] != ' ' || !isYear(b[7:11]) {
		return 0, b, false
	}
	iso, ok := isoOf(b[7:11], b[:3], b[4:6], b[12:length])
	if !ok {
		return 0, b, false
	}
	t, _, ok := c.rfc3339(iso[:])
	return t, fraction(bytes.TrimPrefix(b[length:], []byte(":"))), ok
}

// yearFirst reads "2026 Nov 21 23:38:15".
func (c *Clock) yearFirst(b []byte) (int64, []byte, bool) {
	const length = len("2006 Jan  2 15:04:05")
	if len(b) < length || b[4] != ' ' || b[8] != ' ' || b[11] != ' ' {
		return 0, b, false
	}
	iso, ok := isoOf(b[:4], b[5:8], b[9:11], b[12:length])
	if !ok {
		return 0, b, false
	}
	t, _, ok := c.rfc3339(iso[:])
	return t, fraction(b[length:]), ok
}

// bind reads "21-Nov-2026 23:38:15.123", "21/Nov/2026:23:38:15 +0100" of web servers, and "21 Nov 2026 23:38:15 +0100".
func (c *Clock) bind(b []byte) (int64, []byte, bool) {
	const length = len("02-Jan-2006 15:04:05")
	if len(b) < length || (b[2] != '-' && b[2] != '/' && b[2] != ' ') || b[6] != b[2] || (b[11] != ' ' && b[11] != ':') {
		return 0, b, false
	}
	iso, ok := isoOf(b[7:11], b[3:6], b[:2], b[12:length])
	if !ok {
		return 0, b, false
	}
	t, _, ok := c.rfc3339(iso[:])
	rest := fraction(b[length:])
	if offset, after, zoned := zone(bytes.TrimPrefix(rest, []byte(" "))); ok && zoned {
		if t, _, ok = c.rfc3339(append(iso[:], 'Z')); ok {
			return t - offset, after, true
		}
	}
	return t, rest, ok
}

// epoch reads seconds since 1970, with or without a fraction, of journalctl -o short-unix, or milliseconds.
func (c *Clock) epoch(b []byte) (int64, []byte, bool) {
	end := digits(b)
	if end != 9 && end != 10 && end != 13 {
		return 0, b, false
	}
	n, _ := number(b[:end])
	if end == 13 {
		n /= 1000
	}
	rest := fraction(b[end:])
	if len(rest) > 0 && rest[0] != ' ' && rest[0] != '\t' {
		return 0, b, false
	}
	c.rank = exact
	return int64(n), rest, true
}

// bracketed reads "[1795300695]" of Unbound, and any other time stamp in brackets. Seconds since the machine started, as journalctl -o short-monotonic and the
// kernel write them, are a time stamp that tells no time.
func (c *Clock) bracketed(b []byte) (int64, []byte, bool) {
	const longest = len("[Sat, 21 Nov 2026 23:38:15.123456 +0100]")
	end := bytes.IndexByte(b[:min(len(b), longest)], ']')
	if end < 0 {
		return 0, b, false
	}
	inside := bytes.TrimLeft(b[1:end], " ")
	if len(inside) > 0 && inside[0] != '[' {
		if t, rest, ok := c.stamp(inside); ok && len(withoutZoneName(rest)) == 0 {
			return t, b[end+1:], true
		}
	}
	n := digits(inside)
	if n == 0 || len(fraction(inside[n:])) > 0 {
		return 0, b, false
	}
	if n < 9 || n > 10 {
		c.rank = noTime
		return 0, b[end+1:], true
	}
	seconds, _ := number(inside[:n])
	c.rank = exact
	return int64(seconds), b[end+1:], true
}

// tai64 reads the label of multilog, @40000000…, in seconds that begin ten before those of Unix.
func (c *Clock) tai64(b []byte) (int64, []byte, bool) {
	const length = len("@") + 24
	if len(b) < length {
		return 0, b, false
	}
	var label [12]byte
	if _, err := hex.Decode(label[:], b[1:length]); err != nil || label[0] != 0x40 {
		return 0, b, false
	}
	seconds := int64(0)
	for _, octet := range label[1:8] {
		seconds = seconds<<8 | int64(octet)
	}
	c.rank = exact
	return seconds - 10, b[length:], seconds > 10
}

// isoOf puts the parts of a time stamp in the order of RFC 3339, without a zone.
func isoOf(year, mon, day, clock []byte) ([20]byte, bool) {
	var iso [20]byte
	m, ok := month(mon)
	if !ok || len(year) != 4 || len(day) != 2 || len(clock) != 8 {
		return iso, false
	}
	to := append(iso[:0], year...)
	to = append(to, '-', '0'+byte(m)/10, '0'+byte(m)%10, '-')
	if day[0] == ' ' {
		to = append(to, '0', day[1])
	} else {
		to = append(to, day...)
	}
	to = append(to, 'T')
	to = append(to, clock...)
	to = append(to, ' ') // ends it
	return [20]byte(to), true
}

// digits counts the digits that a text begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

// fraction skips the fraction of a second.
func fraction(b []byte) []byte {
	if len(b) < 2 || (b[0] != '.' && b[0] != ',') || b[1] < '0' || b[1] > '9' {
		return b
	}
	return b[1+digits(b[1:]):]
}

// withoutZoneName skips the abbreviation of a zone, such as CET or +07: nobody knows what all of them mean.
func withoutZoneName(b []byte) []byte {
	if len(b) < 4 || b[0] != ' ' {
		return b
	}
	word := b[1:]
	if end := bytes.IndexByte(word, ' '); end >= 0 {
		word = word[:end]
	}
	if len(word) < 3 || len(word) > 5 {
		return b
	}
	for i, c := range word {
		if (c < 'A' || c > 'Z') && (i == 0 || word[0] != '+' && word[0] != '-' || c < '0' || c > '9') && (i > 0 || c != '+' && c != '-') {
			return b
		}
	}
	return b[1+len(word):]
}

func isYear(b []byte) bool {
	return digits(b) == len(b) && (b[0] == '1' && b[1] == '9' || b[0] == '2' && b[1] == '0')
}

func isWeekday(b []byte) bool {
	switch string(b) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}
