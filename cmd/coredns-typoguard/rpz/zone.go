package rpz

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

// zone is the part of a response policy zone besides its rules.
type zone struct {
	origin string // with the final dot
	serial uint32
	ttl    uint32 // of the zone's own records, and the default of rows
}

// writeHead writes the records that every zone needs, and comments about its origin.
func (z *zone) writeHead(w io.Writer, comments []string) error {
	var head strings.Builder
	for _, comment := range comments {
		head.WriteString("; " + comment + "\n")
	}
	fmt.Fprintf(&head, "$ORIGIN %s\n$TTL %d\n", z.origin, z.ttl)
	// Nobody resolves these names, because the zone is never delegated.
	fmt.Fprintf(&head, "@ SOA localhost. nobody.invalid. %d 3600 600 604800 %d\n@ NS localhost.\n", z.serial, z.ttl)
	_, err := io.WriteString(w, head.String())
	return err
}

// writeRecords writes the records of a rule for a name, and for all names below it.
func (z *zone) writeRecords(w *bufio.Writer, r *rows.Rule) {
	ttl := " "
	if !r.Passes && r.TTL != z.ttl {
		ttl = fmt.Sprintf(" %d ", r.TTL)
	}
	for _, record := range r.Own {
		writeAll(w, r.Name, ttl, record, "\n")
	}
	for _, record := range r.Below {
		writeAll(w, "*.", r.Name, ttl, record, "\n")
	}
}

// writeAll writes some texts. An error is kept for Flush to return.
func writeAll(w *bufio.Writer, texts ...string) {
	for _, text := range texts {
		_, _ = w.WriteString(text)
	}
}

// contents counts what has been written of a zone.
type contents struct {
	names, rows, exceptions int
	unfit                   rows.LeftOut
}

// report describes the numbers of rows and of omitted names.
func (c *contents) report() []string {
	lines := []string{fmt.Sprintf("%d rows for %d names, exceptions: %d", c.rows, c.names, c.exceptions)}
	if c.unfit.Count > 0 {
		lines = append(lines, fmt.Sprintf("%d names are left out, such as %s: they do not fit into a zone with this origin", c.unfit.Count, c.unfit.Last))
	}
	return lines
}

// write writes the zone of a plan. It returns an error if there are more rows than allowed.
func (z *zone) write(ctx context.Context, out io.Writer, comments []string, p *rows.Plan, maxRows int) (*contents, error) {
	if about := p.Estimate(z.origin); float64(about)*(1-roughly) > float64(maxRows) {
		return nil, fmt.Errorf("the zone would have about %d rows; expected at most %d (-max-rows)", about, maxRows)
	}
	w := bufio.NewWriterSize(out, 1<<20)
	if err := z.writeHead(w, comments); err != nil {
		return nil, err
	}
	c := new(contents)
	var err error
	c.unfit, err = p.Each(z.origin, func(r *rows.Rule) error {
		if ctx.Err() != nil {
			return errors.New("interrupted; nothing was written")
		}
		if c.names++; r.Passes {
			c.exceptions++
		}
		if c.rows += len(r.Own) + len(r.Below); c.rows <= maxRows {
			z.writeRecords(w, r)
		}
		return nil
	})
	if err == nil && c.rows > maxRows {
		err = fmt.Errorf("the zone would have %d rows; expected at most %d (-max-rows)", c.rows, maxRows)
	}
	if err != nil {
		return nil, err
	}
	return c, w.Flush()
}

// roughly is how far the number of rows may be from the estimate.
const roughly = 0.05

// nextSerial returns the serial for a zone that may replace another: the current time, or the successor of the old serial if that is
// not less (RFC 1982 section 3).
func nextSerial(old uint32, replaces bool, now time.Time) uint32 {
	serial := uint32(now.Unix())
	if replaces && int32(serial-old) <= 0 {
		serial = old + 1
	}
	return serial
}

// serialOf returns the serial of the zone in a file, and whether there is one.
func serialOf(path string) (serial uint32, found bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	case !info.Mode().IsRegular(): // reading it might block forever
		return 0, false, fmt.Errorf("%s is not a regular file; expected a zone file to replace", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return 0, false, err
	}
	defer file.Close()
	parser := dns.NewZoneParser(file, ".", path)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		if soa, isSOA := rr.(*dns.SOA); isSOA {
			return soa.Serial, true, nil
		}
	}
	if err := parser.Err(); err != nil {
		return 0, false, fmt.Errorf("%s is not a zone file and will not be replaced: %w", path, err)
	}
	return 0, false, fmt.Errorf("%s has no SOA record and will not be replaced", path)
}
