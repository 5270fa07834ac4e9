package logs

import (
	"bytes"
	"net/netip"

	"github.com/miekg/dns"
)

// setQuestion fills in a query of class IN. It reports false for a type there is none of, and without a name.
func (r *Record) setQuestion(name, qtype, client []byte) bool {
	if len(name) == 0 {
		return false
	}
	t, ok := dns.StringToType[string(qtype)]
	if !ok {
		n, numeric := number(bytes.TrimPrefix(qtype, []byte("TYPE"))) // RFC 3597 section 5
		if !numeric || len(qtype) <= len("TYPE") || n > 65535 {
			return false
		}
		t = uint16(n)
	}
	r.Name, r.Type, r.Source = name, t, client
	if addr, err := netip.ParseAddr(string(client)); err == nil {
		r.Client = addr.WithZone("").Unmap()
	}
	return true
}
