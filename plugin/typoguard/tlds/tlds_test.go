package tlds

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestList(t *testing.T) {
	assert.Regexp(t, `^[0-9]+ top-level domains of the npm package tlds [0-9.]+ \(MIT\), published 20[0-9-]{8}; from IANA's list$`, Origin())
	var count int
	_, err := fmt.Sscan(Origin(), &count)
	require.NoError(t, err)
	assert.Len(t, delegated(), count)

	lines := strings.Split(strings.TrimSpace(list), "\n")[1:]
	assert.True(t, slices.IsSorted(lines))
	for _, label := range lines {
		assert.Regexp(t, `^([a-z]{2,63}|xn--[a-z0-9-]+)$`, label)
	}
}

func TestDelegated(t *testing.T) {
	for label, delegated := range map[string]bool{"mil": true, "ml": true, "xn--p1ai": true, "mi1": false, "": false, "#": false, "MIL": false} {
		assert.Equal(t, delegated, Delegated(label), label)
	}
}
