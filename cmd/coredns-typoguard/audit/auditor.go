package audit

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/input"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
)

// headSize is how much of a log is looked at to see whether it is a list of names, in octets.
const headSize = 64 << 10

// auditor reads logs, and gives their records to the tally.
type auditor struct {
	options
	reader *logs.Reader
	judge  *judge
	tally  *tally

	files    []fileReport
	items    itemCounts
	unknown  []string // examples
	untimed  bool     // records without a time were left out, since a bound was given
	noName   bool     // the line that is read has a delivery to what cannot be a name
	warnings []string
	refused  []error // of files that are not in the report
	cut      []error // of files that were not read to their end
}

// itemCounts are numbers of lines, or frames of dnstap.
type itemCounts struct {
	Read    int64 `json:"read"`
	Taken   int64 `json:"taken"`   // had a delivery, a query or a name
	Other   int64 `json:"other"`   // had none
	Unknown int64 `json:"unknown"` // were not understood
}

// fileReport is what is said of a file.
type fileReport struct {
	Name    string       `json:"name"`
	Formats []logs.Count `json:"formats,omitempty"`
	Items   int64        `json:"lines"`
	Octets  int64        `json:"octets"`
	Error   string       `json:"error,omitempty"`

	deliveries int64
	noNames    int64 // lines with deliveries to what cannot be a name
}

func newAuditor(j *judge, o options) *auditor {
	return &auditor{
		options: o, judge: j, tally: newTally(j.protected(), o.addresses),
		reader: logs.NewReader(logs.Options{Format: o.format, Columns: o.columns}),
	}
}

// readAll reads files in the order of their age. An error in one does not keep the others from being read.
func (a *auditor) readAll(paths []string, stdin io.Reader, watch io.Writer) {
	for _, path := range input.Order(paths) {
		if err := input.Each(path, stdin, watch, func(log *input.Log) error { a.readLog(log); return nil }); err != nil {
			a.refused = input.AppendError(a.refused, err)
		}
	}
	if a.reader.Wrapped() {
		a.warnings = append(a.warnings, "time stamps without a year go back by months in one log: it is of more than a year, and the years before the last may be wrong")
	}
	if a.untimed {
		a.cut = append(a.cut, errors.New("since, until: there are records without a time stamp, which were left out; expected logs with time stamps"))
	}
	if a.reader.Ambiguous() && (a.since != 0 || a.until != 0) {
		a.warnings = append(a.warnings, "dates such as 03/04/2026 were taken for the later one that is not after the file's last change: since and until may leave out what they should not")
	}
	if n := a.astray(); n > 0 && a.join == nil {
		a.warnings = append(a.warnings, fmt.Sprintf("%s messages to lookalikes were handed to a relay on this host, and are not seen again: read the log of that, too", thousands(n)))
	}
	if a.items.Taken == 0 && len(a.refused) == 0 && len(a.warnings) == 0 {
		a.warnings = append(a.warnings, "there was nothing to read: every file is empty")
	}
}

// astray is how many messages to lookalikes were handed to a relay on this host, and became nothing that the logs tell. Where no
// message is ever seen again, what was delivered to the same name was another one.
func (a *auditor) astray() int64 {
	for _, relay := range a.reader.Relays() {
		if relay.Local && relay.Again > 0 {
			return a.tally.astray()
		}
	}
	return a.tally.relayed()
}

// readLog reads one log.
func (a *auditor) readLog(log *input.Log) {
	a.files = append(a.files, fileReport{Name: log.Name})
	file := &a.files[len(a.files)-1]
	found := func(r *logs.Record) { a.take(r, file) }
	err := a.readItems(log, found)
	if last := a.reader.End(found); last != logs.Foreign {
		a.count(last)
	}
	if err != nil {
		file.Error = err.Error()
		a.cut = input.AppendError(a.cut, err)
	}
	file.Items, file.Octets, file.Formats = log.Items, log.Octets, a.reader.Counts()
	a.items.Read += log.Items
	a.items.Unknown += log.TooLong
	switch {
	case file.Octets == 0 && err != nil:
		a.refused = input.AppendError(a.refused, err)
	case !a.reader.Recognised() && hasContent(log) && err == nil:
		a.refused = input.AppendError(a.refused, fmt.Errorf("%s: unknown format; expected one of those that -help lists, or a table with -column recipient=COLUMN", log.Name))
	default:
		a.doubt(file, log.TooLong)
	}
	a.fold()
}

// hasContent reports whether a log has more than a few empty lines.
func hasContent(log *input.Log) bool { return log.Octets > 2*log.Items }

