package policy

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// TestCountKnown: known domains are counted by what becomes of them.
func TestCountKnown(t *testing.T) {
	t.Parallel()
	builtin := []*popular.List{popular.Builtin()}
	s := compile(t,
		setting{Policy: Policy{Name: "passes", Popular: builtin}, protect: "ing.com gmail.com"},
		setting{Policy: Policy{Name: "denies", Popular: builtin}, protect: "google.org", deny: "google.com"},
		setting{Policy: Policy{Name: "blocks"}, protect: "wikipedia.or facebook.co"},
		setting{Policy: Policy{Name: "none"}, protect: "army.mil"},
		setting{Policy: Policy{Name: "short", Distance: 1, Kinds: match.Kinds(0).With(match.Substitution), Keyboard: match.QWERTY, ReportShort: true}, protect: "ups.com"})
	all := s.CountKnown(t.Context())
	assert.Len(t, all, 5)
	assert.Zero(t, all["passes"].Hidden)
	assert.Greater(t, all["passes"].Passing, 5)
	assert.Greater(t, all["passes"].Typos, 5)
	assert.Zero(t, all["denies"].Hidden, "com for org is three edits")
	assert.Equal(t, KnownCounts{}, all["none"])
	assert.GreaterOrEqual(t, all["blocks"].Hidden, 2)
	assert.Equal(t, "facebook.com", all["blocks"].Worst[0].Name, "the highest rank first")
	assert.Equal(t, KnownCounts{}, all["short"], "what is only reported is not hidden")

	required := compile(t, setting{Policy: Policy{Name: "requires", Require: &Requirement{}}, protect: "com"}).CountKnown(t.Context())["requires"]
	assert.Zero(t, required.Hidden, "without a counterpart")
	assert.Greater(t, required.Typos, 5)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Zero(t, s.CountKnown(ctx)["blocks"].Hidden, "nobody waits for it")
}
