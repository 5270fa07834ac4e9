package audit

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/join"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
)

// loadEvents reads the events of -join.
func (o *options) loadEvents(ctx context.Context, c *cli.Command, logPaths []string) error {
	paths, ids := c.StringSlice("join"), c.StringSlice("event")
	if len(paths) == 0 {
		if len(ids) > 0 {
			return errors.New("event, and no join; expected what has the event, such as -join /var/log/typoguard/events.json")
		}
		return nil
	}
	if o.suggest != nil {
		return errors.New("join, and suggest; expected only one of them")
	}
	for _, path := range paths {
		if path == "-" && len(logPaths) == 1 && logPaths[0] == "-" {
			return errors.New("join: -, and no FILE; expected one of the two to be a file")
		}
	}
	o.join = join.New(o.addresses)
	if err := o.join.Load(ctx, paths, c.Root().Reader, join.Wanted{Since: o.since, Until: o.until, IDs: ids}); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return nil
}

// printJoined writes the events with their messages in the form that was asked for.
func (a *auditor) printJoined(c *cli.Command) error {
	a.join.Finish()
	a.doubtJoined()
	write := writeJoinedText
	switch {
	case c.Bool("json"):
		write = writeJoinedJSON
	case c.Bool("csv"):
		write = writeJoinedCSV
		writeWarnings(c.Root().ErrWriter, a.warnings)
	}
	if err := write(c.Root().Writer, a.report(), a.join); err != nil {
		return err
	}
	return a.status()
}

// doubtJoined warns if messages may be missing.
func (a *auditor) doubtJoined() {
	if n := a.join.Unread(); n > 0 {
		a.warnings = append(a.warnings, thousands(n)+" lines of what -join names are no events")
	}
	if n := a.join.Untimed; n > 0 {
		a.warnings = append(a.warnings, thousands(n)+" tries of mail to lookalikes have no time, and belong to no event")
	}
	if a.join.Forgotten() {
		a.warnings = append(a.warnings, "there is too much mail to intended domains to remember all: corrected copies may be missing; give -since and -until")
	}
	if s := sumJoined(a.join); s.messages == 0 && a.join.Elsewhere > 0 {
		a.warnings = append(a.warnings, thousands(a.join.Elsewhere)+" tries of mail to these names are at no event's time: do the clocks agree, and the time zone of the logs with TZ?")
	}
}

// joinedSum sums up what was found.
type joinedSum struct {
	found     int // events with a message
	messages  int64
	outcomes  [logs.Relayed + 1]int64
	corrected int64
}

func sumJoined(j *join.Join) joinedSum {
	var s joinedSum
	for _, i := range j.Incidents {
		if len(i.Messages) > 0 {
			s.found++
		}
		for n := range i.Messages {
			m := &i.Messages[n]
			s.messages++
			s.outcomes[m.Outcome]++
			if m.Corrected != 0 {
				s.corrected++
			}
		}
	}
	return s
}

// writeJoinedText writes events for people: a table of messages, and the events without any.
func writeJoinedText(w io.Writer, r *report, j *join.Join) error {
	out := bufio.NewWriter(w)
	writeRead(out, r)
	s := sumJoined(j)
	fmt.Fprintf(out, "\nEvents: %s, with messages in these logs: %s. Messages: %s (%s delivered, %s bounced, %s deferred), corrected by the sender within a day: %s.\n",
		thousands(int64(len(j.Incidents))), thousands(int64(s.found)), thousands(s.messages), thousands(s.outcomes[logs.Delivered]),
		thousands(s.outcomes[logs.Bounced]), thousands(s.outcomes[logs.Deferred]), thousands(s.corrected))
	if s.messages > 0 {
		fmt.Fprintln(out)
		writeMessages(out, j)
	}
	if s.found < len(j.Incidents) {
		fmt.Fprint(out, "\nWithout a message in these logs:\n")
		writeWithout(out, j)
	}
	return out.Flush()
}

// writeMessages writes a row for each message.
func writeMessages(w io.Writer, j *join.Join) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	writeRow(table, "event", "name", "meant", "client", "message", "time", "from", "to", "became", "corrected")
	shown, more := 0, int64(0)
	for _, i := range j.Incidents {
		more += i.Others
		for n := range i.Messages {
			if shown == maxShown {
				more++
				continue
			}
			shown++
			m := &i.Messages[n]
			became := m.Outcome.String()
			if m.Tries > 1 {
				became += fmt.Sprintf(" (%s tries)", thousands(m.Tries))
			}
			writeRow(table, plain(i.ID), plain(i.Name), dash(plain(i.Intended)), dash(plain(i.Client)), dash(plain(m.ID)), minute(timeOf(m.First)),
				dash(plain(m.Sender)), plain(m.Recipient), became, minute(timeOf(m.Corrected)))
		}
	}
	_ = table.Flush() // errors stay with the buffer below
	if more > 0 {
		fmt.Fprintf(w, "and %s more; -json and -csv have up to 16 messages of each event\n", thousands(more))
	}
}

