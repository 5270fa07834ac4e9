package feed

import (
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
	owner string
	kind  int
}

// record returns the record of a row in a zone, made from the prototype of its kind.
func (r row) record(prototype dns.RR, zone string) dns.RR {
	rr := dns.Copy(prototype)
	rr.Header().Name = r.owner + "." + zone
	if mx, ok := rr.(*dns.MX); ok && mx.Preference != 0 { // a null MX has preference 0
		mx.Mx = strings.TrimPrefix(r.owner, wildcard) + "."
	}
	return rr
}
