package policy

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// Hash returns a short text that is the same for policies that say the same of all names, on whichever host, in whichever order their
// suffixes are. The action and the mode do not count.
func (p *Policy) Hash(suffixes *Suffixes) string {
	h := fnv.New64a()
	for _, kind := range p.Kinds.List() {
		fmt.Fprint(h, kind.String(), " ")
	}
	fmt.Fprint(h, p.Distance, p.Keyboard, p.Clients, p.Types, p.TTL, p.Inspect, p.ReportShort)
	if p.Require != nil {
		fmt.Fprint(h, *p.Require)
	}
	for _, list := range p.Popular {
		fmt.Fprint(h, " ", list.Sum())
	}
	sum := h.Sum64() + sumOf(suffixes.Protected, 'p') + sumOf(suffixes.Allowed, 'a') + sumOf(suffixes.Denied, 'd')
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, sum))
}

// sumOf returns a number for a list that does not depend on its order.
func sumOf(suffixes []suffixlist.Suffix, list byte) uint64 {
	sum := uint64(0)
	for _, name := range suffixlist.Names(suffixes) {
		h := fnv.New64a()
		_, _ = h.Write([]byte{list}) // never fails
		_, _ = h.Write([]byte(name))
		sum += h.Sum64()
	}
	return sum
}
