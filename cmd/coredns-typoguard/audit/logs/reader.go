package logs

import (
	"bytes"
	"time"
)

// Options say how lines are read that do not say it themselves.
type Options struct {
	// Format is the name of the format of lines that name no program; empty to recognise it.
	Format string
	// Columns has the columns of a table by their roles: numbers from 1 on, or names in its header.
	Columns map[string]string
}

// Count is of lines of a format.
type Count struct {
	Format  string `json:"format"`
	Lines   int64  `json:"lines"`
	Taken   int64  `json:"taken"`          // had a delivery, a query or a name
	Unknown int64  `json:"not_understood"` // look like these

	// Mail says that it is the format of a mail server.
	Mail bool `json:"-"`
}

// shared is what all parsers of a reader use.
type shared struct {
	clock   *Clock
	origins *origins
	relays  *relays
}

// Reader reads the lines of logs, one after the other: a message may have been taken in one and delivered in the other. It
// is not for use by several goroutines.
type Reader struct {
	options Options
	shared  *shared
	formats [numFormats]format
	parsers [numFormats]parser // nil until they are needed
	routes  map[string]formatNumber
	last    [lastRoutes]route
	journal journal
	object  object
	table   *table // of the file that is read, if it is one
	names   bool   // the file is a list of names
	frames  bool   // the file is of dnstap
	started bool   // a line with content was read
	depth   int    // of objects in messages of objects
	counts  [numFormats]Count
	entry   entry
	isKnown func([]byte) bool
}

// NewReader returns a reader. What the options say of columns must have been checked by CheckColumns.
func NewReader(o Options) *Reader {
	origin := newOrigins()
	r := &Reader{
		options: o,
		shared:  &shared{clock: NewClock(time.Time{}), origins: origin, relays: newRelays(origin)},
		formats: formats(),
		routes:  map[string]formatNumber{},
	}
	r.isKnown = func(program []byte) bool { return len(program) > 0 && r.route(program) >= 0 }
	return r
}

// Begin makes the reader ready for a file that was last changed at a time, and begins with head.
func (r *Reader) Begin(changed time.Time, head []byte) {
	r.shared.clock.Begin(changed)
	r.journal = journal{clock: r.shared.clock}
	r.frames = IsDnstap(head)
	r.table, r.started = nil, false
	r.names = r.options.Format == "names" || (r.options.Format == "" && r.options.Columns == nil && r.isList(head))
	r.counts = [numFormats]Count{}
}

// Counts returns how many lines of the file were of each format, without those that are of none.
func (r *Reader) Counts() []Count {
	var all []Count
	for i, c := range r.counts {
		if c.Lines > 0 {
			c.Format, c.Mail = r.formats[i].name, r.formats[i].mail
			all = append(all, c)
		}
	}
	return all
}

// Recognised reports whether a line of the file was of a format that is known.
func (r *Reader) Recognised() bool {
	for i, c := range r.counts {
		if c.Lines > 0 && formatNumber(i) != binaryFormat {
			return true
		}
	}
	return false
}

// Ambiguous reports whether there were dates of which nobody knows whether the day or the month is first.
func (r *Reader) Ambiguous() bool { return r.shared.clock.Ambiguous }

// Wrapped reports whether time stamps without a year go back by months.
func (r *Reader) Wrapped() bool { return r.shared.clock.Wrapped }

// Read reads a line, without its end, or a frame of dnstap, and calls found with every record in it.
func (r *Reader) Read(line []byte, found func(*Record)) Result {
	format, result := r.read(line, found)
	return r.count(format, result)
}

// End reads what is left at the end of a file.
func (r *Reader) End(found func(*Record)) Result {
	switch e, ok := r.journal.end(); {
	case ok:
		format, result := r.dispatch(e, found)
		return r.count(format, result)
	case r.journal.cut:
		return r.count(journalFormat, Unknown)
	case r.table != nil && r.table.isOpen():
		return r.count(tableFormat, max(Unknown, r.readEach(r.table.close(), found)))
	}
	return Foreign
}

func (r *Reader) count(format formatNumber, result Result) Result {
	if format < 0 {
		return Foreign
	}
	c := &r.counts[format]
	c.Lines++
	switch result {
	case Taken:
		c.Taken++
	case Unknown:
		c.Unknown++
	case Foreign, Other:
	}
	return result
}

