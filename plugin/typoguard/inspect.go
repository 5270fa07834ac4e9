package typoguard

import (
	"slices"
	"strings"

	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"
)

// records are the types of records whose targets a policy judges when they come back in a reply: a name may be no
// lookalike itself, and lead to one.
type records uint8

const (
	inspectMX records = 1 << iota
	inspectCNAME
	inspectSRV
	inspectNS
)

// inspectable is a type of records that can be inspected.
type inspectable struct {
	name  string // in the Corefile
	bit   records
	qtype uint16
}

// inspected are all of them, in the order of the documentation.
var inspected = []inspectable{
	{"mx", inspectMX, dns.TypeMX},
	{"cname", inspectCNAME, dns.TypeCNAME},
	{"srv", inspectSRV, dns.TypeSRV},
	{"ns", inspectNS, dns.TypeNS},
}

// has reports whether records of a type are inspected. SRV records of mail services count as MX.
func (r records) has(qtype uint16) bool {
	for _, record := range inspected {
		if record.qtype == qtype {
			return r&record.bit != 0 || (qtype == dns.TypeSRV && r&inspectMX != 0)
		}
	}
	return false
}

// names returns the records as they are written in a Corefile.
func (r records) names() []string {
	var names []string
	for _, record := range inspected {
		if r&record.bit != 0 {
			names = append(names, record.name)
		}
	}
	return names
}

// mailServices are the SRV records by which mail finds its way (RFC 6186, and drafts for _smtp): who inspects MX means them.
var mailServices = []string{"_smtp.", "_submission.", "_submissions.", "_smtps."}

// target returns the name that a record leads to, and for which inspections it counts.
func target(rr dns.RR) (string, records) {
	switch rr := rr.(type) {
	case *dns.MX:
		return rr.Mx, inspectMX
	case *dns.CNAME:
		return rr.Target, inspectCNAME
	case *dns.SRV:
		owner := strings.ToLower(rr.Hdr.Name)
		if slices.ContainsFunc(mailServices, func(service string) bool { return strings.HasPrefix(owner, service) }) {
			return rr.Target, inspectSRV | inspectMX
		}
		return rr.Target, inspectSRV
	case *dns.NS:
		return rr.Ns, inspectNS
	}
	return "", 0
}

// inspector is a dns.ResponseWriter that judges the targets of the records in a reply, before it is written to the client.
type inspector struct {
	dns.ResponseWriter
	request *dns.Msg
	// wanted are the records that some policy of the server block inspects.
	wanted records
	// judge decides on a target as on a name that is asked for, by the policies that inspect such records.
	judge func(d *decision, target string, of records)
	// report is told of every target that is a lookalike.
	report func(d *decision)
}

// WriteMsg implements dns.ResponseWriter.
func (i *inspector) WriteMsg(reply *dns.Msg) error {
	return i.ResponseWriter.WriteMsg(i.inspect(reply))
}

// Write implements dns.ResponseWriter. A message that cannot be read is written as it is.
func (i *inspector) Write(message []byte) (int, error) {
	var reply dns.Msg
	if reply.Unpack(message) != nil {
		return i.ResponseWriter.Write(message)
	}
	if changed := i.inspect(&reply); changed != &reply {
		return len(message), i.ResponseWriter.WriteMsg(changed)
	}
	return i.ResponseWriter.Write(message)
}

// inspect returns the reply that the client gets. The one given may be in a cache and is never changed.
func (i *inspector) inspect(reply *dns.Msg) *dns.Msg {
	var bad map[dns.RR]bool
	var worst *decision
	for _, section := range [][]dns.RR{reply.Answer, reply.Ns} {
		for _, rr := range section {
			name, of := target(rr)
			if of&i.wanted == 0 {
				continue
			}
			var d decision
			i.judge(&d, name, of)
			if d.verdict != lookalike || d.pass != passNothing {
				continue
			}
			d.target = rr
			i.report(&d)
			if d.mode == monitor {
				continue
			}
			if bad == nil {
				bad = map[dns.RR]bool{}
			}
			bad[rr] = true
			if worst == nil {
				worst = &d
			}
		}
	}
	switch {
	case worst == nil:
		return reply
	case leavesOne(reply, bad):
		return without(request.Request{W: i.ResponseWriter, Req: i.request}, reply, bad, worst)
	}
	return answer(request.Request{W: i.ResponseWriter, Req: i.request}, worst)
}

// leavesOne reports whether, for every record that is bad, there is one that does as well: another of the same name and
// type. For a CNAME there never is.
func leavesOne(reply *dns.Msg, bad map[dns.RR]bool) bool {
	records := slices.Concat(reply.Answer, reply.Ns)
	for rr := range bad {
		as := func(other dns.RR) bool {
			return !bad[other] && other.Header().Rrtype == rr.Header().Rrtype && strings.EqualFold(other.Header().Name, rr.Header().Name)
		}
		if !slices.ContainsFunc(records, as) {
			return false
		}
	}
	return true
}
