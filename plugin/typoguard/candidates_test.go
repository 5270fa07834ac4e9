package typoguard

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// candidatesOf returns what an event says that a name looks like besides, the policies of the block having a history or not.
func candidatesOf(t *testing.T, history bool, stanzas, name string) []event.Candidate {
	t.Helper()
	h := handler(t, stanzas)
	for _, s := range h.block.stanzas {
		s.policy.history = history
	}
	var d decision
	h.block.judge(&d, name, dns.TypeMX, asking{now: present, client: func() client { return client{addr: netip.MustParseAddr("10.240.0.1")} }}, nil)
	require.Equal(t, lookalike, d.verdict)
	e := sight(t.Context(), query(name, dns.TypeMX), &test.ResponseWriter{}, &d)
	return e.Candidates
}

// TestCandidates: an event has what else the name looks like, best first, for policies with a history only.
func TestCandidates(t *testing.T) {
	const stanzas = "typoguard mil {\nprotect mil\n}\n" +
		"typoguard trial {\nprotect army.nl army.m1\nmode monitor\n}\n" +
		"typoguard elsewhere {\nprotect army.xl\nclients 192.0.2.0/24\n}"
	assert.Empty(t, candidatesOf(t, false, stanzas, "US.army.ml."))
	assert.Equal(t, []event.Candidate{
		{Protected: "army.m1", Intended: "us.army.m1", Kind: "homoglyph", Policy: "trial"},
		{Protected: "army.nl", Intended: "us.army.nl", Kind: "adjacent", Distance: 1, Policy: "trial"},
		{Protected: "army.xl", Intended: "us.army.xl", Kind: "substitution", Distance: 1, Policy: "elsewhere"},
	}, candidatesOf(t, true, stanzas, "US.army.ml."), "but for mil, which decides because it is enforced")
	assert.Nil(t, candidatesOf(t, true, "typoguard {\nprotect army.mil\n}", "army.ml."), "there is one only")

	var many []string
	for c := 'a'; c <= 'z'; c++ {
		many = append(many, fmt.Sprintf("arm%c.mil", c))
	}
	others := candidatesOf(t, true, "typoguard {\nprotect "+strings.Join(many, " ")+"\n}", "arm1.mil.")
	assert.Len(t, others, maxCandidates)
}

// TestCandidatesOfTypesThatPass: what is not reported costs nothing.
func TestCandidatesOfTypesThatPass(t *testing.T) {
	h := handler(t, "typoguard {\nprotect army.mil army.nl\n}")
	h.block.stanzas[0].policy.history = true
	var d decision
	h.block.judge(&d, "army.ml.", dns.TypeNS, asking{now: present, client: func() client { return client{} }}, nil)
	assert.Equal(t, passType, d.pass)
	assert.Nil(t, d.others)
}
