package feed

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// kind is what records have in common but for the name: TTL and data. A zone has a handful of them.
type kind struct {
	ttl  uint32
	text string // the type and data; of a mail host that is the name itself, only "MX 10"
}

// itself is the record of a mail host that is the name itself, whose data is different for each name.
const itself = "MX 10"

// kindOf returns the kind of a record, as it stands in a zone file behind owner and TTL, of a name.
func kindOf(name string, ttl uint32, text string) kind {
	if host, ok := strings.CutPrefix(text, itself+" "); ok && len(host) == len(name)+1 && host[:len(name)] == name {
		text = itself
	}
	return kind{ttl, text}
}

// prototype returns a record of a kind, without an owner.
func (k kind) prototype() (dns.RR, error) {
	text := k.text
	if text == itself {
		text += " ."
	}
	rr, err := dns.NewRR(fmt.Sprintf(". %d IN %s", k.ttl, text))
	if err != nil {
		return nil, fmt.Errorf("record %q: %w", k.text, err)
	}
	return rr, nil
}

// wildcard stands before the name of a record for all names below it.
const wildcard = "*."

// row is one record of the zone: the name without the zone, with wildcard before it for those below, and the number of its kind.
type row struct {
	owner []byte
	kind  int
}

// recorder makes the records of rows. Many of them share an allocation, since a zone has millions of them, and each lives for a moment only.
type recorder struct {
	zone   string
	names  strings.Builder
	cnames []dns.CNAME
}

// record returns the record of a row, made from the prototype of its kind.
func (m *recorder) record(r row, prototype dns.RR) dns.RR {
	name := m.nameOf(r.owner)
	if p, ok := prototype.(*dns.CNAME); ok { // nearly all are
		if len(m.cnames) == cap(m.cnames) {
			m.cnames = make([]dns.CNAME, 0, batch)
		}
		m.cnames = append(m.cnames, *p)
		rr := &m.cnames[len(m.cnames)-1]
		rr.Hdr.Name = name
		return rr
	}
	rr := dns.Copy(prototype)
	rr.Header().Name = name
	if mx, ok := rr.(*dns.MX); ok && mx.Preference != 0 { // a null MX has preference 0
		mx.Mx = string(bytes.TrimPrefix(r.owner, []byte(wildcard))) + "."
	}
	return rr
}

// nameOf returns the name of an owner in the zone.
func (m *recorder) nameOf(owner []byte) string {
	length := len(owner) + len(".") + len(m.zone)
	if m.names.Cap()-m.names.Len() < length {
		m.names = strings.Builder{}
		m.names.Grow(max(namesSize, length))
	}
	from := m.names.Len()
	m.names.Write(owner)
	m.names.WriteByte('.')
	m.names.WriteString(m.zone)
	return m.names.String()[from:]
}

// namesSize is how many bytes of names share an allocation.
const namesSize = 4 << 10
