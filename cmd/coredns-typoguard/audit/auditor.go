package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/input"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
)

// headSize is how much of a log is looked at to recognise its format, in octets.
const headSize = 64 << 10

// auditor reads logs and counts what is in them.
type auditor struct {
	options
	parsers map[string]*parser // by format
	judge   *judge
	tally   *tally

	files    []fileReport
	items    itemCounts
	unknown  []string // examples
	untimed  bool     // records without a time were left out, since a bound was given
	warnings []string
}

// itemCounts are numbers of lines, or frames of dnstap.
type itemCounts struct {
	Read    int64 `json:"read"`
	Taken   int64 `json:"taken"`   // had a delivery or query
	Other   int64 `json:"other"`   // had none
	Unknown int64 `json:"unknown"` // were not understood
}

// parser is the parser of a format with its clock. It stays the same from one file to the next: a message may have been
// taken in one and delivered in the other.
type parser struct {
	logs.Parser
	clock *logs.Clock
}

// fileReport is what is said of a file.
type fileReport struct {
	Name   string `json:"name"`
	Format string `json:"format,omitempty"`
	Items  int64  `json:"lines"`
	Octets int64  `json:"octets"`
	Error  string `json:"error,omitempty"`
}

func newAuditor(blocks *corefile.Blocks, o options) *auditor {
	return &auditor{options: o, parsers: map[string]*parser{}, judge: newJudge(blocks, o.client, o.exists), tally: newTally(blocks, o.addresses)}
}

// readAll reads files in the order of their age. An error in one does not keep the others from being read.
func (a *auditor) readAll(paths []string, stdin io.Reader, watch io.Writer) error {
	var failures []error
	for _, path := range input.Order(paths) {
		if err := a.read(path, stdin, watch); err != nil {
			failures = append(failures, err)
		}
	}
	for _, format := range append([]logs.Format{logs.Dnstap}, logs.Formats...) {
		if p := a.parsers[format.Name]; p != nil && p.clock.Wrapped {
			a.warnings = append(a.warnings, "time stamps without a year go back by months in one "+format.Name+" log: it is of more than a year, and the years before the last may be wrong")
		}
	}
	if a.untimed {
		failures = append(failures, errors.New("since, until: there are records without a time stamp, which were left out; expected logs with time stamps"))
	}
	return errors.Join(failures...)
}

// read reads one file.
func (a *auditor) read(path string, stdin io.Reader, watch io.Writer) error {
	log, err := input.Open(path, stdin, watch)
	if err != nil {
		a.files = append(a.files, fileReport{Name: path, Error: err.Error()})
		return err
	}
	defer log.Close()
	format, err := a.readLog(log)
	report := fileReport{Name: log.Name, Format: format, Items: log.Items, Octets: log.Octets}
	if err != nil {
		report.Error = err.Error()
	}
	a.files = append(a.files, report)
	a.items.Read += log.Items
	a.items.Unknown += log.TooLong
	return err
}

// readLog reads an open log, and returns its format.
func (a *auditor) readLog(log *input.Log) (string, error) {
	head, err := log.Head(headSize)
	if err != nil || len(head) == 0 {
		return "", err
	}
	format, err := a.formatOf(log, head)
	if err != nil {
		return "", err
	}
	p := a.parsers[format.Name]
	if p == nil {
		clock := logs.NewClock(log.Changed)
		p = &parser{format.New(clock), clock}
		a.parsers[format.Name] = p
	}
	p.clock.Begin(log.Changed)
	if format.Name == logs.Dnstap.Name {
		if err := log.ReadFrames(); err != nil {
			return format.Name, err
		}
	}
	found := func(r *logs.Record) { a.take(r, format.Mail) }
	for {
		item, err := log.Next()
		switch {
		case errors.Is(err, io.EOF):
			return format.Name, nil
		case err != nil:
			return format.Name, a.upTo(err)
		}
		switch p.Parse(item, found) {
		case logs.Taken:
			a.items.Taken++
		case logs.Unknown:
			a.strange(log, item)
		case logs.Foreign, logs.Other:
			a.items.Other++
		}
	}
}

// upTo adds to an error in the midst of a log the time that was reached.
func (a *auditor) upTo(err error) error {
	if a.tally.last == 0 {
		return err
	}
	return fmt.Errorf("%w; the last record is of %s", err, time.Unix(a.tally.last, 0).Format(time.RFC3339))
}

// formatOf returns the format that was asked for, or the one that the log seems to have.
func (a *auditor) formatOf(log *input.Log, head []byte) (logs.Format, error) {
	if a.format != nil {
		return *a.format, nil
	}
	format, ok := logs.Detect(head, *logs.NewClock(log.Changed))
	if !ok {
		return format, fmt.Errorf("%s: unknown format; expected one of those that -help lists, or -format with it", log.Name)
	}
	return format, nil
}

// maxExamples is how many lines that are not understood are shown, and maxExample how much of each, in octets.
const (
	maxExamples = 5
	maxExample  = 200
)

// localPart is that of an address, with what stands before it without a blank.
var localPart = regexp.MustCompile(`[^\s<>=,;:"'()]+@`)

// strange counts a line that was not understood, and keeps the first ones.
func (a *auditor) strange(log *input.Log, item []byte) {
	a.items.Unknown++
	if len(a.unknown) >= maxExamples {
		return
	}
	example := bytes.Clone(item[:min(len(item), maxExample)])
	if !a.addresses {
		example = localPart.ReplaceAll(example, []byte("…@"))
	}
	a.unknown = append(a.unknown, fmt.Sprintf("%s:%d: %s", log.Name, log.Items, strconv.Quote(string(example))))
}

// take judges a record and counts it.
func (a *auditor) take(r *logs.Record, mail bool) {
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
	v := a.judge.of(r)
	a.tally.add(r, &v, mail)
}
