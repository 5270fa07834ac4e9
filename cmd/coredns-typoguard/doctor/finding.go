package doctor

import (
	"encoding/json"
	"fmt"
	"io"
)

// level says how bad a finding is.
type level string

// The levels. A fault lets lookalikes through or loses mail; a warning may come to that; a note cannot be examined; all else is fine.
const (
	fault   level = "fault"
	warning level = "warning"
	note    level = "note"
	fine    level = "ok"
)

// finding is one thing that was examined.
type finding struct {
	Level level  `json:"level"`
	Check string `json:"check"`
	What  string `json:"what"`
	Do    string `json:"do,omitempty"`
}

// add records a finding, with what to do about it.
func (e *examination) add(l level, check, what, do string) {
	e.findings = append(e.findings, finding{l, check, what, do})
}

// printText prints findings for people.
func printText(w io.Writer, findings []finding) error {
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "%-7s  %-11s  %s\n", f.Level, f.Check, f.What); err != nil {
			return err
		}
		if f.Do == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%22s-> %s\n", "", f.Do); err != nil {
			return err
		}
	}
	return nil
}

// printJSON prints each finding as a JSON object on a line.
func printJSON(w io.Writer, findings []finding) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for _, f := range findings {
		if err := lines.Encode(f); err != nil {
			return err
		}
	}
	return nil
}
