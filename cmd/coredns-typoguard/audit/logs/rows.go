package logs

import (
	"bytes"
	"slices"
	"strings"
)

// row splits a line. It reports false as long as a quote is open.
func (t *table) row(line []byte) ([]string, bool) {
	if t.raw {
		return strings.Split(string(line), "\t"), true
	}
	const longest = 1 << 20
	joined := t.quoted
	t.quoted = t.isQuotedAfter(line)
	if t.quoted || joined {
		t.open = append(append(t.open, line...), '\n')
		if t.quoted && len(t.open) < longest {
			return nil, false
		}
		line = t.close()
		t.rows = line
	}
	t.lines.rest = append(bytes.Clone(line), '\n')
	record, err := t.reader.Read()
	t.lines.rest = nil
	if err != nil {
		record = nil
	}
	if t.width == 0 {
		t.width = len(record)
	}
	return record, true
}

// isQuotedAfter reports whether a quote is open behind a line: one that a value begins with, and that does not end before the
// next separator. Others stand for themselves.
func (t *table) isQuotedAfter(line []byte) bool {
	quoted, starts := t.quoted, !t.quoted
	if bytes.IndexByte(line, '"') < 0 {
		return quoted
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quoted && c == '"' && i+1 < len(line) && line[i+1] == '"':
			i++
		case quoted && c == '"' && (i+1 == len(line) || line[i+1] == t.comma):
			quoted = false
		case !quoted && starts && c == '"':
			quoted = true
		}
		starts = !quoted && c == t.comma
	}
	return quoted
}

// isOpen reports whether a row did not end.
func (t *table) isOpen() bool { return t.quoted }

// close returns the lines of a row, which are valid until the next one.
func (t *table) close() []byte {
	lines := t.open
	t.open, t.quoted = t.open[:0], false
	return lines
}

// hidesRow reports whether a line behind the first of a row that has several is a row itself.
func (t *table) hidesRow() bool {
	_, rest, _ := bytes.Cut(t.rows, []byte("\n"))
	for line := range bytes.Lines(rest) {
		values := bytes.Split(line, []byte{t.comma})
		record := Record{}
		if len(values) == t.width && t.width > 1 && record.setName(cleaned(values[t.judged()])) {
			return true
		}
	}
	return false
}

// readRow reads a line of a table.
func (r *Reader) readRow(line []byte, found func(*Record)) (formatNumber, Result) {
	t := r.table
	if len(line) == 0 && !t.isOpen() {
		return tableFormat, Other
	}
	if !t.isOpen() && line[0] == '#' {
		r.startFields(line) // the same log, begun anew
		return tableFormat, Other
	}
	joined := t.isOpen()
	if !joined && bytes.HasPrefix(line, []byte(`{"`)) { // its quotes are not those of a row
		return r.readLine(line, found)
	}
	row, complete := t.row(line)
	switch {
	case !complete:
		return tableFormat, Other
	case joined && (len(row) != t.width || t.hidesRow()):
		return tableFormat, r.readEach(t.rows, found)
	}
	return r.readValues(row, line, found)
}

// readEach reads lines each by itself that a quote has made one row, which is none: a quote that means nothing must not hide
// what follows it.
func (r *Reader) readEach(lines []byte, found func(*Record)) Result {
	result := Other
	for line := range bytes.Lines(bytes.Clone(lines)) {
		line, t := bytes.TrimSuffix(line, []byte("\n")), r.table
		row, complete := t.row(line)
		if !complete {
			t.close()
			row = strings.Split(string(line), string(t.comma))
		}
		_, one := r.readValues(row, line, found)
		result = max(result, one)
	}
	return result
}

// isLogged reports whether a line is no row, but what a program logged, with the time and its name, or in the form of a
// server's own file.
func (r *Reader) isLogged(line []byte) bool {
	e := &r.entry
	e.open(line, r.shared.clock, r.isKnown)
	return len(e.program) > 0 && e.rank != noTime || r.claimed(e) >= 0
}

// readValues reads a row. What is none may be a line of another log that was put behind the table, or the header of another
// table.
func (r *Reader) readValues(row []string, line []byte, found func(*Record)) (formatNumber, Result) {
	t := r.table
	if slices.Equal(row, t.header) {
		return tableFormat, Other
	}
	width := len(t.header)
	if width == 0 && r.options.Columns == nil {
		width = t.width
	}
	if differs := len(row) != width; width == 1 || width > 0 && differs {
		switch {
		case differs && r.startHeadless(line):
			row, _ = r.table.row(line)
			return r.readValues(row, line, found)
		case r.isLogged(line): // an address in it is not what the column has
			return r.readLine(line, found)
		}
	}
	records := 0
	format, result := r.readFields(tableFormat, func(what role) string { return t.value(row, what) }, t.utc, func(record *Record) {
		records++
		found(record)
	})
	if records > 0 || (result != Unknown && len(row) > t.judged()) {
		return format, result
	}
	if r.startLater(line) {
		return tableFormat, Other
	}
	if other, result := r.readLine(line, found); other >= 0 && result != Unknown {
		return other, result
	}
	return format, Unknown
}
