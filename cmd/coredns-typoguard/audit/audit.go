// Package audit is the command that says what the policies would have done to the names in logs, and what has leaked.
package audit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/join"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/suggest"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/resolver"
)

const description = `Reads the logs of mail servers and DNS servers, applies the policies of a Corefile to every recipient's domain or
queried name, and prints: each lookalike with how often it was written to or asked for, first and last, what was meant, by
whom, and how often mail to it was delivered (that mail has leaked), bounced or deferred; then the domains hit most, for the
allow list; the protected suffixes that were never seen; and totals.

Files may be plain or compressed with gzip, bzip2, xz, zstd or LZ4, or in a tar or zip archive, whatever their names; in UTF-8
or UTF-16. Without a FILE, or for "-", standard input is read. Rotated files (mail.log.2.gz mail.log.1 mail.log) are read in
their order. What carried a line is taken off: syslog of either RFC, journalctl in all its forms, Docker and Kubernetes, JSON
or CSV of a log store. Then the program that wrote the line says what it is, so that one file may be of several:

  postfix, exim, sendmail, opensmtpd, qmail, courier, haraka    mail servers
  cisco-esa, rspamd                                             a gateway, a filter
  coredns, bind, unbound, dnsmasq (Pi-hole), powerdns           queries that DNS servers log
  windows-dns, dnstap                                           packets: the debug log; CLIENT_QUERY, logged in full
  suricata, zeek                                                sensors: dns and smtp, in JSON or tabs
  tables and JSON                                               message traces of Microsoft 365, Exchange and Google, and others
                                                                whose columns have the usual names; or say -column
  names                                                         names or mail addresses, one a line

-format is for lines that do not say which program wrote them, and are not recognised.

Times without a year are of the year that ends with the file's last change; those without a zone are in the zone of TZ, but
for Microsoft's and Google's, which are in UTC. -since and -until take RFC 3339, a date, or a time before now such as 90d or
36h.

Addresses are reduced to domains, unless -addresses. Deliveries to mailboxes on the same host do not count. What was handed to
a relay on the same host is not delivered yet: it is summed up, with how much of it is seen again. A delivery to a smart host
counts as delivered: what becomes of the message stands in the log of that. What is refused when it comes in counts as bounced.
Queries are judged for the client that asked, deliveries for any, or for -client.

Names pass for the same reasons as in check, and as no_name if they cannot be one.

With -suggest, the logs tell what to write into a policy, also if there is none yet: no Corefile is needed. Into the directory
go three lists, protect-suggested.txt, allow-suggested.txt and prefixes-suggested.txt: domains that at least three senders
write to, on five days or half of those that the logs have; domains that look like these or like protected ones, but that
several write to again and again, or that mail comes from, too; and the names of hosts before protected domains, for the kind
boundary. Each line has its evidence, without local parts of addresses. Known typos and domains that differ by what people
mistype most, the public suffix, a doubled letter or a swap, are only named in comments: auto-forwards to typos have run for
years. Nothing is in force before a policy names the files, and files that are there already are not written over.

With -join, the events that a server wrote (events, in JSON, compressed or not; or its history, sqlite:///PATH or
postgres://USER@HOST/DATABASE, which is only read; its password belongs into the file that PGPASSFILE names) are linked to the messages in the logs: queue ID,
sender, recipient, time, what became of it, and whether the same sender wrote to the same recipient in the intended domain
within a day. No Corefile is needed. A message belongs to the event of its recipient's domain that is nearest in time, from a minute
before its first query to a quarter of an hour after its last one; to both if two hosts queried in the same seconds. -since and
-until bound the events, too, of which there may be 20,000; of a sender or recipient only the domain is shown, unless
-addresses.

Memory is bounded: of very many different lookalikes, and of sources of one, the later are counted as "others".

Exit status: 0; 3 if the report may lack something, which the warning above it says: more than 1 % of the lines that look like
a delivery, a query or a name were not understood, a file had none, or the log of a mail server had no delivery; 2 after an
error. There is no report if a file cannot be opened or recognised. For one that cannot be read to its end there is, with how
far it was.`

