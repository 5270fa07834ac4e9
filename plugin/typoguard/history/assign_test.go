package history

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAssign: who has an event can be found by, and every change of it is in the journal; a review changes nothing of that.
func TestAssign(t *testing.T) {
	eachPair(t, func(t *testing.T, ours, theirs *Store) {
		t.Helper()
		write(t, ours, lookup("asked22222", time.Minute), named("other22222", "other", 0))
		write(t, theirs, mail("refused222", 30*time.Second, "bob@us.army.ml"))
		require.ErrorIs(t, ours.Assign(t.Context(), "unknown", "alice", "bob"), ErrUnknown)
		require.NoError(t, ours.Assign(t.Context(), "refused222", "alice", "bob"))
		require.NoError(t, ours.Assign(t.Context(), "asked22222", "alice", "bob"))
		_, err := ours.Review(t.Context(), "asked22222", Review{State: StateConfirmed})
		require.NoError(t, err)
		write(t, theirs, mail("refused222", 30*time.Second, "bob@us.army.ml", "eve@us.army.ml"))
		found, err := ours.Events(t.Context(), Filter{Assignee: "alice"}, Page{})
		require.NoError(t, err)
		require.Equal(t, []string{"asked22222"}, idsOf(found))
		assert.Equal(t, "alice", found.Events[0].Assignee)
		require.NoError(t, ours.Assign(t.Context(), "asked22222", "", "carol"))
		found, err = ours.Events(t.Context(), Filter{Assignee: "alice"}, Page{})
		require.NoError(t, err)
		assert.Empty(t, found.Events)

		journal, err := ours.Journal(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Len(t, journal, 3, "nothing has changed the second time")
		assert.Equal(t, []string{WhatAssignment, "carol", "asked22222", `{"assignee":"alice"}`, ""},
			[]string{journal[0].What, journal[0].Who, journal[0].Event, journal[0].Before, journal[0].After})
		assert.Equal(t, []string{WhatAssignment, "bob", "", `{"assignee":"alice"}`}, []string{journal[2].What, journal[2].Who, journal[2].Before, journal[2].After})
	})
}
