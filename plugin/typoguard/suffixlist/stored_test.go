package suffixlist

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// database is one of a list, which may be away.
type database struct {
	list   string
	err    error
	lookup Lookup // that it was read with
}

func (d *database) read(_ context.Context, lookup Lookup) ([]byte, error) {
	d.lookup = lookup
	return []byte(d.list), d.err
}

// lists returns lists with the one in the database.
func (d *database) lists(dir string, optional bool) *Lists {
	s := &Source{Path: "postgres://db/events#mil", Option: "allow_from", At: Position{"Corefile", 3}, Shrink: DefaultShrink, Stored: d.read}
	s.Remote(dir, optional)
	return &Lists{Sources: []*Source{s}}
}

// allowed returns what lists allow after a look at them.
func allowed(t *testing.T, l *Lists) []string {
	t.Helper()
	look := l.Look(t.Context())
	l.Record(look, time.Now())
	for _, p := range l.Proposals(look) {
		p.Propose()
		require.NoError(t, p.Accept(time.Now()))
	}
	_, all := l.Suffixes()
	return all.Names()
}

// TestStored: what a database allows is in force as soon as it is read, and stays so while the database is away, or has lost it.
func TestStored(t *testing.T) {
	d := &database{err: fmt.Errorf("no table: %w", fs.ErrNotExist)}
	l := d.lists(t.TempDir(), false)
	require.NoError(t, l.Load(t.Context()))
	require.NoError(t, l.Required())
	require.NoError(t, l.Stale(), "nothing has been stored yet")
	assert.Empty(t, allowed(t, l))
	d.list, d.err = "# nothing\n", nil
	assert.Empty(t, allowed(t, l))
	d.list = "army.ml # a partner\nnavy.ml until=2099-12-31T00:00:00Z\n"
	assert.Equal(t, []string{"army.ml", "navy.ml"}, allowed(t, l))
	d.err = errors.New("connection refused")
	assert.Equal(t, []string{"army.ml", "navy.ml"}, allowed(t, l))
	require.EqualError(t, l.Stale(), "Corefile:3 - Error during parsing: allow_from: connection refused; expected a list")
	d.err = fmt.Errorf("no table: %w", fs.ErrNotExist)
	assert.Equal(t, []string{"army.ml", "navy.ml"}, allowed(t, l), "another database, or one that has lost its tables")
	require.Error(t, l.Stale())
	d.list, d.err = "army.ml\n", nil
	assert.Equal(t, []string{"army.ml"}, allowed(t, l))
	require.NoError(t, l.Stale())
	d.list = strings.ReplaceAll(ships(20), "mil", "ml")
	assert.Len(t, allowed(t, l), 20)
	d.list = ""
	assert.Len(t, allowed(t, l), 20, "it has lost too many")
}

// ships returns a list of so many suffixes.
func ships(n int) string {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "ship%d.mil\n", i)
	}
	return list.String()
}

// TestStoredAway: a start while the database is away uses the copy, and without one is as the options say.
func TestStoredAway(t *testing.T) {
	dir := t.TempDir()
	before := (&database{list: "army.ml\n"}).lists(dir, false)
	require.NoError(t, before.Load(t.Context()))
	require.NoError(t, before.Keep())
	refused, lost := errors.New("connection refused"), fmt.Errorf("no table: %w", fs.ErrNotExist)
	for _, tt := range []struct {
		name, dir string
		optional  bool
		err       error
		required  string
		allowed   []string
	}{
		{"with a copy", dir, false, refused, "", []string{"army.ml"}},
		{"with a copy, of what is lost", dir, false, lost, "", []string{"army.ml"}},
		{"with another copy", t.TempDir(), false, refused, "connection refused; expected a list, and there is no copy", nil},
		{"without a copy", "", false, refused, "connection refused; expected a list, and there is no copy, because cache_dir is not set", nil},
		{"started nevertheless", "", true, refused, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := (&database{err: tt.err}).lists(tt.dir, tt.optional)
			require.NoError(t, l.Load(t.Context()))
			require.Error(t, l.Stale())
			if tt.required != "" {
				require.ErrorContains(t, l.Required(), tt.required)
				return
			}
			require.NoError(t, l.Required())
			assert.Equal(t, tt.allowed, allowed(t, l))
		})
	}
}

// TestStoredLookup: a database whose host only this process can look up gets its lookup.
func TestStoredLookup(t *testing.T) {
	d := &database{list: "army.ml\n"}
	l := d.lists("", false)
	require.NoError(t, l.Load(t.Context()))
	assert.Nil(t, d.lookup)
	_, err := l.Retry(t.Context(), func(context.Context, string) ([]netip.Addr, error) { return nil, nil })
	require.NoError(t, err)
	allowed(t, l)
	assert.NotNil(t, d.lookup)
}
