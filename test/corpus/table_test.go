//go:build corpus

package corpus_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocumented asserts that the tables in docs/protect.md have only rows that are measured here.
func TestDocumented(t *testing.T) {
	t.Parallel()
	c, err := load()
	require.NoError(t, err)
	checkQuoted(t, "protect.md", "corpus", sourceTable(c)+recallTable(measureRecall(t))+legitimateTable(c, measureLegitimate(t, c)))
}

// checkQuoted asserts that the tables of a document, between comments of a name, have only rows of some tables.
func checkQuoted(t *testing.T, document, name, tables string) {
	t.Helper()
	start, end := "<!-- "+name+" -->", "<!-- /"+name+" -->"
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", document))
	require.NoError(t, err)
	_, quote, ok := strings.Cut(string(text), start)
	require.True(t, ok, "expected %s in %s", start, document)
	quote, _, ok = strings.Cut(quote, end)
	require.True(t, ok, "expected %s behind %s", end, start)

	measured := strings.Split(tables, "\n")
	var right, wrong []string
	for line := range strings.SplitSeq(quote, "\n") {
		switch {
		case strings.Trim(line, "|-: ") == "" || !strings.HasPrefix(line, "|"):
			continue // prose, or the line below a table's head
		case slices.Contains(measured, line):
			right = append(right, line)
		default:
			wrong = append(wrong, line)
		}
	}
	assert.Empty(t, wrong, "not what is measured")
	assert.NotEmpty(t, right, "expected rows of the tables that are logged")
}

// table returns a table in Markdown.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	for _, row := range slices.Concat([][]string{head, slices.Repeat([]string{"---"}, len(head))}, rows) {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}

// sourceTable says where the names come from.
func sourceTable(c corpus) string {
	row := func(s source, count string) []string {
		return []string{"`" + s.pkg + "` " + s.version, s.licence, s.holds, count}
	}
	rows := [][]string{row(topLevel, number(len(c.topLevel)))}
	for _, s := range legitimate {
		rows = append(rows, row(s, number(c.sizes[s.pkg])))
	}
	rows = append(rows, row(throwAway, ""), []string{"distinct legitimate domains", "", "", number(len(c.domains))})
	return table([]string{"npm package", "licence", "names", "used"}, rows)
}

// recallTable shows which typos are found.
func recallTable(measured []recall) string {
	rows := make([][]string, 0, len(measured))
	for _, r := range measured {
		row := []string{r.choice.name, r.kind.Name, number(r.typos), number(r.nameless), number(r.listed), "–", "–"}
		for i := range r.choice.distances() {
			row[5+i] = percent(r.found[i], r.toFind())
		}
		rows = append(rows, row)
	}
	return table([]string{"protected", "typo", "made", "no domain name", "protected name again", "found at distance 1", "at distance 2"}, rows)
}

// maxExamples is how many names a row lists at most.
const maxExamples = 15

// legitimateTable shows which legitimate names are hidden.
func legitimateTable(c corpus, measured []falsePositives) string {
	rows := make([][]string, 0, len(measured))
	for _, f := range measured {
		rows = append(rows, []string{
			f.choice.name, fmt.Sprint(f.distance), number(f.hits.topLevel), number(f.hits.under),
			number(f.hits.domains), percent(f.hits.domains, len(c.domains)), f.examples(),
		})
	}
	return table([]string{
		"protected", "distance", "hidden of " + number(len(c.topLevel)) + " TLDs", "as `example.TLD`",
		"of " + number(len(c.domains)) + " domains", "share", "which",
	}, rows)
}

// examples lists what the hidden domains are or lie under, with the number of domains if it is not 1.
func (f *falsePositives) examples() string {
	var b strings.Builder
	for i, suffix := range f.nearest() {
		if i == maxExamples {
			fmt.Fprintf(&b, " and %d more", len(f.near)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(suffix)
		if n := f.near[suffix]; n > 1 {
			fmt.Fprintf(&b, " (%d)", n)
		}
	}
	return b.String()
}

// number writes a count with a comma before every three digits, as in 84,966.
func number(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", number(n/1000), n%1000)
}

// percent writes a share. It says 100 % and 0 % only of all and of none.
func percent(part, whole int) string {
	switch part {
	case 0:
		return "0 %"
	case whole:
		return "100 %"
	}
	share := 100 * float64(part) / float64(whole)
	if share < 1 {
		return fmt.Sprintf("%.3f %%", share)
	}
	return fmt.Sprintf("%.1f %%", share)
}
