//go:build !linux

package doctor

import "errors"

// holdersOf cannot tell on this system.
func holdersOf(string) ([]holder, error) { return nil, errors.New("not known on this system") }