// Command returns the command.
func Command() *cli.Command {
	formats := append([]string{"auto"}, logs.Formats()...)
	return &cli.Command{
		Name:        "audit",
		Usage:       "say what the policies would have done to the names in logs, and what has leaked",
		ArgsUsage:   "[FILE...]",
		Description: description,
		// A DSN may have several hosts, with commas between them.
		DisableSliceFlagSeparator: true,
		Flags: append(corefile.Flags(),
			&cli.StringFlag{Name: "format", Value: "auto", Usage: "the `FORMAT` of lines that do not say which program wrote them: " + strings.Join(formats, ", ")},
			&cli.StringFlag{Name: "column", Usage: "the columns of a table, or the keys of objects, such as `recipient=3,time=1,status=5`, by number or name; also name, sender, source, type, message, program, id"},
			&cli.StringFlag{Name: "since", Usage: "leave out what is before this `TIME`"},
			&cli.StringFlag{Name: "until", Usage: "leave out what is from this `TIME` on"},
			&cli.StringFlag{Name: "client", Usage: "judge deliveries for the mail server with this `IP` address"},
			resolver.Flag("for policies that require a counterpart, query the resolver at this `ADDRESS` for the intended names"),
			&cli.BoolFlag{Name: "addresses", Usage: "show senders' and recipients' addresses, too"},
			&cli.StringFlag{Name: "suggest", TakesFile: true, Usage: "write what to protect, what to allow and names of hosts into files in this `DIRECTORY`, instead of the report"},
			&cli.StringSliceFlag{Name: "join", TakesFile: true, Usage: "instead of the report, print the messages that belong to the events in this `FILE`, or history; may be repeated"},
			&cli.StringSliceFlag{Name: "event", Usage: "of -join, use only the event with this `ID`; may be repeated"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object"},
			&cli.BoolFlag{Name: "csv", Usage: "print the lookalikes, or the messages of -join, as CSV (RFC 4180)"},
		),
		Action: run,
	}
}

// options are those of the command.
type options struct {
	format       string // empty: to be recognised
	columns      map[string]string
	since, until int64 // seconds since 1970; 0 is without bound
	client       netip.Addr
	resolver     *resolver.Resolver // with -resolve
	addresses    bool
	suggest      *suggest.Evidence // with -suggest
	join         *join.Join        // with -join
}

func parseOptions(c *cli.Command, now time.Time) (options, error) {
	o := options{addresses: c.Bool("addresses")}
	if name := c.String("format"); name != "auto" {
		if !logs.IsFormat(name) {
			return o, fmt.Errorf("format: unknown format %q; expected one of those that -help lists", name)
		}
		o.format = name
	}
	var err error
	if o.columns, err = logs.ParseColumns(c.String("column")); err != nil {
		return o, fmt.Errorf("column: %w", err)
	}
	if o.since, err = parseTime(c.String("since"), now); err != nil {
		return o, fmt.Errorf("since: %w", err)
	}
	if o.until, err = parseTime(c.String("until"), now); err != nil {
		return o, fmt.Errorf("until: %w", err)
	}
	if o.until != 0 && o.until <= o.since {
		return o, errors.New("until: not after since; expected a later time")
	}
	if s := c.String("client"); s != "" {
		if o.client, err = netip.ParseAddr(s); err != nil {
			return o, fmt.Errorf("client: %w; expected an IPv4 or IPv6 address", err)
		}
	}
	if c.Bool("json") && c.Bool("csv") {
		return o, errors.New("json and csv; expected one of them")
	}
	if dir := c.String("suggest"); dir != "" {
		if c.Bool("json") || c.Bool("csv") {
			return o, errors.New("suggest, and json or csv; expected only one of them")
		}
		if err := suggest.Check(dir); err != nil {
			return o, fmt.Errorf("suggest: %w", err)
		}
		o.suggest = suggest.NewEvidence(o.addresses)
	}
	return o, nil
}

// parseTime reads a point in time, or how long it is before now, as seconds since 1970; nothing is 0.
func parseTime(s string, now time.Time) (int64, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t.Unix(), nil
		}
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if d, err := time.ParseDuration(days + "h"); err == nil && d > 0 {
			return now.Add(-24 * d).Unix(), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(-d).Unix(), nil
	}
	return 0, fmt.Errorf("%q; expected a time such as 2026-11-21 or 2026-11-21T23:38:15Z, or how long ago, such as 90d or 36h", s)
}

func run(ctx context.Context, c *cli.Command) error {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(softLimit)) // of the report, too
	o, err := parseOptions(c, time.Now())
	if err != nil {
		return err
	}
	paths := c.Args().Slice()
	if len(paths) == 0 {
		paths = []string{"-"}
		if c.String("conf") == "stdin" {
			return errors.New("conf: stdin, and no FILE; expected one of the two to be a file")
		}
	}
	if err := o.loadEvents(ctx, c, paths); err != nil {
		return err
	}
	blocks, err := loadPolicies(c)
	if err != nil {
		return err
	}
	if o.resolver, err = resolver.FromFlag(c); err != nil {
		return err
	}
	a, err := auditFiles(c.Root(), &blocks, paths, o)
	if err != nil {
		return err
	}
	switch {
	case o.suggest != nil:
		_, err := a.suggestInto(c.Root().Writer, c.String("suggest"))
		return err
	case o.join != nil:
		return a.printJoined(c)
	}
	return a.print(c)
}

// auditFiles reads logs.
func auditFiles(root *cli.Command, blocks *corefile.Blocks, paths []string, o options) (*auditor, error) {
	a := newAuditor(newJudge(blocks, o.client, o.resolver), o)
	progress := newProgress(paths, root.ErrWriter)
	a.readAll(paths, root.Reader, progress)
	progress.finish()
	return a, errors.Join(a.refused...)
}

// softLimit is how much memory is used before the garbage collector works harder, in octets.
const softLimit = 28 << 20

// exitDoubt is the exit status of a report that may lack something.
const exitDoubt = 3

// print writes the report in the form that was asked for, and the warnings of one that has no place for them.
func (a *auditor) print(c *cli.Command) error {
	write := writeText
	switch {
	case c.Bool("json"):
		write = writeJSON
	case c.Bool("csv"):
		write = writeCSV
		writeWarnings(c.Root().ErrWriter, a.warnings)
	}
	if err := write(c.Root().Writer, a.report()); err != nil {
		return err
	}
	return a.status()
}

// status is the error that the command ends with after a report.
func (a *auditor) status() error {
	if len(a.cut) > 0 {
		return errors.Join(a.cut...)
	}
	if len(a.warnings) > 0 {
		return cli.Exit("", exitDoubt)
	}
	return nil
}
