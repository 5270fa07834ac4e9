package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCompare holds the methods to what they are measured with, in one short round for each policy of the table with few domains.
func TestCompare(t *testing.T) {
	for _, distance := range distances {
		t.Run(fmt.Sprint("distance ", distance), func(t *testing.T) {
			r, err := compare(sizes[0], distance, 1)
			require.NoError(t, err)
			require.Len(t, r.times, len(methods))
		})
	}
}
