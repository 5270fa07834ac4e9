package logs

import (
	"encoding/binary"
	"net/netip"

	tap "github.com/dnstap/golang-dnstap"
	"github.com/miekg/dns"
	"google.golang.org/protobuf/proto"
)

// IsDnstap reports whether a file begins as Frame Streams do: an escape, and a control frame that says START.
func IsDnstap(head []byte) bool {
	const start = 2
	return len(head) >= 12 && binary.BigEndian.Uint32(head) == 0 && binary.BigEndian.Uint32(head[8:]) == start
}

// dnstap reads a file of dnstap (Frame Streams of protobuf:dnstap.Dnstap), a frame where others read a line: what clients asked, CLIENT_QUERY. Their messages must have been logged in full: CoreDNS does so with the
// option full only, and a frame without its message is unknown.
type dnstap struct {
	frame  tap.Dnstap
	record Record
}

func newDnstap(*shared) parser { return &dnstap{} }

// parse implements parser.
func (d *dnstap) parse(e *entry, found func(*Record)) Result {
	frame := e.message
	d.frame.Reset()
	if err := proto.Unmarshal(frame, &d.frame); err != nil {
		return Unknown
	}
	m := d.frame.GetMessage()
	if m.GetType() != tap.Message_CLIENT_QUERY {
		return Other
	}
	query := m.GetQueryMessage()
	const header = 12
	if len(query) < header {
		return Unknown
	}
	if binary.BigEndian.Uint16(query[4:]) != 1 { // QDCOUNT
		return Other
	}
	name, end, err := dns.UnpackDomainName(query, header)
	if err != nil || end+4 > len(query) {
		return Unknown
	}
	if binary.BigEndian.Uint16(query[end+2:]) != dns.ClassINET {
		return Other
	}
	r := &d.record
	*r = Record{Time: int64(m.GetQueryTimeSec()), Name: []byte(name), Type: binary.BigEndian.Uint16(query[end:])}
	if addr, ok := netip.AddrFromSlice(m.GetQueryAddress()); ok {
		r.Client = addr.Unmap()
		r.Source = r.Client.AppendTo(nil)
	}
	found(r)
	return Taken
}
