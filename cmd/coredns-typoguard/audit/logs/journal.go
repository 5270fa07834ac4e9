package logs

import (
	"bytes"
	"encoding/binary"
)

// journal reads the export format of systemd's journal, of journalctl -o export: a field a line, and an empty line behind
// each entry. A value with characters that do not fit on a line stands behind its length, in the line after the name.
type journal struct {
	clock   *Clock
	open    bool   // in the midst of an entry
	cut     bool   // the file ended before the message of an entry
	binary  []byte // the name of a value that stands behind its length
	value   []byte // what has been read of that, with the length
	program []byte
	message []byte
	time    int64
	entry   entry
}

// isJournalField reports whether a line begins an entry.
func isJournalField(line []byte) bool {
	return bytes.HasPrefix(line, []byte("__CURSOR=")) || bytes.HasPrefix(line, []byte("__REALTIME_TIMESTAMP="))
}

// line takes a line, and returns the entry that ends with it.
func (j *journal) line(line []byte) (*entry, bool) {
	if !j.open {
		j.begin()
	}
	switch {
	case len(j.binary) > 0:
		j.more(line)
	case len(line) == 0:
		return j.end()
	default:
		name, value, ok := cut(line, "=")
		if ok {
			j.field(name, value)
		} else {
			j.binary, j.value = append(j.binary[:0], name...), j.value[:0]
		}
	}
	return nil, false
}

// more adds a line to a value behind its length, which may have line ends in it, as the length itself may.
func (j *journal) more(line []byte) {
	const length, longest = 8, 1 << 20
	if len(j.value) < longest {
		j.value = append(append(j.value, line...), '\n')
	}
	if len(j.value) < length {
		return
	}
	size := binary.LittleEndian.Uint64(j.value)
	if got := len(j.value) - length - 1; got < longest-length && uint64(got) < size {
		return
	}
	j.field(j.binary, j.value[length:len(j.value)-1])
	j.binary = j.binary[:0]
}

func (j *journal) begin() {
	j.open, j.binary, j.program, j.message, j.time = true, j.binary[:0], j.program[:0], j.message[:0], 0
}

func (j *journal) field(name, value []byte) {
	switch string(name) {
	case "MESSAGE":
		j.message = append(j.message[:0], value...)
	case "SYSLOG_IDENTIFIER":
		j.program = append(j.program[:0], value...)
	case "__REALTIME_TIMESTAMP":
		j.time, _ = unixTime(value)
	}
}

// end ends an entry. It reports false if there is none.
func (j *journal) end() (*entry, bool) {
	if !j.open {
		j.cut = false
		return nil, false
	}
	j.open, j.cut = false, len(j.message) == 0
	if j.cut {
		return nil, false
	}
	j.entry = entry{program: j.program, message: j.message}
	if j.time != 0 {
		j.entry.stamped(j.time, exact)
	}
	return &j.entry, true
}

// unixTime reads seconds since 1970, or milli-, micro- or nanoseconds, with or without a fraction.
func unixTime(b []byte) (int64, bool) {
	n := digits(b)
	if n < 9 || n > 19 || (n < len(b) && b[n] != '.' && b[n] != 'e' && b[n] != 'E') {
		return 0, false
	}
	value, _ := number(b[:n])
	switch {
	case n <= 11:
		return int64(value), true
	case n <= 14:
		return int64(value / 1e3), true
	case n <= 17:
		return int64(value / 1e6), true
	}
	return int64(value / 1e9), true
}