// readItems reads the lines, or frames, of a log.
func (a *auditor) readItems(log *input.Log, found func(*logs.Record)) error {
	head, err := log.Head(headSize)
	if err != nil {
		a.reader.Begin(log.Changed, nil)
		return err
	}
	a.reader.Begin(log.Changed, head)
	if logs.IsDnstap(head) {
		if err := log.ReadFrames(); err != nil {
			return err
		}
	}
	for {
		item, err := log.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return a.upTo(err)
		}
		a.noName = false
		result := a.reader.Read(item, found)
		if a.noName && result == logs.Taken { // mail to no name is never delivered: the line was misread
			result = logs.Unknown
			a.files[len(a.files)-1].noNames++
		}
		a.count(result)
		if result == logs.Unknown {
			a.example(log, item)
		}
	}
}

// count counts a line.
func (a *auditor) count(result logs.Result) {
	switch result {
	case logs.Taken:
		a.items.Taken++
	case logs.Unknown:
		a.items.Unknown++
	case logs.Foreign, logs.Other:
		a.items.Other++
	}
}

// upTo adds to an error in the midst of a log the time that was reached.
func (a *auditor) upTo(err error) error {
	if a.tally.last == 0 {
		return err
	}
	return fmt.Errorf("%w; the last record is of %s", err, time.Unix(a.tally.last, 0).Format(time.RFC3339))
}

// doubt warns of a file that may have more in it than the report.
func (a *auditor) doubt(file *fileReport, tooLong int64) {
	var taken, mail int64
	unknown := tooLong + file.noNames
	for _, c := range file.Formats {
		taken += c.Taken
		unknown += c.Unknown
		if c.Mail {
			mail += c.Lines
		}
	}
	const oneIn = 100
	switch {
	case tooLong > 0:
		a.warn(file, "%s lines are longer than 1 MiB, as no log's should be, and were not read: what is in them is missing here", thousands(tooLong))
	case unknown*oneIn > taken+unknown:
		a.warn(file, "%s of %s lines that look like a delivery, a query or a name were not understood: what is in them is missing here", thousands(unknown), thousands(taken+unknown))
	case file.Items == 0:
	case taken == 0:
		a.warn(file, "nothing was taken of %s lines: there is no delivery, query or name in them", thousands(file.Items))
	case mail > 0 && file.deliveries == 0:
		a.warn(file, "the log of a mail server without any delivery: is it the right one?")
	}
}

func (a *auditor) warn(file *fileReport, format string, args ...any) {
	switch n := len(a.warnings); {
	case n < maxWarnings:
		a.warnings = append(a.warnings, file.Name+": "+fmt.Sprintf(format, args...))
	case n == maxWarnings:
		a.warnings = append(a.warnings, "and there are more such files")
	}
}

// How many files and warnings are told apart: an archive may have very many.
const (
	maxFiles    = 1000
	maxWarnings = 50
)

// others is the name of what further files are counted as.
const others = "further files"

// fold adds the last file to the one of further files, if there are too many.
func (a *auditor) fold() {
	if len(a.files) <= maxFiles {
		return
	}
	last := a.files[len(a.files)-1]
	a.files = a.files[:maxFiles]
	rest := &a.files[maxFiles-1]
	if rest.Name != others {
		*rest = fileReport{Name: others, Formats: rest.Formats, Items: rest.Items, Octets: rest.Octets, Error: rest.Error}
	}
	rest.Items += last.Items
	rest.Octets += last.Octets
	if rest.Error == "" {
		rest.Error = last.Error
	}
	for _, c := range last.Formats {
		rest.addFormat(c)
	}
}

// addFormat adds the lines of a format.
func (f *fileReport) addFormat(c logs.Count) {
	for i := range f.Formats {
		if sum := &f.Formats[i]; sum.Format == c.Format {
			sum.Lines, sum.Taken, sum.Unknown = sum.Lines+c.Lines, sum.Taken+c.Taken, sum.Unknown+c.Unknown
			return
		}
	}
	f.Formats = append(f.Formats, c)
}

// maxExamples is how many lines that are not understood are shown.
const maxExamples = 5

// example keeps the first lines that were not understood.
func (a *auditor) example(log *input.Log, item []byte) {
	if len(a.unknown) < maxExamples {
		a.unknown = append(a.unknown, fmt.Sprintf("%s:%d: %s", log.Name, log.Items, shortened(item, a.addresses)))
	}
}

// take judges a record and counts it.
func (a *auditor) take(r *logs.Record, file *fileReport) {
	if r.Outcome != logs.Asked && r.Outcome != logs.Relayed {
		file.deliveries++
	}
	if r.Outcome == logs.Delivered && !mayBeName(r.Name) {
		a.noName = true
	}
	if a.since != 0 || a.until != 0 {
		if r.Time == 0 {
			a.untimed = true
			return
		}
		if r.Time < a.since || (a.until != 0 && r.Time >= a.until) {
			a.tally.Outside++
			return
		}
	}
	switch {
	case a.suggest != nil:
		a.suggest.Add(r)
	case a.join != nil: // no policy is needed for that
		a.join.Add(r)
		return
	}
	v := a.judge.of(r)
	a.tally.add(r, &v)
}
