package pool

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// thing is what the pool of these tests has.
type thing struct{ key, config string }

// world is a pool of things, and what happened to them. Things whose configuration is "broken" cannot be opened.
type world struct {
	Pool[thing, *thing]
	mu   sync.Mutex
	says []string
}

func newWorld(same func(a, b thing) bool) *world {
	w := new(world)
	say := func(verb string, t thing) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.says = append(w.says, fmt.Sprintf("%s %s %s", verb, t.key, t.config))
	}
	w.Pool = Pool[thing, *thing]{
		Same: same,
		Open: func(t thing) (*thing, error) {
			if t.config == "broken" {
				return nil, errors.New(t.key + " is broken")
			}
			say("open", t)
			return &t, nil
		},
		Configure: func(t *thing, c thing) {
			say("configure", c)
			t.config = c.config
		},
		Close: func(t *thing) { say("close", *t) },
	}
	return w
}

// update makes the pool what is wanted, given as key and configuration, and returns what happened.
func (w *world) update(t *testing.T, wanted ...string) ([]string, error) {
	t.Helper()
	w.says = nil
	configs := map[string]thing{}
	for pair := range slices.Chunk(wanted, 2) {
		configs[pair[0]] = thing{pair[0], pair[1]}
	}
	err := w.Update(configs)
	return w.says, err
}

func equal(a, b thing) bool { return a == b }

func always(thing, thing) bool { return true }

func TestUpdate(t *testing.T) {
	type step struct {
		wanted []string
		says   []string
	}
	tests := []struct {
		name  string
		same  func(a, b thing) bool
		steps []step
	}{
		{"opened once, in the order of the keys", equal, []step{
			{[]string{"b", "1", "a", "1"}, []string{"open a 1", "open b 1"}},
			{[]string{"b", "1", "a", "1"}, []string{"configure a 1", "configure b 1"}},
		}},
		{"closed before others are opened", equal, []step{
			{[]string{"a", "1"}, []string{"open a 1"}},
			{[]string{"b", "1"}, []string{"close a 1", "open b 1"}},
		}},
		{"closed and opened again with another configuration", equal, []step{
			{[]string{"a", "1"}, []string{"open a 1"}},
			{[]string{"a", "2"}, []string{"close a 1", "open a 2"}},
		}},
		{"configured where that is enough", always, []step{
			{[]string{"a", "1"}, []string{"open a 1"}},
			{[]string{"a", "2"}, []string{"configure a 2"}},
		}},
		{"nothing wanted", equal, []step{
			{[]string{"a", "1"}, []string{"open a 1"}},
			{nil, []string{"close a 1"}},
			{nil, nil},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(tt.same)
			for _, s := range tt.steps {
				says, err := w.update(t, s.wanted...)
				require.NoError(t, err)
				assert.Equal(t, s.says, says)
			}
		})
	}
}

// TestErrorInTheMiddle: what can be opened is, and whoever takes over next, the configuration from before included, finds it
// open.
func TestErrorInTheMiddle(t *testing.T) {
	w := newWorld(equal)
	_, err := w.update(t, "a", "1", "old", "1")
	require.NoError(t, err)

	says, err := w.update(t, "a", "1", "b", "broken", "c", "1", "d", "broken")
	require.EqualError(t, err, "b is broken\nd is broken")
	assert.Equal(t, []string{"configure a 1", "close old 1", "open c 1"}, says)
	_, ok := w.Get("b")
	assert.False(t, ok)
	c, ok := w.Get("c")
	assert.True(t, ok)
	assert.Equal(t, "c", c.key)

	says, err = w.update(t, "a", "1", "old", "1")
	require.NoError(t, err)
	assert.Equal(t, []string{"configure a 1", "close c 1", "open old 1"}, says)
}

// TestCloseAll: things are closed at the same time.
func TestCloseAll(t *testing.T) {
	var together sync.WaitGroup
	together.Add(2)
	p := Pool[int, int]{
		Same: func(a, b int) bool { return a == b },
		Open: func(c int) (int, error) { return c, nil },
		Close: func(int) {
			together.Done()
			together.Wait()
		},
	}
	require.NoError(t, p.Update(map[string]int{"a": 1, "b": 2}))
	require.NoError(t, p.Update(nil))
}
