package audit

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// writeJSON writes a report as one object. Its lists, which may be long, are written element by element.
func writeJSON(w io.Writer, r *report) error {
	out := bufio.NewWriter(w)
	head, err := json.Marshal(r.summary)
	if err != nil {
		return err
	}
	_, _ = out.Write(head[:len(head)-len("}")]) // errors stay with the buffer
	if err := writeList(out, "lookalikes", r.Lookalikes); err != nil {
		return err
	}
	if err := writeList(out, "allow_candidates", r.Allow); err != nil {
		return err
	}
	_, _ = out.WriteString("}\n") // as above
	return out.Flush()
}

// writeList writes a member of an object behind others, with an element a line.
func writeList[T any](out *bufio.Writer, name string, list []T) error {
	fmt.Fprintf(out, ",\n%q:[", name)
	for i := range list {
		element, err := json.Marshal(&list[i])
		if err != nil {
			return err
		}
		if i > 0 {
			_ = out.WriteByte(',') // as above
		}
		fmt.Fprintf(out, "\n%s", element)
	}
	_, err := out.WriteString("]")
	return err
}

// csvHeader names the columns of the CSV, of which sources, senders and recipients have their counts in parentheses.
var csvHeader = []string{
	"name", "intended", "protected", "distance", "kind", "policy", "action", "mode", "count", "blocked", "delivered", "bounced",
	"deferred", "relayed", "first", "last", "days", "sources", "senders", "recipients",
}

// writeCSV writes the lookalikes of a report. Those for which there was no row left are a row with the name "others".
func writeCSV(w io.Writer, r *report) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	for i := range r.Lookalikes {
		l := &r.Lookalikes[i]
		record := append([]string{cell(l.Name), cell(l.Intended), cell(l.Protected), strconv.Itoa(l.Distance), l.Kind, cell(l.Policy), l.Action, l.Mode}, numbers(&l.counts)...)
		record = append(record, iso(l.First), iso(l.Last), strconv.FormatInt(l.Days, 10),
			cell(listed(l.Sources, len(l.Sources))), cell(listed(l.Senders, len(l.Senders))), cell(listed(l.Recipients, len(l.Recipients))))
		if err := out.Write(record); err != nil {
			return err
		}
	}
	if r.Others != nil {
		record := append([]string{"others", "", "", "", "", "", "", ""}, numbers(r.Others)...)
		if err := out.Write(append(record, "", "", "", "", "", "")); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func numbers(c *counts) []string {
	var all []string
	for _, n := range []int64{c.Count, c.Blocked, c.Delivered, c.Bounced, c.Deferred, c.Relayed} {
		all = append(all, strconv.FormatInt(n, 10))
	}
	return all
}

func iso(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}

// listed writes the first few values with their counts.
func listed(values []valueCount, most int) string {
	var all []string
	for _, v := range values[:min(len(values), most)] {
		all = append(all, fmt.Sprintf("%s (%d)", plain(v.Value), v.Count))
	}
	return strings.Join(all, ", ")
}
