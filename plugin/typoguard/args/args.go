// Package args reads the arguments of options in a Corefile. Errors name the token and what was expected.
package args

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coredns/caddy"
)

// All returns the arguments of an option, which must have at least one.
func All(c *caddy.Controller, expected string) ([]string, error) {
	args := c.RemainingArgs()
	if len(args) == 0 {
		return nil, fmt.Errorf("no argument; expected %s", expected)
	}
	return args, nil
}

// One returns the argument of an option that takes exactly one.
func One(c *caddy.Controller, expected string) (string, error) {
	args, err := All(c, expected)
	if err != nil {
		return "", err
	}
	if len(args) > 1 {
		return "", fmt.Errorf("%q after %q; expected %s only", args[1], args[0], expected)
	}
	return args[0], nil
}

// Choice reads the argument of an option that takes one of two words, and reports whether it is the first.
func Choice(c *caddy.Controller, first, second string) (isFirst bool, err error) {
	arg, err := One(c, first+" or "+second)
	if err == nil && arg != first && arg != second {
		err = fmt.Errorf("%q; expected %s or %s", arg, first, second)
	}
	return arg == first, err
}

// Named reads a word that is one of some names, as the names of actions and modes are, and any words after it. It returns the
// index of the name.
func Named(c *caddy.Controller, what string, names []string) (i int, rest []string, err error) {
	expected := "one of " + strings.Join(names, ", ")
	words, err := All(c, expected)
	if err != nil {
		return 0, nil, err
	}
	if i = slices.Index(names, words[0]); i < 0 {
		return 0, nil, fmt.Errorf("unknown %s %q; expected %s", what, words[0], expected)
	}
	return i, words[1:], nil
}

// Pairs reads settings: pairs of a name and a value, each name at most once.
func Pairs(args []string, settings map[string]func(string) error) error {
	given := map[string]bool{}
	for pair := range slices.Chunk(args, 2) {
		set, ok := settings[pair[0]]
		switch {
		case !ok:
			return fmt.Errorf("unknown setting %q; expected one of %s", pair[0], strings.Join(slices.Sorted(maps.Keys(settings)), ", "))
		case len(pair) < 2:
			return fmt.Errorf("%s without a value; expected one", pair[0])
		case given[pair[0]]:
			return fmt.Errorf("%s twice; expected it once", pair[0])
		}
		given[pair[0]] = true
		if err := set(pair[1]); err != nil {
			return err
		}
	}
	return nil
}
