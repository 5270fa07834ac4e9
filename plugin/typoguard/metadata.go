package typoguard

import (
	"context"
	"strconv"

	"github.com/coredns/coredns/plugin/metadata"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// The metadata is set while the query is served, and not by a metadata.Provider, which would have to judge every name a
// second time. Plugins above, such as log and dnstap, read it when the answer comes back to them.

// metadataPrefix is how the names of our labels begin.
const metadataPrefix = "typoguard/"

// verdictFuncs are shared by all queries, so that an ordinary one allocates nothing here.
var verdictFuncs = [...]metadata.Func{
	policy.Pass:      policy.Pass.String,
	policy.Protected: policy.Protected.String,
	policy.Allowed:   policy.Allowed.String,
	policy.Lookalike: policy.Lookalike.String,
	policy.Popular:   policy.Popular.String,
}

// describeVerdict publishes a verdict as metadata. It reports false if the metadata plugin is not in use.
func describeVerdict(ctx context.Context, v policy.Verdict) bool {
	return metadata.SetValueFunc(ctx, metadataPrefix+"verdict", verdictFuncs[v])
}

// describe publishes the decision about a name as metadata.
func (h *hit) describe() {
	if !describeVerdict(h.ctx, h.Verdict) || h.Policy == nil {
		return
	}
	for label, value := range map[string]string{
		"policy":      h.Policy.Name,
		"protected":   h.Lookalike.Protected,
		"intended":    h.Lookalike.Intended,
		"kind":        h.Lookalike.Kind,
		"distance":    strconv.Itoa(h.Lookalike.Distance),
		"action":      h.done(),
		"mode":        h.Mode.String(),
		"popular":     h.Popular,
		"record":      h.recordText(),
		"counterpart": h.Counterpart.String(),
	} {
		metadata.SetValueFunc(h.ctx, metadataPrefix+label, func() string { return value })
	}
	if h.id != "" {
		id := h.id
		metadata.SetValueFunc(h.ctx, metadataPrefix+"id", func() string { return id })
	}
}

// done says what was done to a query for a lookalike: the policy's action, or "pass" if it was answered like any other.
func (h *hit) done() string {
	if !h.Enforced() {
		return policy.Pass.String()
	}
	return h.Policy.Action.String()
}
