package logs

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
)

// table is a file of columns: CSV with commas, semicolons or tabs, Exchange's and Zeek's logs with a line "#Fields". A value
// in quotes may go on in the next line.
type table struct {
	comma   byte
	raw     bool // tabs only, without quotes, as Zeek writes
	columns [numRoles]int
	header  []string
	width   int  // how many columns the first row has
	utc     bool // times without a zone are in UTC

	lines  feed // what the CSV reader reads
	reader *csv.Reader
	quoted bool   // a quote is open
	open   []byte // the lines of its row
	rows   []byte // those of the last one that had several
}

// feed gives a CSV reader one row at a time.
type feed struct{ rest []byte }

func (f *feed) Read(b []byte) (int, error) {
	if len(f.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func newTable(comma byte, raw bool) *table {
	t := &table{comma: comma, raw: raw}
	for i := range t.columns {
		t.columns[i] = -1
	}
	t.reader = csv.NewReader(&t.lines)
	t.reader.Comma, t.reader.FieldsPerRecord, t.reader.LazyQuotes, t.reader.ReuseRecord = rune(comma), -1, true, true
	return t
}

// judged returns the number of the column that is judged.
func (t *table) judged() int {
	for _, r := range []role{recipientRole, nameRole, messageRole} {
		if t.columns[r] >= 0 {
			return t.columns[r]
		}
	}
	return -1
}

// isHeader finds out what columns mean by their names. It reports false if none of them is something to judge, or a message
// of a log.
func (t *table) isHeader(names []string) bool {
	best := [numRoles]int{}
	for i, name := range names {
		if strings.ContainsAny(strings.TrimPrefix(name, "@"), "@<>") || len(name) > 64 {
			return false
		}
		what, rank := roleOf(name)
		if what == noRole || (t.columns[what] >= 0 && best[what] <= rank) {
			continue
		}
		t.columns[what], best[what] = i, rank
		if what == timeRole {
			t.utc = isUTC(name)
		}
	}
	t.header = slices.Clone(names)
	return t.columns[recipientRole] >= 0 || t.columns[nameRole] >= 0 || (t.columns[messageRole] >= 0 && len(names) > 1)
}

// value returns the value that a row has for a role.
func (t *table) value(row []string, r role) string {
	if n := t.columns[r]; n >= 0 && n < len(row) {
		return row[n]
	}
	return ""
}

// startTable finds out whether a table begins with a line, which is its header then, or Cisco Umbrella's, which has none. It
// reports true if the line is nothing but a header.
func (r *Reader) startTable(line []byte) bool {
	if r.options.Columns != nil {
		return r.startChosen(line)
	}
	if line[0] == '#' {
		return r.startFields(line)
	}
	if r.options.Format != "" {
		return false
	}
	if r.startHeadless(line) {
		return false
	}
	for _, comma := range []byte{',', ';', '\t', '|'} {
		if bytes.IndexByte(line, comma) < 0 {
			continue
		}
		t := newTable(comma, false)
		if names, ok := t.row(line); ok && len(names) > 1 && t.isHeader(names) {
			r.table = t
			return true
		}
	}
	if t := newTable(',', false); isWord(line) && t.isHeader([]string{string(bytes.Trim(line, `"`))}) {
		r.table = t
		return true
	}
	return false
}

// isWord reports whether a line is a header that stands alone: letters only.
func isWord(line []byte) bool {
	return len(bytes.Trim(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-\" ")) == 0
}

// startFields reads "#Fields: a,b" of Exchange, whose names stay the same, and "#fields\ta\tb" of Zeek.
func (r *Reader) startFields(line []byte) bool {
	comma, raw := byte(','), false
	names, ok := bytes.CutPrefix(line, []byte("#Fields: "))
	if !ok {
		if names, ok = bytes.CutPrefix(line, []byte("#fields\t")); !ok {
			return false
		}
		comma, raw = '\t', true
	} else if bytes.IndexByte(names, ',') < 0 {
		comma = ' '
	}
	t := newTable(comma, raw)
	row, complete := t.row(names)
	if !complete || !t.isHeader(row) {
		return false
	}
	r.table = t
	return true
}

// startChosen makes a table of the columns of the option -column, separated by what separates most.
func (r *Reader) startChosen(line []byte) bool {
	most, isHeader := 0, false
	for _, comma := range []byte{',', ';', '\t', '|', ' '} {
		t := newTable(comma, false)
		row, ok := t.row(line)
		if !ok || len(row) <= most {
			continue
		}
		if named, ok := t.choose(r.options.Columns, row); ok {
			r.table, most, isHeader = t, len(row), named
		}
	}
	return isHeader
}

// choose finds the columns that the user named. It reports false if there are not as many, and whether the row is a header.
func (t *table) choose(columns map[string]string, row []string) (isHeader, ok bool) {
	for name, column := range columns {
		n, err := strconv.Atoi(column)
		if err != nil {
			n = 1 + slices.IndexFunc(row, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), column) })
			isHeader = true
		}
		if n < 1 || n > len(row) {
			return false, false
		}
		what := slices.Index(roleNames[:], name)
		t.columns[what] = n - 1
		if usual, _ := roleOf(row[n-1]); int(usual) == what {
			isHeader = true
		}
		if name == "time" {
			t.utc = isUTC(row[n-1])
		}
	}
	if isHeader {
		t.header = slices.Clone(row)
	}
	return isHeader, true
}

// startLater finds out whether a line that is no first one is the header of a table, with two columns that are known or more.
func (r *Reader) startLater(line []byte) bool {
	const longest = 4096
	before := r.table
	if len(line) > longest || r.options.Columns != nil || !r.startTable(line) {
		r.table = before
		return false
	}
	known := 0
	for _, column := range r.table.columns {
		if column >= 0 {
			known++
		}
	}
	if known < 2 {
		r.table = before
	}
	return known >= 2
}

// startHeadless finds out whether a line is a row of a table that has no header.
func (r *Reader) startHeadless(line []byte) bool {
	t, ok := umbrella(line)
	if ok {
		r.table = t
	}
	return ok
}

// umbrella recognises the DNS log of Cisco Umbrella, which had no header before version 10: time, two identities, the
// internal and external address, the action, "15 (MX)", the reply code, the name.
func umbrella(line []byte) (*table, bool) {
	const columns = 9
	if bytes.Count(line, []byte(",")) < columns-1 {
		return nil, false
	}
	t := newTable(',', false)
	row, ok := t.row(line)
	if !ok || len(row) < columns || len(row[0]) != len("2006-01-02 15:04:05") {
		return nil, false
	}
	switch row[5] {
	case "Allowed", "Blocked", "Proxied":
	default:
		return nil, false
	}
	if number, kind, ok := strings.Cut(row[6], " ("); !ok || digits([]byte(number)) != len(number) || !strings.HasSuffix(kind, ")") {
		return nil, false
	}
	t.columns[timeRole], t.columns[sourceRole], t.columns[typeRole], t.columns[nameRole] = 0, 3, 6, 8
	t.utc = true
	return t, true
}
