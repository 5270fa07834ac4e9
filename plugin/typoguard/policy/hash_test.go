package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// TestHash: the hash is that of everything that decides about names, and of nothing else.
func TestHash(t *testing.T) {
	other, err := popular.Parse([]byte("bing.com\n"))
	require.NoError(t, err)
	base := func() (*Policy, *Suffixes) {
		return &Policy{Name: "a", Distance: 1, Kinds: match.AllKinds, TTL: 60, Popular: []*popular.List{popular.Builtin()}},
			&Suffixes{Protected: list("army.mil navy.mil"), Allowed: list("gov.ml"), Denied: list("king.com")}
	}
	tests := []struct {
		name   string
		change func(p *Policy, s *Suffixes)
		same   bool
	}{
		{"nothing", func(*Policy, *Suffixes) {}, true},
		{"order and repetition", func(_ *Policy, s *Suffixes) { s.Protected = list("navy.mil army.mil navy.mil") }, true},
		{"name, action and mode", func(p *Policy, _ *Suffixes) { p.Name, p.Action, p.Mode = "b", NullMX, Monitor }, true},
		{"protected", func(_ *Policy, s *Suffixes) { s.Protected = list("army.mil") }, false},
		{"allowed", func(_ *Policy, s *Suffixes) { s.Allowed = list("") }, false},
		{"denied", func(_ *Policy, s *Suffixes) { s.Denied = list("") }, false},
		{"denied instead of allowed", func(_ *Policy, s *Suffixes) { s.Allowed, s.Denied = s.Denied, s.Allowed }, false},
		{"distance", func(p *Policy, _ *Suffixes) { p.Distance = 2 }, false},
		{"clients", func(p *Policy, _ *Suffixes) { p.Clients = networks("192.0.2.0/24") }, false},
		{"prefixes", func(p *Policy, _ *Suffixes) { p.Prefixes = match.NewPrefixes("post") }, false},
		{"short", func(p *Policy, _ *Suffixes) { p.ReportShort = true }, false},
		{"popular block", func(p *Policy, _ *Suffixes) { p.Popular = nil }, false},
		{"popular FILE", func(p *Policy, _ *Suffixes) { p.Popular = append(p.Popular, other) }, false},
		{"counterpart", func(p *Policy, _ *Suffixes) { p.Require = &Requirement{Timeout: time.Second} }, false},
	}
	hash := func(t *testing.T, p *Policy, s *Suffixes) string {
		t.Helper()
		set, err := Compile([]*Policy{p}, []Suffixes{*s}, time.Now(), nil)
		require.NoError(t, err)
		require.Len(t, set.Hashes, 1)
		return set.Hashes[0]
	}
	first, suffixes := base()
	want := hash(t, first, suffixes)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, s := base()
			tt.change(p, s)
			if tt.same {
				assert.Equal(t, want, hash(t, p, s))
			} else {
				assert.NotEqual(t, want, hash(t, p, s))
			}
		})
	}
}
