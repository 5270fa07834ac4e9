//go:build e2e

package mail_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// configuration is a configuration of the resolver and what its operator and the Internet see of mail to army.ml and
// navy.ml under it.
type configuration struct {
	name   string
	before string // server blocks before the one with the stanza
	stanza string // of typoguard

	between resolvers.Forwarder // on the relay, which asks it instead of typoguard; unless it has no name

	// address is what the resolver says the address of navy.ml is, or nothing.
	address string

	// upstream are the types of question about lookalikes that may reach the Internet.
	upstream []string

	// logged is how the log line about the MX of army.ml ends after the type: what was answered, the verdict, the
	// intended name and the action.
	logged string

	// refused matches the log lines about recipients that the SMTP listener refused; it is empty if there are none.
	refused string
}

// siteHint is the site's own words to senders, in the listener's reply.
const siteHint = "Questions? Call the help desk, 2525, about {suggested} ({policy})."

// The configurations under which mail is sent.
var (
	// unprotected and monitored show that mail to lookalikes does arrive there when nobody keeps it back.
	unprotected = configuration{
		name:     "without typoguard",
		address:  navyML.addr,
		upstream: []string{"MX", "A", "AAAA"},
		logged:   "NOERROR - - -",
	}
	monitored = configuration{
		name:     "monitor",
		stanza:   stanza("protect mil", "action nxdomain", "mode monitor"),
		address:  navyML.addr,
		upstream: []string{"MX", "A", "AAAA"},
		logged:   "NOERROR lookalike army.mil pass",
	}

	nxdomain = configuration{
		name:   "nxdomain",
		stanza: stanza("protect mil", "action nxdomain"),
		logged: "NXDOMAIN lookalike army.mil nxdomain",
	}
	nxdomainFullDomains = configuration{
		name:   "nxdomain for full domains",
		stanza: stanza("protect army.mil navy.mil", "action nxdomain"),
		logged: "NXDOMAIN lookalike army.mil nxdomain",
	}
	nodata = configuration{
		name:   "nodata",
		stanza: stanza("protect mil", "action nodata"),
		logged: "NOERROR lookalike army.mil nodata",
	}
	nullMX = configuration{
		name:     "nullmx",
		stanza:   stanza("protect mil", "action nullmx"),
		address:  navyML.addr,
		upstream: []string{"A", "AAAA"},
		logged:   "NOERROR lookalike army.mil nullmx",
	}
	nullMXNoAddresses = configuration{
		name:   "nullmx without addresses",
		stanza: stanza("protect mil", "action nullmx", "types MX A AAAA"),
		logged: "NOERROR lookalike army.mil nullmx",
	}
	sinkhole = configuration{
		name:    "sinkhole",
		stanza:  stanza("protect mil", "action sinkhole "+sinkholeAddr, "smtp "+sinkholeAddr, `hint "`+siteHint+`"`),
		address: sinkholeAddr,
		logged:  "NOERROR lookalike army.mil sinkhole",
		refused: "client " + regexp.QuoteMeta(relayAddr) + ` asked for [A-Z ]*\bMX\b`,
	}
	// sinkhole6 has no other address than one of IPv6.
	sinkhole6 = configuration{
		name:    "sinkhole over IPv6",
		stanza:  stanza("protect mil", "action sinkhole "+sinkholeAddr6, "smtp "+sinkholeAddr6, `hint "`+siteHint+`"`),
		logged:  "NOERROR lookalike army.mil sinkhole",
		refused: "client " + regexp.QuoteMeta(relayAddr6) + ` \(HELO`,
	}
	// sinkholeTLS is for a mail server that requires TLS.
	sinkholeTLS = configuration{
		name:    "sinkhole over TLS",
		stanza:  stanza("protect mil", "action sinkhole "+sinkholeAddr, "smtp "+sinkholeAddr, `hint "`+siteHint+`"`),
		address: sinkholeAddr,
		logged:  "NOERROR lookalike army.mil sinkhole",
		refused: `", TLS\)`,
	}
	// deadSinkhole is a sinkhole where nothing listens, a mistake: nobody tells the sender to check the address.
	deadSinkhole = configuration{
		name:    "dead sinkhole",
		stanza:  stanza("protect mil", "action sinkhole "+deadSinkholeAddr),
		address: deadSinkholeAddr,
		logged:  "NOERROR lookalike army.mil sinkhole",
	}
)

// stanza is a typoguard stanza with the given lines.
func stanza(lines ...string) string {
	return "typoguard mail {\n        " + strings.Join(lines, "\n        ") + "\n    }"
}

// resolver is coredns-typoguard, the name server of the relay.
type resolver struct {
	output string
	client *netns
}

// newResolver starts coredns-typoguard with a configuration and makes it the relay's name server.
func newResolver(t *testing.T, net *network, dir string, conf configuration) *resolver {
	t.Helper()
	binary, err := kit.Build(t.Context())
	require.NoError(t, err, "building coredns-typoguard")
	corefile := filepath.Join(dir, "Corefile")
	writeFile(t, corefile, conf.before+fmt.Sprintf(`. {
    bind %s
    log . "{name} {type} {rcode} {/typoguard/verdict} {/typoguard/intended} {/typoguard/action}"
    metadata
    errors
    %s
    cache 30
    forward . %s
}
`, resolverAddr, conf.stanza, rootServerAddr))
	r := &resolver{output: filepath.Join(dir, "resolver.output"), client: net.relay}
	net.resolver.start(t, r.output, binary, "-conf", corefile)
	net.relay.replaceEtc(t, "resolv.conf", "nameserver "+resolverAddr+"\n")
	waitAnswer(t, net.relay, resolverAddr)
	return r
}

// refusals lists the log lines about recipients at a site that the SMTP listener refused.
func (r *resolver) refusals(t *testing.T, s site) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(kit.ReadFile(t, r.output)) {
		if strings.Contains(line, "efused mail from <"+corp.domain+"> to <"+s.domain+">") { // beginning the line, or after the queries
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// address asks for the IPv4 address of a name, and returns nothing if it has none.
func (r *resolver) address(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(r.client.run(t, "dig", "+short", name, "A"))
}

// lines lists the lines of the query log about a name, without the log's prefix.
func (r *resolver) lines(t *testing.T, name string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(kit.ReadFile(t, r.output)) {
		if line, ok := strings.CutPrefix(strings.TrimSpace(line), "[INFO] "); ok && strings.HasPrefix(line, name+" ") {
			lines = append(lines, line)
		}
	}
	return lines
}
