package review

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// attributes returns an event with the fields that it has in files and syslog, and with what a person said of it.
func attributes(e *history.Event) []slog.Attr {
	fields := e.Attributes(e.Host)
	if len(e.Candidates) > 0 {
		fields = append(fields, slog.Any("typoguard.candidates", e.Candidates))
	}
	fields = append(fields, slog.String("typoguard.state", string(e.State)))
	for _, f := range []slog.Attr{slog.String("typoguard.note", e.Note), slog.String("typoguard.reviewer", e.Reviewer)} {
		if f.Value.String() != "" {
			fields = append(fields, f)
		}
	}
	if !e.Reviewed.IsZero() {
		fields = append(fields, slog.String("typoguard.reviewed", event.FormatTime(e.Reviewed)))
	}
	return fields
}

// appendJSON appends an event as one line of JSON.
func appendJSON(b *bytes.Buffer, e *history.Event) error {
	rename := func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.LevelKey:
			return slog.Attr{}
		case slog.MessageKey:
			a.Key = "message"
		}
		return a
	}
	record := slog.NewRecord(time.Time{}, slog.LevelInfo, e.Message(), 0)
	record.AddAttrs(attributes(e)...)
	return slog.NewJSONHandler(b, &slog.HandlerOptions{ReplaceAttr: rename}).Handle(context.Background(), record)
}

// writeJSON writes events as lines of JSON.
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

// columns are the fields that a table of events has, in this order.
var columns = []string{
	"@timestamp", "event.end", "event.id", "typoguard.count", "client.ip", "typoguard.via", "typoguard.lookalike", "typoguard.intended",
	"typoguard.protected", "typoguard.kind", "typoguard.distance", "typoguard.policy", "typoguard.mode", "event.action", "dns.response_code",
	"dns.question.name", "dns.question.type", "typoguard.types", "typoguard.record", "typoguard.counterpart", "typoguard.new_client",
	"typoguard.server", "typoguard.view", "observer.hostname", "typoguard.helo", "typoguard.sender", "typoguard.recipient", "tls.established",
	"typoguard.candidates", "typoguard.state", "typoguard.note", "typoguard.reviewer", "typoguard.reviewed", "message",
}

// writeCSV writes events as a table (RFC 4180) in UTF-8, with the names of fields as header.
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

// rowOf returns the cells of an event.
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
	case []event.Candidate:
		var all []string
		for _, c := range v {
			all = append(all, fmt.Sprintf("%s (%s, policy %s)", c.Intended, c.Kind, c.Policy))
		}
		return strings.Join(all, "; ")
	}
	return value.String()
}

// defuse puts an apostrophe before what a spreadsheet would take for a formula, and run: names and words of strangers are in
// the table. An address in IPv6 that begins with a colon, or a number, is none.
func defuse(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return text
	}
	if _, err := strconv.Atoi(text); err == nil {
		return text
	}
	return "'" + text
}

// toJSON returns what the API answers.
func toJSON(status int, value any) (*answer, error) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(value); err != nil {
		return nil, fmt.Errorf("%w: %w", errRender, err)
	}
	return &answer{status: status, contentType: "application/json", body: body.Bytes()}, nil
}
