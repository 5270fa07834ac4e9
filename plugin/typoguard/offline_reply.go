package typoguard

import (
	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// Effect says what the server makes of the reply to a query that passes.
type Effect uint8

// The effects.
const (
	// Unchanged is a reply in which nothing leads to a lookalike.
	Unchanged Effect = iota
	// Blocked is a reply that the action's answer takes the place of, as a whole or from an alias on.
	Blocked
	// Flattened is a reply whose aliases are taken out, so that the records at their end are those of the name itself.
	Flattened
	// Reduced is a reply that lacks inspected records which lead to lookalikes.
	Reduced
)

// JudgeReply decides about the reply to a query that passes, as the server does. The finding is the lookalike that the effect is
// due to. Records that are only dropped because they are those of another name have no effect on the one who asks.
func (b *Block) JudgeReply(q *policy.Query, d *policy.Decision, reply *dns.Msg) (Effect, policy.Finding) {
	found := b.Set.JudgeReply(q, d, reply)
	switch found.Change {
	case policy.Cut:
		return Blocked, *found.By
	case policy.Flatten:
		return Flattened, *found.By
	case policy.Keep:
	}
	if d.Listed != "" {
		return Unchanged, policy.Finding{}
	}
	in := b.Set.Inspect(q, reply, &found)
	switch {
	case in.By == nil:
		return Unchanged, policy.Finding{}
	case in.Enough:
		return Reduced, *in.By
	}
	return Blocked, *in.By
}
