package names

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMake: the domains are those that the figures in README.md were measured with, and no two are the same.
func TestMake(t *testing.T) {
	tests := []struct {
		name   string
		form   Form
		seed   uint64
		first  string
		sha256 string // of all, one a line
	}{
		{"open, all vowels", Open("aeiou"), 1, "dutevudihe.be", "b3405a7ce4cd333ad5834b3ca35dbec3df112d655b1d5e00f9a39b5a7007799f"},
		{"open, some vowels", Open("aei"), 1, "ditavidehe.be", "43f992310ce75fda6fbe1cc3161328384a1aa801459b14dd171b8a3e7e7ff936"},
		{"compound", Compound, 1, "bertra.example", "1c4c8b65bdba0e97abf0fa864839453958f6d97ef307e854e0272d6ca0e7f8b2"},
		{"mixed", Mixed, 1, "dyhy.com", "152c76b0d287c99f751436173113cbbb569c82ab5f91f372820f7d4d1f530825"},
		{"mixed, another seed", Mixed, 2, "ciciniqos.example", "e21cade8cbad9622fbbc651ddef0599857dc29af9826340ee01624bfee38b1ad"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			domains := tt.form.Make(rand.New(rand.NewPCG(tt.seed, 1)), 1000)
			assert.Equal(t, tt.first, domains[0])
			sum := sha256.Sum256([]byte(strings.Join(domains, "\n") + "\n"))
			assert.Equal(t, tt.sha256, hex.EncodeToString(sum[:]))
			different := map[string]bool{}
			for _, domain := range domains {
				different[domain] = true
			}
			assert.Len(t, different, 1000)
		})
	}
}
