//go:build e2e

package between_test

import (
	"fmt"
	"os"
)

// Where the authoritative servers are.
const (
	rootServer  = "127.0.0.2"
	topServer   = "127.0.0.3"
	childServer = "127.0.0.4"
)

// zone is a zone, and where it is served.
type zone struct {
	name    string // without the last dot
	server  string
	signed  bool
	records string
}

// zoneHead is what every zone starts with. Nothing ends before the tests do but what is negative.
const zoneHead = `$TTL 86400
@ SOA ns.top.example. nobody.example. 1 3600 600 864000 60
`

// newZones returns all zones there are.
func newZones(pairs []pair) []zone {
	root := zone{server: rootServer, signed: true, records: zoneHead + `
@ NS ns.root.example.
ns.root.example. A ` + rootServer + `
ns.top.example. A ` + topServer + `
ns.child.example. A ` + childServer + `
example. NS ns.top.example.
`}
	example := zone{name: "example", server: topServer, signed: true, records: zoneHead + `
@ NS ns.top
ns.root A ` + rootServer + `
ns.top A ` + topServer + `
ns.child A ` + childServer + `
mail.evil MX 10 mx.evil
mail.evil A ` + strangerAddress + `
mx.evil A ` + strangerAddress + `
hq.evil MX 10 mx.evil
hq.gar.evil MX 10 mx.evil
hq.ga.evil MX 10 mx.evil
canteen.evil A ` + strangerAddress + `
mx.own A ` + ownAddress + "\n"}
	var zones []zone
	for _, p := range pairs {
		expand := func(text string) string { return os.Expand(text, p.variable) }
		root.records += expand("$hidden. NS ns.top.example.\n$protected. NS ns.top.example.\n")
		example.records += expand(besideRecords)
		zones = append(zones,
			zone{"sec." + p.hidden, childServer, true, zoneHead + expand(secureRecords)},
			zone{"rrison." + p.label + ".example", childServer, false, zoneHead + "@ NS ns.child.example.\n@ DNAME evil.example.\n"},
			zone{"af." + p.hidden, childServer, false, zoneHead + expand(insecureRecords)},
			zone{p.hidden, topServer, true, zoneHead + expand(hiddenRecords)},
			zone{p.protected, topServer, true, zoneHead + expand(protectedRecords)})
	}
	return append(zones, example, root)
}

// variable returns the value of one in the records below.
func (p pair) variable(name string) string {
	switch name {
	case "label":
		return p.label
	case "hidden":
		return p.hidden
	case "protected":
		return p.protected
	case "stranger":
		return strangerAddress
	case "own":
		return ownAddress
	}
	panic(fmt.Sprintf("variable %q in a zone", name))
}

// besideRecords are those below example.
const besideRecords = `
alias.$label CNAME army.$hidden.
chain.$label CNAME us.army.$hidden.
host.$label CNAME inner.$hidden.
dn.$label DNAME army.$hidden.
ref.$label MX 10 navy.$hidden.
_submission._tcp.ref.$label SRV 0 0 587 navy.$hidden.
web.$label MX 10 mx.own
web.$label A $own
garison.$label DNAME evil
*.garrisom.$label MX 10 mx.evil
*.garrisom.$label A $stranger
*.garrixon.$label A $stranger
*.ison.$label MX 10 mx.evil
*.ison.$label A $stranger
rison.$label DNAME evil
rrison.$label NS ns.child
`

// hiddenRecords are those of a lookalike of a top-level domain. Some of it was allowed: gov, good.army and so on.
const hiddenRecords = `
@ NS ns.top.example.
@ MX 10 mx.evil.example.
@ A $stranger
army MX 10 mx.evil.example.
army A $stranger
navy A $stranger
us.army CNAME mail.evil.example.
*.w.army CNAME mail.evil.example.
dn.army DNAME evil.example.
host.ent.army MX 10 mx.evil.example.
host.ent.army A $stranger
inner MX 10 mx.inner
mx.inner A $stranger
gov MX 10 mx.gov
gov A $own
mx.gov A $own
sub.gov MX 10 mx.gov
sub.gov A $own
*.wild.gov MX 10 mx.gov
*.wild.gov A $own
good.army MX 10 mx.good.army
good.army A $own
mx.good.army A $own
sec NS ns.child.example.
af NS ns.child.example.
`

const secureRecords = `
@ NS ns.child.example.
@ MX 10 mx.evil.example.
@ A $stranger
good MX 10 mx.good
good A $own
mx.good A $own
`

const insecureRecords = `
@ NS ns.child.example.
@ MX 10 mx.evil.example.
@ A $stranger
mail MX 10 mx.evil.example.
mail A $stranger
us CNAME mail.evil.example.
good MX 10 mx.good
good A $own
mx.good A $own
portal.good CNAME navy.$hidden.
`

const protectedRecords = `
@ NS ns.top.example.
army MX 10 mx.army
army A $own
mx.army A $own
`

// file returns the name of the file of a zone.
func (z zone) file() string { return "zone." + z.name }
