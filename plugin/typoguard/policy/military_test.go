package policy

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/builtin"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// TestMilitary: whoever protects the built-in list hides none of the other domains below mil, which are the military's, too.
func TestMilitary(t *testing.T) {
	content, ok := builtin.Read("us-military")
	require.True(t, ok)
	var protected []string
	for line := range strings.Lines(string(content)) {
		name, _, _ := strings.Cut(line, "#")
		protected = append(protected, strings.TrimSpace(name))
	}
	s := compile(t, setting{Policy: Policy{Popular: []*popular.List{popular.Builtin()}}, protect: strings.Join(protected, " ")})
	for _, name := range []string{"mda.mil", "dha.mil", "esgr.mil", "mail.dss.mil", "dau.mil", "mail.mil", "nro.mil", "army.mil"} {
		d := s.Judge(&Query{Name: name, Type: dns.TypeMX})
		assert.False(t, d.Enforced(), name)
	}
	for k := range s.Known(t.Context()) {
		assert.False(t, k.Enforced() && strings.HasSuffix(k.Name, ".mil"), k.Name)
	}
}
