package suffixlist

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseUntil(t *testing.T) {
	zone := time.Local
	t.Cleanup(func() { time.Local = zone })
	time.Local = time.FixedZone("east", 2*3600)
	for s, want := range map[string]string{
		"2026-12-31":                "2026-12-31T22:00:00Z",
		"2026-12-31T18:00:00Z":      "2026-12-31T18:00:00Z",
		"2026-12-31T18:00:00.9Z":    "2026-12-31T18:00:00Z",
		"2026-12-31T18:00:00+02:00": "2026-12-31T16:00:00Z",
	} {
		got, err := ParseUntil(s)
		require.NoError(t, err)
		assert.Equal(t, want, got.UTC().Format(time.RFC3339Nano), s)
	}
}

// TestAt: an entry counts until its end, and not at it.
func TestAt(t *testing.T) {
	end := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	for now, want := range map[time.Time][]string{
		end.Add(-time.Second): {"always.mil", "ends.mil"}, end: {"always.mil"}, end.AddDate(1, 0, 0): {"always.mil"},
	} {
		assert.Equal(t, want, ListOf(Suffix{Name: "always.mil"}, Suffix{Name: "ends.mil", Until: end}).At(now).Names(), now)
	}
}

// TestRepeated: of a suffix that is on a list twice, with an end and with a later one, the later one counts, in either order.
func TestRepeated(t *testing.T) {
	for name, content := range map[string]string{
		"later last":  "navy.mil until=2026-01-01T00:00:00Z\nnavy.mil until=2027-01-01T00:00:00Z\n",
		"later first": "navy.mil until=2027-01-01T00:00:00Z\nnavy.mil until=2026-01-01T00:00:00Z\n",
	} {
		now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		assert.Equal(t, []string{"navy.mil"}, List{files: []text{{"list", content, true}}, now: now}.Names(), name)
	}
}

// TestLongErrors: what is wrong with a list goes to the log, but not the whole list.
func TestLongErrors(t *testing.T) {
	long := strings.Repeat("long", 1<<20)
	for name, content := range map[string]string{
		"a word": long, "a label": "a." + long + ".mil", "not UTF-8": "\xff" + long, "two words": "army.mil " + long, "three words": "army.mil until=2026-12-31 " + long,
		"a date": "army.mil until=" + long,
	} {
		err := text{"list", content, true}.check(nil)
		require.Error(t, err, name)
		assert.Less(t, len(err.Error()), 1000, name)
	}
}

// TestEmptyLines: a list of nothing but lines takes no memory for what could be on them.
func TestEmptyLines(t *testing.T) {
	content := strings.Repeat("\n", 4<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.ErrorIs(t, text{"list", content, true}.check(nil), errEmpty)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

// TestLines: lines are counted as an editor does, whatever ends them.
func TestLines(t *testing.T) {
	const content = "\ufeffarmy.mil\r\n\r\n  navy.mil # note \n#\nbücher.example\t\ngov.ml until=2026-12-31T18:00:00Z\r"
	var got []Suffix
	for s := range (List{files: []text{{"list", content, true}}}).All() {
		got = append(got, s)
	}
	assert.Equal(t, []Suffix{
		{Name: "army.mil", At: Position{"list", 1}}, {Name: "navy.mil", Note: "note", At: Position{"list", 3}},
		{Name: "xn--bcher-kva.example", At: Position{"list", 5}},
		{Name: "gov.ml", Until: time.Date(2026, 12, 31, 18, 0, 0, 0, time.UTC), At: Position{"list", 6}},
	}, got)
	err := text{"list", "army.mil\n\narmy..mil\n", true}.check(nil)
	require.ErrorContains(t, err, "list:3 - ")
}

// TestCompare: the difference between versions counts distinct suffixes that have not expired.
func TestCompare(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	list := func(content string) List { return List{files: []text{{"list", content, true}}, now: now} }
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "a%d.mil\n", i)
	}
	for name, tt := range map[string]struct {
		before, after string
		want          Difference
	}{
		"nothing":       {"", "army.mil\nnavy.mil\n", Difference{After: 2, Added: 2}},
		"all":           {"army.mil\nnavy.mil\n", "", Difference{Before: 2, Removed: 2}},
		"some":          {"army.mil\nnavy.mil\n", "navy.mil\ngov.ml\nnavy.mil\ngov.ml\n", Difference{Before: 2, After: 2, Added: 1, Removed: 1}},
		"repeated":      {"army.mil\narmy.mil\n", "army.mil\n", Difference{Before: 1, After: 1}},
		"expired":       {"army.mil\nnavy.mil until=2026-05-01\n", "army.mil\nnavy.mil\n", Difference{Before: 1, After: 2, Added: 1}},
		"none of many":  {many.String(), many.String(), Difference{Before: 1000, After: 1000}},
		"one of many":   {many.String(), strings.Replace(many.String(), "a7.mil", "b7.mil", 1), Difference{Before: 1000, After: 1000, Added: 1, Removed: 1}},
		"strange":       {"army.mil\n", "army.mil\nerror\nerror\nmil\n", Difference{Before: 1, After: 3, Added: 2, Strange: []Suffix{{Name: "error", At: Position{"list", 2}}}}},
		"strange, kept": {"error\n", "error\n", Difference{Before: 1, After: 1}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, compare(list(tt.before), list(tt.after), nil)) })
	}
}

// FuzzParse reads any list file. What is read must be what another reading of the same suffixes yields, line for line.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\ufeffarmy.mil # the army\r\n\n  bücher.example\n# nothing\n"))
	f.Add([]byte("army..mil"))
	f.Add([]byte("army.mil until=2026-12-31 # ends"))
	f.Fuzz(func(t *testing.T, content []byte) {
		first := text{"list", string(content), true}
		if first.check(nil) != nil {
			return
		}
		lines := bytes.Split(bytes.TrimPrefix(content, []byte("\ufeff")), []byte("\n"))
		var again strings.Builder
		suffixes := List{files: []text{first}}
		for s := range suffixes.All() {
			require.LessOrEqual(t, s.At.Line, len(lines))
			require.NotEmpty(t, bytes.TrimSpace(bytes.Split(lines[s.At.Line-1], []byte("#"))[0]))
			again.WriteString(s.Name + "\n")
		}
		second := text{"list", again.String(), true}
		require.NoError(t, second.check(nil))
		require.Equal(t, suffixes.Names(), List{files: []text{second}}.Names())
	})
}
