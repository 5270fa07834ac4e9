package history

import (
	"fmt"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// part is one of the conditions of a filter.
type part struct {
	column string // the first column of an index
	format string // the condition, with %s for the column and $ for values as in conditions.add
	values []any
	// several says that the condition compares the column with many values, whose events come in no order.
	several bool
}

// The columns that need special treatment.
const (
	firstColumn     = "event.first"
	lookalikeColumn = "event.lookalike"
	clientColumn    = "event.client"
	numberColumn    = "event.number"
)

// parts returns the conditions of a filter.
func (f *Filter) parts() []part {
	var parts []part
	for _, p := range []struct{ column, value string }{
		{"event.policy", f.Policy}, {"event.kind", f.Kind}, {"event.mode", f.Mode}, {"event.action", f.Action},
		{"event.host", f.Host}, {"event.state", string(f.State)},
	} {
		if p.value != "" {
			parts = append(parts, part{p.column, "%s = $", []any{clean(p.value)}, false})
		}
	}
	if f.Assignee != "" {
		parts = append(parts, part{"event.assignee", "%s = $ AND event.assignee <> ''", []any{clean(f.Assignee)}, false})
	}
	if f.Blocked {
		parts = append(parts, part{"event.mode", "%s = $ AND event.action <> $", []any{"enforce", event.SMTPRefused}, false})
	}
	if f.Client != "" {
		parts = append(parts, part{clientColumn, "%s = (SELECT number FROM client WHERE address = $)", []any{clean(f.Client)}, false})
	}
	if f.Lookalike != "" {
		parts = append(parts, part{lookalikeColumn, "%s IN (SELECT number FROM lookalike WHERE name = $)", []any{clean(f.Lookalike)}, true})
	}
	if f.Name != "" {
		text, values := f.name()
		parts = append(parts, part{lookalikeColumn, "%s IN (SELECT number FROM lookalike WHERE " + text + ")", values, true})
	}
	if !f.From.IsZero() {
		parts = append(parts, part{firstColumn, "%s >= $", []any{f.From.UnixMilli()}, false})
	}
	if !f.Until.IsZero() {
		parts = append(parts, part{firstColumn, "%s < $", []any{f.Until.UnixMilli()}, false})
	}
	return parts
}

// name returns the condition on lookalikes for a filter by name. It includes the policy and kind, because lookalikes have the same
// ones as their events, and are fewer.
func (f *Filter) name() (text string, values []any) {
	pattern := containing(f.Name)
	text, values = `(lookalike.name LIKE $ ESCAPE '\' OR lookalike.intended LIKE $ ESCAPE '\')`, []any{pattern, pattern}
	if f.Policy != "" {
		text, values = text+" AND lookalike.policy = $", append(values, clean(f.Policy))
	}
	if f.Kind != "" {
		text, values = text+" AND lookalike.kind = $", append(values, clean(f.Kind))
	}
	return text, values
}

// containing returns the pattern for LIKE of texts in lower case that contain another.
func containing(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(strings.ToLower(clean(text))) + "%"
}

// conditions are conditions on rows, with the values of their placeholders.
type conditions struct {
	text []string
	args []any
}

// add adds a condition in which each $ stands for a value.
func (c *conditions) add(condition string, values ...any) {
	var text strings.Builder
	for piece := range strings.SplitSeq(condition, "$") {
		if text.Len() > 0 {
			fmt.Fprintf(&text, "$%d", len(c.args)+1)
			c.args = append(c.args, values[0])
			values = values[1:]
		}
		text.WriteString(piece)
	}
	c.text = append(c.text, text.String())
}

// where returns the conditions to write after WHERE.
func (c *conditions) where() string {
	if len(c.text) == 0 {
		return "TRUE"
	}
	return strings.Join(c.text, " AND ")
}
