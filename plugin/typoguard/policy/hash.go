package policy

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
)

// hash returns the policy's hash in a set, given the sum of those of its suffixes.
func (p *Policy) hash(sum uint64) string {
	h := fnv.New64a()
	for _, kind := range p.Kinds.List() {
		fmt.Fprint(h, kind.String(), " ")
	}
	fmt.Fprint(h, p.Distance, p.Keyboard, p.Clients, p.Types, p.TTL, p.Inspect, p.ReportShort)
	if p.Require != nil {
		fmt.Fprint(h, *p.Require)
	}
	if p.Prefixes != nil {
		fmt.Fprint(h, p.Prefixes.All())
	}
	for _, list := range p.Popular {
		fmt.Fprint(h, " ", list.Sum())
	}
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, h.Sum64()+sum))
}

// sumOf returns the hash of a suffix on a list, FNV-1a as in package fnv, which allocates memory for each. Their sum does not depend on
// the order of the list.
func sumOf(list byte, suffix string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	sum := (offset ^ uint64(list)) * prime
	for i := range len(suffix) {
		sum = (sum ^ uint64(suffix[i])) * prime
	}
	return sum
}
