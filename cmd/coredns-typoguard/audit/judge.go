package audit

import (
	"net/netip"
	"strings"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/domain"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
)

// remembered is how many names each of the two generations of the cache has at most.
const remembered = 1 << 15

// noName is the reason of what is no domain name.
const noName typoguard.Reason = "no_name"

// judge judges the names of records. Names come again and again, so it remembers what it said of the last ones: those that
// are no lookalikes have the same judgement for every client and type.
type judge struct {
	blocks        *corefile.Blocks
	client        netip.Addr
	exists        func(string) (bool, error) // see typoguard.Query; nil without -resolve
	names, before map[string]verdict         // names is full when it has as many as remembered, and then takes the place of before
	lower         []byte
}

// verdict is what is known of a name.
type verdict struct {
	name      string // lower-case, without the final dot
	block     *typoguard.Block
	judgement typoguard.Judgement // of a lookalike only until the next one
	first     bool                // the name is not one that is remembered
}

func newJudge(blocks *corefile.Blocks, client netip.Addr, exists func(string) (bool, error)) *judge {
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
		v.judgement = v.block.Judge(typoguard.Query{Name: v.name, Type: r.Type, Client: client, Exists: j.exists})
	}
	return v
}

// prepare judges a name for anybody. It has a block only if others may get another judgement.
func (j *judge) prepare(name string) verdict {
	v := verdict{name: name}
	ascii, err := domain.Of(name)
	if err != nil {
		v.judgement = typoguard.Judgement{Verdict: "pass", Reason: noName}
		return v
	}
	v.name = strings.ToLower(ascii)
	block := j.blocks.For(v.name)
	if block == nil {
		v.judgement = typoguard.Judgement{Verdict: "pass", Reason: "unserved"}
		return v
	}
	v.judgement = block.Judge(typoguard.Query{Name: v.name})
	if len(v.judgement.Candidates) > 0 {
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
