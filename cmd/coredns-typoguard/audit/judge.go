package audit

import (
	"net/netip"
	"strings"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/domain"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/resolver"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// This file alone knows how policies are asked. The rest of the package has verdicts and likenesses.

// remembered is how many names each of the two generations of the cache has at most.
const remembered = 1 << 13

// The reasons of verdicts that this package makes itself, or looks for.
var (
	blocked    = policy.Hidden.String()
	isListed   = policy.ListedProtected.String()
	noName     = policy.NoName.String()
	unservedBy = policy.Unserved.String()
)

// verdict is what the policies say of a name.
type verdict struct {
	name     string // lower-case, without the final dot
	reason   string // blocked, or why it passes
	listed   string // the suffix on a list that decided, if one did
	likeness *likeness
	first    bool // the name is not one that is remembered
}

// likeness is what a lookalike looks like, for the policy that decides.
type likeness struct {
	intended, protected  string
	distance             int
	kind                 string
	policy, action, mode string
	clients              []netip.Prefix
}

// judge judges the names of records. Names come again and again, so it remembers what it said of the last ones: those that
// are no lookalikes have the same judgement for every client and type.
type judge struct {
	blocks        *corefile.Blocks
	client        netip.Addr
	resolver      *resolver.Resolver        // nil without -resolve
	names, before map[string]known          // names is full when it has as many as remembered, and then takes the place of before
	likenesses    map[likenessKey]*likeness // the last ones
	lower         []byte
}

// known is what is remembered of a name. It has a block only if another client or type may get another verdict.
type known struct {
	name, reason, listed string
	block                *typoguard.Block
}

// likenessKey is what tells likenesses apart.
type likenessKey struct{ name, intended, policy string }

func newJudge(blocks *corefile.Blocks, client netip.Addr, r *resolver.Resolver) *judge {
	return &judge{blocks: blocks, client: client, resolver: r, names: map[string]known{}, before: map[string]known{}, likenesses: map[likenessKey]*likeness{}}
}

// protected returns the suffixes that the policies protect.
func (j *judge) protected() []string {
	var all []string
	for _, b := range j.blocks.Selected() {
		for _, s := range b.Suffixes {
			all = append(all, s.Protected.Names()...)
		}
	}
	return all
}

// of returns the verdict on the name of a record.
func (j *judge) of(r *logs.Record) verdict {
	j.lower = appendLower(j.lower[:0], r.Name)
	k, ok := j.names[string(j.lower)] // without an allocation
	first := false
	if !ok {
		if k, ok = j.before[string(j.lower)]; !ok {
			k, first = j.prepare(string(j.lower)), true
		}
		j.remember(k)
	}
	v := verdict{name: k.name, reason: k.reason, listed: k.listed, first: first}
	if k.block != nil {
		client := j.client
		if r.Client.IsValid() {
			client = r.Client
		}
		q := policy.Query{Name: k.name, Type: r.Type, Client: func() *policy.Client { return policy.ClientAt(client) }}
		j.resolver.Serve(&q)
		if q.Type == dns.TypeNone { // mail
			q.Type = dns.TypeMX
		}
		d := k.block.Judge(&q)
		v.reason, v.listed = d.Outcome().String(), d.Listed
		if d.Verdict == policy.Lookalike { // mail to a popular domain is no leak
			v.likeness = j.likeness(k.name, &d)
		}
	}
	return v
}

// mayBeName reports whether a text has only characters that names have to which mail is delivered.
func mayBeName(b []byte) bool {
	for _, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' && c < 0x80 {
			return false
		}
	}
	return true
}

// prepare judges a name for anybody.
func (j *judge) prepare(name string) known {
	ascii, err := domain.Of(name)
	if err != nil {
		return known{name: name, reason: noName}
	}
	k := known{name: strings.ToLower(ascii)}
	block := j.blocks.For(k.name)
	if block == nil {
		k.reason = unservedBy
		return k
	}
	d := block.Judge(&policy.Query{Name: k.name, Type: dns.TypeMX})
	k.reason, k.listed = d.Outcome().String(), d.Listed
	if d.Policy != nil {
		k.block = block
	}
	return k
}

// likeness returns what a decision about a lookalike says, the same each time.
func (j *judge) likeness(name string, d *policy.Decision) *likeness {
	c := &d.Lookalike
	key := likenessKey{name, c.Intended, c.Policy}
	if l := j.likenesses[key]; l != nil {
		return l
	}
	if len(j.likenesses) >= remembered {
		clear(j.likenesses)
	}
	l := &likeness{
		intended: c.Intended, protected: c.Protected, distance: c.Distance, kind: c.Kind,
		policy: c.Policy, action: d.Policy.Action.String(), mode: d.Mode.String(), clients: d.Policy.Clients.Networks,
	}
	j.likenesses[key] = l
	return l
}

// remember keeps what is known until twice as many others as a generation has were asked for.
func (j *judge) remember(k known) {
	if len(j.names) >= remembered {
		j.before, j.names = j.names, j.before
		clear(j.names) // its memory is used again
	}
	j.names[string(j.lower)] = k
}

// appendLower appends a name in lower case, without the final dot.
func appendLower(to, name []byte) []byte {
	if n := len(name); n > 1 && name[n-1] == '.' {
		name = name[:n-1]
	}
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}
