//go:build e2e

package soak_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestTally: in a rough time typoguard may lose as much as the stock server and chance, and in a calm one nothing that the stock server has.
func TestTally(t *testing.T) {
	for name, tt := range map[string]struct {
		rank           rank
		guarded, stock int // lost of a thousand
		invariant      string
	}{
		"as much":           {rough, 100, 100, ""},
		"by chance":         {rough, 130, 100, ""},
		"more":              {rough, 200, 100, "more was lost than by the stock server"},
		"in the calm":       {harmless, 1, 0, "an answer was lost or wrong that the stock server had"},
		"during a reload":   {busy, 1, 0, "an answer was lost or wrong that the stock server had"},
		"nobody is there":   {down, 500, 0, ""},
		"in the calm, both": {harmless, 0, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			counts := newTally()
			if tt.rank > calm {
				counts.end(counts.begin("fault", tt.rank))
			}
			for i := range 1000 {
				s := &sample{question: question{class: ordinary, network: "udp"}, asked: time.Now(), answered: time.Now()}
				if i < tt.guarded {
					s.guarded = lost
				}
				if i >= 1000-tt.stock {
					s.stock = lost
				}
				counts.add(s)
			}
			counts.judge()
			var violated []string
			for invariant := range counts.violations {
				violated = append(violated, invariant)
			}
			if tt.invariant == "" {
				assert.Empty(t, violated)
			} else {
				assert.Equal(t, []string{tt.invariant}, violated)
			}
		})
	}
}