// writeWithout writes the events that no message belongs to.
func writeWithout(w io.Writer, j *join.Join) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	shown, more := 0, 0
	for _, i := range j.Incidents {
		switch {
		case len(i.Messages) > 0:
		case shown == maxShown:
			more++
		default:
			shown++
			writeRow(table, plain(i.ID), minute(timeOf(i.First)), plain(i.Name), dash(plain(i.Client)))
		}
	}
	_ = table.Flush() // as above
	if more > 0 {
		fmt.Fprintf(w, "and %s more, which -json and -csv have\n", thousands(int64(more)))
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// joinedMessage is a message in JSON.
type joinedMessage struct {
	ID        string     `json:"message_id,omitempty"`
	Sender    string     `json:"sender,omitempty"`
	Recipient string     `json:"recipient"`
	First     *time.Time `json:"first"`
	Last      *time.Time `json:"last"`
	Tries     int64      `json:"tries"`
	Outcome   string     `json:"outcome"`
	Corrected *time.Time `json:"corrected,omitempty"`
}

// joinedEvent is an event in JSON.
type joinedEvent struct {
	*join.Incident
	First    *time.Time      `json:"first"`
	Last     *time.Time      `json:"last"`
	Messages []joinedMessage `json:"messages"`
}

// joinedHead is what a report in JSON has but its list.
type joinedHead struct {
	Files     []fileReport `json:"files"`
	Lines     itemCounts   `json:"lines"`
	Unknown   []string     `json:"unknown_lines,omitempty"` // examples
	Warnings  []string     `json:"warnings,omitempty"`
	Elsewhere int64        `json:"other_times"` // tries of mail to these names that are at no event's time
}

// writeJoinedJSON writes one object.
func writeJoinedJSON(w io.Writer, r *report, j *join.Join) error {
	out := bufio.NewWriter(w)
	head, err := json.Marshal(joinedHead{r.Files, r.Lines, r.Unknown, r.Warnings, j.Elsewhere})
	if err != nil {
		return err
	}
	events := make([]joinedEvent, 0, len(j.Incidents))
	for _, i := range j.Incidents {
		e := joinedEvent{i, timeOf(i.First), timeOf(i.Last), []joinedMessage{}}
		for n := range i.Messages {
			m := &i.Messages[n]
			e.Messages = append(e.Messages, joinedMessage{m.ID, m.Sender, m.Recipient, timeOf(m.First), timeOf(m.Last), m.Tries, m.Outcome.String(), timeOf(m.Corrected)})
		}
		events = append(events, e)
	}
	_, _ = out.Write(head[:len(head)-len("}")]) // errors stay with the buffer
	if err := writeList(out, "events", events); err != nil {
		return err
	}
	_, _ = out.WriteString("}\n") // as above
	return out.Flush()
}

// joinedHeader names the columns of the CSV, in which an event without messages has one row.
var joinedHeader = []string{
	"event", "time", "name", "intended", "policy", "mode", "action", "client", "message_id", "sender", "recipient", "first", "last", "tries", "outcome", "corrected",
}

// writeJoinedCSV writes a row for each message.
func writeJoinedCSV(w io.Writer, _ *report, j *join.Join) error {
	out := csv.NewWriter(w)
	if err := out.Write(joinedHeader); err != nil {
		return err
	}
	for _, i := range j.Incidents {
		event := []string{cell(i.ID), iso(timeOf(i.First)), cell(i.Name), cell(i.Intended), cell(i.Policy), cell(i.Mode), cell(i.Action), cell(i.Client)}
		rows := [][]string{make([]string, len(joinedHeader)-len(event))}
		for n := range i.Messages {
			m := &i.Messages[n]
			row := []string{
				cell(m.ID), cell(m.Sender), cell(m.Recipient), iso(timeOf(m.First)), iso(timeOf(m.Last)), strconv.FormatInt(m.Tries, 10), m.Outcome.String(),
				iso(timeOf(m.Corrected)),
			}
			rows = append(rows[:n], row)
		}
		for _, row := range rows {
			if err := out.Write(slices.Concat(event, row)); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
