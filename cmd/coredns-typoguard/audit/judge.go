package audit

import (
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/domain"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// remembered is how many names each of the two generations of the cache has at most.
const remembered = 1 << 15

// judge judges the names of records. Names come again and again, so it remembers what it said of the last ones: those that
// are no lookalikes have the same decision for every client and type.
type judge struct {
	blocks        *corefile.Blocks
	client        netip.Addr
	exists        existsFunc
	names, before map[string]verdict // names is full when it has as many as remembered, and then takes the place of before
	lower         []byte
}

// existsFunc is that of policy.Query; nil without -resolve.
type existsFunc func(domain string, within time.Duration) policy.Existence

// verdict is what is known of a name.
type verdict struct {
	name     string // lower-case, without the final dot
	block    *typoguard.Block
	decision policy.Decision // of a lookalike only until the next one
	first    bool            // the name is not one that is remembered
}

func newJudge(blocks *corefile.Blocks, client netip.Addr, exists existsFunc) *judge {
	return &judge{blocks: blocks, client: client, exists: exists, names: make(map[string]verdict, remembered)}
}

// of returns the verdict on the name of a record.
func (j *judge) of(r *logs.Record) verdict {
	j.lower = appendLower(j.lower[:0], r.Name)
	v, ok := j.names[string(j.lower)] // without an allocation
	if !ok {
		if v, ok = j.before[string(j.lower)]; !ok {
			v = j.prepare(string(j.lower))
		}
		j.remember(v)
		v.first = !ok
	}
	if v.block != nil {
		client := j.client
		if r.Client.IsValid() {
			client = r.Client
		}
		q := policy.Query{Name: v.name, Type: r.Type, Client: func() *policy.Client { return policy.ClientAt(client) }, Exists: j.exists}
		if q.Type == dns.TypeNone { // mail
			q.Type = dns.TypeMX
		}
		v.decision = v.block.Judge(&q)
	}
	return v
}

// prepare judges a name for anybody. It has a block only if others may get another decision.
func (j *judge) prepare(name string) verdict {
	v := verdict{name: name}
	ascii, err := domain.Of(name)
	if err != nil {
		v.decision = policy.Decision{Reason: policy.NoName}
		return v
	}
	v.name = strings.ToLower(ascii)
	block := j.blocks.For(v.name)
	if block == nil {
		v.decision = policy.Decision{Reason: policy.Unserved}
		return v
	}
	v.decision = block.Judge(&policy.Query{Name: v.name, Type: dns.TypeMX})
	if v.decision.Policy != nil {
		v.block = block
	}
	return v
}

// remember keeps a verdict until twice as many others as a generation has were asked for.
func (j *judge) remember(v verdict) {
	if len(j.names) >= remembered {
		j.before, j.names = j.names, make(map[string]verdict, remembered)
	}
	j.names[string(j.lower)] = v
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
