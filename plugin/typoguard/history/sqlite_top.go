package history

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"modernc.org/sqlite"
)

// topFunction is the name of an aggregate function that returns the numbers with the highest sums, as a JSON array. SQLite itself sums up
// by sorting, which takes most of a page's time if there are many numbers.
const topFunction = "typoguard_top"

func (*sqliteFile) top(rows string) string {
	return fmt.Sprintf("SELECT value FROM json_each((SELECT %s(number, enforced + monitored) FROM %s))", topFunction, rows)
}

// connector opens connections that know the functions.
type connector struct {
	driver *sqlite.Driver
	name   string
}

// newDriver returns a driver of our own, because functions belong to drivers.
func newDriver() (*sqlite.Driver, error) {
	d := &sqlite.Driver{}
	err := d.RegisterFunction(withinFunction, &sqlite.FunctionImpl{NArgs: 2, Deterministic: true, Scalar: within})
	if err != nil {
		return nil, err
	}
	return d, d.RegisterFunction(topFunction, &sqlite.FunctionImpl{
		NArgs: 2, Deterministic: true,
		MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return &topSum{map[int64]int64{}}, nil },
	})
}

// Connect implements driver.Connector.
func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.name) }

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return c.driver }

// topSum is one use of the function.
type topSum struct {
	sums map[int64]int64 // by number
}

// Step implements sqlite.AggregateFunction.
func (t *topSum) Step(_ *sqlite.FunctionContext, row []driver.Value) error {
	number, isNumber := row[0].(int64)
	events, isCount := row[1].(int64)
	if !isNumber || !isCount {
		return errors.New(topFunction + ": expected integers")
	}
	t.sums[number] += events
	return nil
}

// WindowValue implements sqlite.AggregateFunction.
func (t *topSum) WindowValue(*sqlite.FunctionContext) (driver.Value, error) {
	top := []int64{} // sorted
	for number := range maps.Keys(t.sums) {
		if len(top) == topCount && t.compare(top[topCount-1], number) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, number, t.compare)
		top = slices.Insert(top, at, number)
		top = top[:min(len(top), topCount)]
	}
	text, err := json.Marshal(top)
	return string(text), err
}

// compare orders numbers by their sums, the highest first.
func (t *topSum) compare(a, b int64) int {
	return cmp.Or(cmp.Compare(t.sums[b], t.sums[a]), cmp.Compare(a, b))
}

// WindowInverse implements sqlite.AggregateFunction. The function is never used with a window.
func (*topSum) WindowInverse(*sqlite.FunctionContext, []driver.Value) error {
	return errors.New(topFunction + ": no window function")
}

// Final implements sqlite.AggregateFunction.
func (*topSum) Final(*sqlite.FunctionContext) {}
