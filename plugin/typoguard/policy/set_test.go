package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// TestNext: the set says when it is to be compiled anew: when the first of its entries expires, or comes to count as one
// that soon does.
func TestNext(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	tests := []struct {
		name     string
		ends     []time.Duration // from now; 0 is never
		next     time.Duration   // from now; 0 is never
		expiring int
	}{
		{"no end", []time.Duration{0, 0}, 0, 0},
		{"an end", []time.Duration{0, 2 * day}, 2 * day, 1},
		{"the first of two", []time.Duration{2 * day, 3 * day}, 2 * day, 2},
		{"the first of two, the other way round", []time.Duration{3 * day, 2 * day}, 2 * day, 2},
		{"an end far away", []time.Duration{10 * day}, 3 * day, 0},
		{"an end seven days away", []time.Duration{7 * day}, 7 * day, 1},
		{"far and near", []time.Duration{10 * day, 2 * day}, 2 * day, 1},
		{"near and far", []time.Duration{6 * day, 8 * day}, day, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			allowed := []suffixlist.Suffix{{Name: "x.ml"}}
			for i, end := range tt.ends {
				s := suffixlist.Suffix{Name: string(rune('a'+i)) + ".ml"}
				if end != 0 {
					s.Until = now.Add(end)
				}
				allowed = append(allowed, s)
			}
			p := &Policy{Distance: 1, Kinds: match.AllKinds}
			s, err := Compile([]*Policy{p}, []Suffixes{{Protected: list("mil"), Allowed: suffixlist.ListOf(allowed...)}}, now, nil)
			require.NoError(t, err)
			var next time.Time
			if tt.next != 0 {
				next = now.Add(tt.next)
			}
			assert.Equal(t, next, s.Next)
			assert.Equal(t, []Sizes{{Protected: 1, Allowed: len(allowed), ExpiringAllowed: tt.expiring}}, s.Sizes)
		})
	}
}

func TestContradiction(t *testing.T) {
	policies := []*Policy{{Distance: 1, Kinds: match.AllKinds}, {Distance: 1, Kinds: match.AllKinds}}
	_, err := Compile(policies, []Suffixes{{Protected: list("mil army.mil")}, {Protected: list("nato.int"), Allowed: list("gov.ml army.mil")}}, time.Now(), nil)
	require.EqualError(t, err, `list:2 - Error during parsing: "army.mil" is allowed here and protected at list:2; expected it on one list only`)
}

func TestPlus(t *testing.T) {
	assert.Equal(t, Sizes{11, 22, 33, 44}, Sizes{1, 2, 3, 4}.Plus(Sizes{10, 20, 30, 40}))
}
