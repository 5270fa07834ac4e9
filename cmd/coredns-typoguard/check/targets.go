package check

import (
	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// judgeMailServers takes a name for blocked if the addresses of all its mail servers are hidden: mail to it does not arrive, though
// the name is allowed, or like nothing. As long as one of them can be reached, mail arrives.
func (k *checker) judgeMailServers(r *result, reply *dns.Msg) {
	var hidden policy.Decision
	var record dns.RR
	for _, rr := range reply.Answer {
		mx, ok := rr.(*dns.MX)
		if !ok {
			continue
		}
		d := k.judgeAddress(mx.Mx)
		if !d.Enforced() {
			return
		}
		if record == nil {
			hidden, record = d, rr
		}
	}
	if record != nil {
		r.decision, r.alias, r.targets = hidden, "", "hidden"
		r.setRecord(record)
	}
}

// judgeAddress returns the decision about the address of a host, by its name or by its aliases. The IPv6 address needs no question of its
// own, since no policy hides only one of the two.
func (k *checker) judgeAddress(host string) policy.Decision {
	block := k.blocks.For(host)
	if block == nil || block.Set == nil {
		return policy.Decision{}
	}
	q := k.query
	q.Name, q.Type, q.Candidates = host, dns.TypeA, false
	d := block.Judge(&q)
	if d.Enforced() {
		return d
	}
	if reply := k.replies.Reply(host, q.Type); reply != nil {
		if effect, found := block.JudgeReply(&q, &d, reply); effect == typoguard.Blocked {
			return found.Decision
		}
	}
	return d
}