// read finds out what a line is.
func (r *Reader) read(line []byte, found func(*Record)) (formatNumber, Result) {
	switch {
	case r.frames:
		return dnstapFormat, r.parser(dnstapFormat).parse(&entry{message: line}, found)
	case r.journal.open || isJournalField(line):
		return r.readJournal(line, found)
	}
	if len(line) > 0 && (line[0] == 0 || line[0] == '\xef') {
		line = withoutMark(line)
	}
	switch {
	case r.names:
		return namesFormat, readName(line, found)
	case r.table != nil:
		return r.readRow(line, found)
	case len(line) == 0:
		return noFormat, Foreign
	}
	if !r.started || line[0] == '#' {
		if r.startTable(line) {
			return tableFormat, Other
		}
		r.started = r.started || line[0] != '#'
		if r.table != nil {
			return r.readRow(line, found)
		}
	}
	format, result := r.readLine(line, found)
	if format == noFormat && len(r.entry.program) == 0 {
		switch {
		case bytes.IndexByte(line, 0) >= 0:
			return binaryFormat, Unknown // compressed, or in another encoding than what is above it
		case r.startLater(line):
			return tableFormat, Other
		case r.startHeadless(line):
			return r.readRow(line, found)
		case isAddress(bytes.Trim(line, `" `)) && r.Recognised(): // of a list that was put behind the log
			return namesFormat, Unknown
		}
	}
	return format, result
}

// withoutMark cuts off the byte order mark of a file that was put behind another one, and the zeros that a crash leaves in a
// log of some file systems.
func withoutMark(line []byte) []byte {
	return bytes.TrimPrefix(bytes.TrimLeft(line, "\x00"), []byte("\xef\xbb\xbf"))
}

// readLine reads a line that is no row of a table.
func (r *Reader) readLine(line []byte, found func(*Record)) (formatNumber, Result) {
	if line[0] == '{' || line[0] == ' ' || line[0] == '\t' {
		if object := bytes.TrimLeft(line, " \t"); len(object) > 0 && object[0] == '{' {
			return r.readObject(object, found)
		}
	}
	r.entry.open(line, r.shared.clock, r.isKnown)
	if m := r.entry.message; len(m) > 0 && m[0] == '{' {
		return r.readInner(found)
	}
	return r.dispatch(&r.entry, found)
}

// readJournal reads a line of the journal's export format.
func (r *Reader) readJournal(line []byte, found func(*Record)) (formatNumber, Result) {
	if e, ok := r.journal.line(line); ok {
		return r.dispatch(e, found)
	}
	return journalFormat, Other
}

// dispatch gives an entry to the parser of its program.
func (r *Reader) dispatch(e *entry, found func(*Record)) (formatNumber, Result) {
	format := noFormat
	if len(e.program) > 0 {
		format = r.route(e.program)
	}
	if format < 0 {
		if format = r.claimed(e); format < 0 {
			return noFormat, Foreign
		}
	}
	return format, r.parser(format).parse(e, found)
}

// maxRoutes is how many names of programs are remembered, and lastRoutes how many of the last ones are found at once, by their
// lengths and last letters: few programs write most of a log.
const (
	maxRoutes  = 1024
	lastRoutes = 16
)

// route is the number of the format that a program writes.
type route struct {
	program []byte
	format  formatNumber
}

// route returns the number of the format that a program writes, or a negative one.
func (r *Reader) route(program []byte) formatNumber {
	last := &r.last[(len(program)+int(program[len(program)-1]))%lastRoutes]
	if !bytes.Equal(program, last.program) {
		*last = route{append(last.program[:0], program...), r.routeOf(program)}
	}
	return last.format
}

func (r *Reader) routeOf(program []byte) formatNumber {
	if format, ok := r.routes[string(program)]; ok { // without an allocation
		return format
	}
	if len(r.routes) >= maxRoutes {
		clear(r.routes)
	}
	format := noFormat
	for i := range r.formats {
		if wrote := r.formats[i].wrote; wrote != nil && wrote(program) {
			format = formatNumber(i)
			break
		}
	}
	r.routes[string(program)] = format
	return format
}

// claimed returns the number of the format that an entry has by its form: that of a server's own file, and of journalctl
// -o cat, has no name of a program. It is negative if there is none.
func (r *Reader) claimed(e *entry) formatNumber {
	m := bytes.TrimLeft(e.message, " ")
	for i := range r.formats {
		if claims := r.formats[i].claims; claims != nil && claims(m) {
			e.message = m
			return formatNumber(i)
		}
	}
	if len(e.program) > 0 {
		return noFormat
	}
	if format := r.claimedLater(e); format >= 0 {
		return format
	}
	for i := range r.formats {
		if r.formats[i].name == r.options.Format {
			return formatNumber(i)
		}
	}
	return noFormat
}

// claimedLater looks for what a mail server wrote behind words that nobody knows, such as a time stamp of another form.
func (r *Reader) claimedLater(e *entry) formatNumber {
	const longest = 400
	m := e.message
	for range farthest {
		blank := bytes.IndexAny(m[:min(len(m), longest)], " \t")
		if blank < 0 {
			break
		}
		m = bytes.TrimLeft(m[blank:], " \t")
		for i := range r.formats {
			if f := &r.formats[i]; f.mail && f.claims != nil && f.claims(m) {
				e.message = m
				return formatNumber(i)
			}
		}
	}
	return noFormat
}

func (r *Reader) parser(format formatNumber) parser {
	if r.parsers[format] == nil {
		r.parsers[format] = r.formats[format].start(r.shared)
	}
	return r.parsers[format]
}
