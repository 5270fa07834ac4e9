//go:build e2e

package mail_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// columns are the configurations of the documented table of actions, in its order.
var columns = []string{nxdomain.name, nodata.name, nullMX.name, sinkhole.name, unprotected.name}

// seen is what became of mail to a lookalike in this run.
var seen = matrix{rows: map[string]map[string]outcome{}}

// matrix has outcomes by mail server and configuration.
type matrix struct {
	mu    sync.Mutex
	rows  map[string]map[string]outcome
	texts []string // that senders read
}

// note adds an outcome.
func (m *matrix) note(server, configuration string, o outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows[server] == nil {
		m.rows[server] = map[string]outcome{}
	}
	m.rows[server][configuration] = o
}

// noteText adds a text that a sender read.
func (m *matrix) noteText(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.texts = append(m.texts, text)
}

// String returns all outcomes, for people.
func (m *matrix) String() string {
	var b strings.Builder
	for _, server := range slices.Sorted(maps.Keys(m.rows)) {
		fmt.Fprintln(&b, m.row(server))
		for _, name := range slices.Sorted(maps.Keys(m.rows[server])) {
			if !slices.Contains(columns, name) {
				fmt.Fprintf(&b, "  %s: %s\n", name, m.rows[server][name])
			}
		}
	}
	return b.String()
}

// row returns a row of the documented table of actions. Everything in it was seen, and thus is in bold.
func (m *matrix) row(server string) string {
	cells := []string{server}
	for _, name := range columns {
		cell := "–"
		if o, ok := m.rows[server][name]; ok {
			cell = o.String()
		}
		cells = append(cells, cell)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// String returns what happened, as it stands in the documented table.
func (o outcome) String() string {
	switch {
	case o.place == atSite:
		return "**leaks**"
	case o.place == inQueue:
		return fmt.Sprintf("**deferred**, %q", o.text)
	case len(o.forPeople) > 0:
		return fmt.Sprintf("**bounces at once**, %s, with the suggestion and your text", o.status)
	}
	return fmt.Sprintf("**bounces at once**, %s, %q", o.status, o.text)
}

var givenID = regexp.MustCompile(`\bId [a-z2-7]{10}\b`)

// withoutID returns a text without the id of its event, which is another one each time.
func withoutID(text string) string { return givenID.ReplaceAllString(text, "Id") }

// checkDocs returns an error if the documented table of actions says something else than what was seen, or that something was
// seen that was not. A row that was seen in part, because a part of the tests ran, is not compared.
func (m *matrix) checkDocs(everything bool) error {
	documented, err := os.ReadFile(filepath.Join("..", "..", "docs", "actions.md"))
	if err != nil {
		return err
	}
	for server, row := range m.rows {
		if slices.ContainsFunc(columns, func(name string) bool { _, ok := row[name]; return !ok }) {
			continue
		}
		if want := m.row(server); !strings.Contains(string(documented), want+"\n") {
			return fmt.Errorf("docs/actions.md says something else of %s than what was seen:\n%s", server, want)
		}
	}
	if !everything {
		return nil
	}
	quoted, err := between(string(documented), "[...]\n", "```")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(m.texts, func(text string) bool { return strings.Contains(withoutID(text), withoutID(quoted)) }) {
		return fmt.Errorf("docs/actions.md quotes a bounce that no sender read:\n%s", quoted)
	}
	table, err := between(string(documented), "## Choosing an action\n", "\n#")
	if err != nil {
		return err
	}
	for server := range m.rows {
		if !strings.Contains(table, "| "+server+" |") {
			return fmt.Errorf("docs/actions.md has no row of %s below \"Choosing an action\"", server)
		}
	}
	for line := range strings.Lines(table) {
		server, rest, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if _, ok := m.rows[server]; !ok && strings.HasPrefix(line, "| ") && strings.Contains(rest, "**") {
			return fmt.Errorf("docs/actions.md has cells of %s in bold, of which nothing was seen", server)
		}
	}
	return nil
}

// between returns what stands in a document from one text to another, both of which are there, and something between them.
func between(document, from, to string) (string, error) {
	_, rest, begins := strings.Cut(document, from)
	found, _, ends := strings.Cut(rest, to)
	if !begins || !ends || strings.TrimSpace(found) == "" {
		return "", fmt.Errorf("docs/actions.md: nothing between %q and %q; expected what is compared with what was seen", from, to)
	}
	return found, nil
}
