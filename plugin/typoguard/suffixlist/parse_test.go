package suffixlist

import (
	"bytes"
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
		assert.Equal(t, want, Names(At([]Suffix{{Name: "always.mil"}, {Name: "ends.mil", Until: end}}, now)), now)
	}
}

// TestRepeated: of a suffix that is on a list twice, with an end and with a later one, the later one counts, in either order.
func TestRepeated(t *testing.T) {
	for name, content := range map[string]string{
		"later last":  "navy.mil until=2026-01-01T00:00:00Z\nnavy.mil until=2027-01-01T00:00:00Z\n",
		"later first": "navy.mil until=2027-01-01T00:00:00Z\nnavy.mil until=2026-01-01T00:00:00Z\n",
	} {
		all, err := parse(nil, "list", []byte(content), true)
		require.NoError(t, err, name)
		assert.Equal(t, []string{"navy.mil"}, Names(At(all, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))), name)
	}
}

// TestLongErrors: what is wrong with a list goes to the log, but not the whole list.
func TestLongErrors(t *testing.T) {
	long := strings.Repeat("long", 1<<20)
	for name, content := range map[string]string{
		"a word": long, "a label": "a." + long + ".mil", "not UTF-8": "\xff" + long, "two words": "army.mil " + long, "three words": "army.mil until=2026-12-31 " + long,
		"a date": "army.mil until=" + long,
	} {
		_, err := parse(nil, "list", []byte(content), true)
		require.Error(t, err, name)
		assert.Less(t, len(err.Error()), 1000, name)
	}
}

// TestEmptyLines: a list of nothing but lines takes no memory for what could be on them.
func TestEmptyLines(t *testing.T) {
	content := bytes.Repeat([]byte("\n"), 4<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := parse(nil, "list", content, true)
	require.ErrorIs(t, err, errEmpty)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8*len(content)))
}

// FuzzParse reads any list file. What is read must be what another reading of the same suffixes yields, line for line.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\ufeffarmy.mil # the army\r\n\n  bücher.example\n# nothing\n"))
	f.Add([]byte("army..mil"))
	f.Add([]byte("army.mil until=2026-12-31 # ends"))
	f.Fuzz(func(t *testing.T, content []byte) {
		suffixes, err := parse(nil, "list", content, true)
		if err != nil {
			require.Empty(t, suffixes)
			return
		}
		lines := bytes.Split(bytes.TrimPrefix(content, []byte("\ufeff")), []byte("\n"))
		var again bytes.Buffer
		for _, s := range suffixes {
			require.LessOrEqual(t, s.At.Line, len(lines))
			require.NotEmpty(t, bytes.TrimSpace(bytes.Split(lines[s.At.Line-1], []byte("#"))[0]))
			again.WriteString(s.Name + "\n")
		}
		reread, err := parse(nil, "list", again.Bytes(), true)
		require.NoError(t, err)
		require.Equal(t, Names(suffixes), Names(reread))
	})
}
