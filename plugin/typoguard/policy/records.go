package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Records are types of records whose targets a policy judges when they come back in a reply: a name may be no lookalike
// itself and lead to one.
type Records uint8

// The types that can be inspected.
const (
	RecordMX Records = 1 << iota
	RecordCNAME
	RecordSRV
	RecordNS
	RecordSVCB // and HTTPS and NAPTR, which lead to the host of a service as SVCB does
)

// recordTypes has the types in the order of the documentation. Those of one bit stand together.
var recordTypes = []struct {
	name  string // in the Corefile
	bit   Records
	qtype uint16
}{
	{"mx", RecordMX, dns.TypeMX},
	{"cname", RecordCNAME, dns.TypeCNAME},
	{"srv", RecordSRV, dns.TypeSRV},
	{"ns", RecordNS, dns.TypeNS},
	{"svcb", RecordSVCB, dns.TypeSVCB},
	{"svcb", RecordSVCB, dns.TypeHTTPS},
	{"svcb", RecordSVCB, dns.TypeNAPTR},
}

// ParseRecord returns the type of records of a name in the Corefile.
func ParseRecord(name string) (Records, error) {
	for _, t := range recordTypes {
		if t.name == strings.ToLower(name) {
			return t.bit, nil
		}
	}
	return 0, fmt.Errorf("unknown type %q; expected mx, cname, srv, ns or svcb", name)
}

// Names returns the types as they are written in a Corefile.
func (r Records) Names() []string {
	var names []string
	for _, t := range recordTypes {
		if r&t.bit != 0 {
			names = append(names, t.name)
		}
	}
	return slices.Compact(names)
}

// Types returns the DNS types of records that are inspected. SRV records of mail services count as MX.
func (r Records) Types() []uint16 {
	var types []uint16
	for _, t := range recordTypes {
		if r&t.bit != 0 || (t.bit == RecordSRV && r&RecordMX != 0) {
			types = append(types, t.qtype)
		}
	}
	return types
}

// mailServices are the SRV records by which mail finds its way (RFC 6186, and drafts for _smtp): inspecting MX includes them.
var mailServices = []string{"_smtp.", "_submission.", "_submissions.", "_smtps."}

// Target returns the name that a record leads to, and the types as which it is inspected; "" and 0 for other records.
func Target(rr dns.RR) (string, Records) {
	switch rr := rr.(type) {
	case *dns.MX:
		return rr.Mx, RecordMX
	case *dns.CNAME:
		return rr.Target, RecordCNAME
	case *dns.SRV:
		owner := strings.ToLower(rr.Hdr.Name)
		if slices.ContainsFunc(mailServices, func(service string) bool { return strings.HasPrefix(owner, service) }) {
			return rr.Target, RecordSRV | RecordMX
		}
		return rr.Target, RecordSRV
	case *dns.NS:
		return rr.Ns, RecordNS
	case *dns.SVCB:
		return service(rr.Target)
	case *dns.HTTPS:
		return service(rr.Target)
	case *dns.NAPTR:
		return service(rr.Replacement)
	}
	return "", 0
}

// service returns the target of a record of a service. The root is none: it stands for the owner itself in SVCB and HTTPS (RFC
// 9460 section 2.5), and in NAPTR for a rule without a replacement (RFC 3403 section 4.1).
func service(target string) (string, Records) {
	if target == "." {
		return "", 0
	}
	return target, RecordSVCB
}
