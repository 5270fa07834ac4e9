package review

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// attributes returns the fields of an event, as in files and syslog, and those of its review.
func attributes(e *history.Event) []slog.Attr {
	return append(e.Attributes(e.Host), reviewAttributes(e)...)
}

// reviewAttributes returns the fields that only a history has.
func reviewAttributes(e *history.Event) []slog.Attr {
	var fields []slog.Attr
	if len(e.Candidates) > 0 {
		fields = append(fields, slog.Any("typoguard.candidates", e.Candidates))
	}
	fields = append(fields, slog.String("typoguard.state", string(e.State)))
	for _, f := range []slog.Attr{slog.String("typoguard.note", e.Note), slog.String("typoguard.reviewer", e.Reviewer)} {
		if f.Value.String() != "" {
			fields = append(fields, f)
		}
	}
	if e.Assignee != "" {
		fields = append(fields, slog.String("typoguard.assignee", e.Assignee))
	}
	if !e.Reviewed.IsZero() {
		fields = append(fields, slog.String("typoguard.reviewed", event.FormatTime(e.Reviewed)))
	}
	return fields
}

// appendJSON appends an event as one line of JSON, with further fields.
func appendJSON(b *bytes.Buffer, e *history.Event, more ...slog.Attr) error {
	return event.NewJSON(b, e.Host).Encode(&e.Event, append(reviewAttributes(e), more...)...)
}

// writeJSON writes events as JSON lines.
func writeJSON(w io.Writer) writer {
	return writer{"application/x-ndjson", "json", nil, func(e *history.Event) error {
		var line bytes.Buffer
		if err := appendJSON(&line, e); err != nil {
			return err
		}
		_, err := w.Write(line.Bytes())
		return err
	}, func() error { return nil }}
}

// columns are the fields of a CSV export, in this order.
var columns = []string{
	"@timestamp", "event.end", "event.id", "typoguard.count", "client.ip", "typoguard.via", "typoguard.lookalike", "typoguard.intended",
	"typoguard.protected", "typoguard.kind", "typoguard.distance", "typoguard.policy", "typoguard.mode", "event.action", "dns.response_code",
	"dns.question.name", "dns.question.type", "typoguard.types", "typoguard.record", "typoguard.counterpart", "typoguard.new_client",
	"typoguard.server", "typoguard.view", "observer.hostname", "typoguard.helo", "typoguard.sender", "typoguard.recipient", "tls.established",
	"typoguard.candidates", "typoguard.state", "typoguard.note", "typoguard.reviewer", "typoguard.reviewed", "message", "typoguard.refusals", "typoguard.parts", "typoguard.assignee",
}

// writeCSV writes events as CSV (RFC 4180) in UTF-8, with field names as the header.
func writeCSV(w io.Writer) writer {
	table := csv.NewWriter(w)
	table.UseCRLF = true
	return writer{
		"text/csv; charset=utf-8; header=present", "csv",
		func() error { return table.Write(columns) },
		func(e *history.Event) error { return table.Write(rowOf(e)) },
		func() error {
			table.Flush()
			return table.Error()
		},
	}
}

// rowOf returns the CSV row of an event.
func rowOf(e *history.Event) []string {
	row := make([]string, len(columns))
	for _, field := range append(attributes(e), slog.String("message", e.Message())) {
		if i := slices.Index(columns, field.Key); i >= 0 {
			row[i] = defuse(cell(field.Value))
		}
	}
	return row
}

// cell returns a value as text.
func cell(value slog.Value) string {
	switch v := value.Any().(type) {
	case []string:
		return strings.Join(v, " ")
	case []event.Part:
		var all []string
		for _, p := range v {
			all = append(all, partText(&p))
		}
		return strings.Join(all, "; ")
	case []event.Lookalike:
		var all []string
		for _, c := range v {
			all = append(all, fmt.Sprintf("%s (%s, policy %s)", c.Intended, c.Kind, c.Policy))
		}
		return strings.Join(all, "; ")
	}
	return value.String()
}

// partText describes a part of an event.
func partText(p *event.Part) string {
	text := p.Type
	switch {
	case p.Rest:
		text = "more"
	case p.SMTP != nil:
		text = fmt.Sprintf("mail from <%s> to <%s>", p.SMTP.Sender, p.SMTP.Recipient)
	case p.Record != "":
		text = fmt.Sprintf("%s, %s of %s", p.Type, p.Record, p.Question)
	}
	if p.Via != "" {
		text += " via " + p.Via
	}
	return fmt.Sprintf("%d × %s", p.Count, text)
}

// defuse puts an apostrophe before text that a spreadsheet would run as a formula, because the table contains text from strangers.
// Numbers are harmless, and so is an IPv6 address that begins with a colon.
func defuse(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return text
	}
	if _, err := strconv.Atoi(text); err == nil {
		return text
	}
	return "'" + text
}
