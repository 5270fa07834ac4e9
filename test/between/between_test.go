//go:build e2e

package between_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/assert"
)

var actions = []string{"nxdomain", "nodata", "nullmx", "sinkhole"}

// TestBetween: whatever stands in between and whatever was asked before, no mail for a lookalike gets to the stranger, and that for everybody
// else arrives. Mail for a lookalike in a signed zone may wait behind a validator without a negative trust anchor.
func TestBetween(t *testing.T) {
	orders := slices.Concat(orders, randomOrders(t))
	results := newTable(actions)
	t.Run("cells", func(t *testing.T) {
		for i, s := range setups() {
			for j, action := range actions {
				if !*all && !sampled(i, j) {
					continue
				}
				t.Run(s.Name+"/"+action, func(t *testing.T) {
					t.Parallel()
					score := cell{s, action}.measure(t, orders)
					results.set(s.Name, action, score)
					failures := score.failures()
					assert.Empty(t, failures[:min(len(failures), *shown)], "%s; %d in all", score, len(failures))
				})
			}
		}
	})
	t.Logf("What was seen:\n\n%s", results)
}

// sampled reports whether a cell is in the sample: every resolver with NXDOMAIN and null MX, and one of the others by turns. NODATA is with those
// whose caches it confuses most.
func sampled(setup, action int) bool {
	switch actions[action] {
	case "nodata":
		return setup%2 == 0
	case "sinkhole":
		return setup%2 == 1
	}
	return true
}

// TestControl: without typoguard all mail for lookalikes gets to the stranger, in every order, so that it is typoguard's doing if it does not;
// and validators find nothing wrong with the zones.
func TestControl(t *testing.T) {
	for _, s := range setups() {
		if !*all && s.Name != direct.Name && !s.excuses() {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			seen := cell{s, ""}.measure(t, orders)
			clear(seen.hit[listedAlias]) // systemd-resolved validates no alias of an insecure zone that leads into a secure one
			n, each := len(orders), len(pair{}.hiddenNames())
			want := fmt.Sprintf("L%d aL4 rL%d dL%d", n*each, n, n)
			if s.Validates && s.Program == "dnsmasq" { // it validates no DNAME
				want = fmt.Sprintf("L%d aL3 rL%d S%d", n*(each-1), n, n)
			}
			assert.Equal(t, want, seen.String(), "waiting: %v", seen.waiting)
		})
	}
}

// randomOrders returns as many as are asked for, and says with which seed to have them again.
func randomOrders(t *testing.T) []order {
	t.Helper()
	first := *seed
	if first == 0 {
		first = rand.Uint64N(1e9)
	}
	t.Logf("random orders: -seed %d", first)
	var drawn []order
	for i := range *randoms {
		drawn = append(drawn, random(first+uint64(i)))
	}
	return drawn
}

// table has a row for every resolver and a column for every action.
type table struct {
	columns []string

	mu    sync.Mutex
	cells map[[2]string]string
}

func newTable(columns []string) *table {
	return &table{columns: columns, cells: map[[2]string]string{}}
}

// set fills a cell.
func (t *table) set(row, column string, s *score) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cells[[2]string{row, column}] = s.String()
}

// String returns the table in Markdown. A dash is a cell that was not measured.
func (t *table) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	fmt.Fprintf(w, "| resolver in between\t| %s\t|\n", strings.Join(t.columns, "\t| "))
	fmt.Fprintf(w, "|---%s|\n", strings.Repeat("|---", len(t.columns)))
	for _, s := range setups() {
		cells := []string{s.Name}
		for _, column := range t.columns {
			seen, ok := t.cells[[2]string{s.Name, column}]
			if !ok {
				seen = "-"
			}
			cells = append(cells, seen)
		}
		fmt.Fprintf(w, "| %s\t|\n", strings.Join(cells, "\t| "))
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}
