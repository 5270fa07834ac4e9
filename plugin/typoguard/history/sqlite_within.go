package history

import (
	"database/sql/driver"
	"net/netip"

	"modernc.org/sqlite"
)

// withinFunction is the name of a function that reports whether an address is in a network, which SQLite knows nothing of.
const withinFunction = "typoguard_within"

func (*sqliteFile) within(column string) string { return withinFunction + "(" + column + ", $)" }

// within is the function. What is no address is in no network.
func within(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	text, _ := args[0].(string)
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return false, nil //nolint:nilerr // it is no error of the database
	}
	bits, _ := args[1].(string)
	network, err := netip.ParsePrefix(bits)
	return network.Contains(ip), err
}
