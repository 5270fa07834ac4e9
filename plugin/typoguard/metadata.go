package typoguard

import (
	"context"
	"strconv"

	"github.com/coredns/coredns/plugin/metadata"

	"github.com/miekg/dns"
)

// The metadata is set while the query is served, and not by a metadata.Provider, which would have to judge every name a
// second time. Plugins above, such as log and dnstap, read it when the answer comes back to them.

// staticVerdicts are shared by all queries, so that an ordinary one allocates nothing here.
var staticVerdicts = [...]metadata.Func{
	pass:      func() string { return pass.String() },
	protected: func() string { return protected.String() },
	allowed:   func() string { return allowed.String() },
	lookalike: func() string { return lookalike.String() },
}

// describe publishes a decision on a name as metadata.
func describe(ctx context.Context, name string, d *decision) {
	if !metadata.SetValueFunc(ctx, pluginName+"/verdict", staticVerdicts[d.verdict]) {
		return // the metadata plugin is not in use
	}
	if d.verdict != lookalike {
		return
	}
	lookalike, meant := *d, d.intended(name)
	for label, value := range map[string]metadata.Func{
		"policy":      func() string { return lookalike.policy.name },
		"protected":   func() string { return lookalike.match.Suffix },
		"intended":    func() string { return meant },
		"kind":        func() string { return lookalike.match.Kind.String() },
		"distance":    func() string { return strconv.Itoa(lookalike.match.Distance) },
		"action":      lookalike.done,
		"mode":        func() string { return lookalike.mode.String() },
		"record":      lookalike.record,
		"counterpart": func() string { return lookalike.counterpart.String() },
	} {
		metadata.SetValueFunc(ctx, pluginName+"/"+label, value)
	}
	if lookalike.id != "" {
		metadata.SetValueFunc(ctx, pluginName+"/id", func() string { return lookalike.id })
	}
}

// record is the record that leads to the lookalike, such as "MX mail.army.ml"; it is empty if the name itself was asked
// for.
func (d *decision) record() string {
	if d.target == nil {
		return ""
	}
	name, _ := target(d.target)
	return dns.TypeToString[d.target.Header().Rrtype] + " " + shown(name)
}

// done says what was done to a query for a lookalike: the policy's action, or "pass" if it was answered as any other.
func (d *decision) done() string {
	if d.pass != passNothing || d.mode == monitor {
		return pass.String()
	}
	return d.policy.action.String()
}
