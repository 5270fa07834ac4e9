//go:build e2e

package mail_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// The addresses in a test case's network, besides those of the foreign mail servers.
const (
	resolverAddr     = "10.53.0.2"
	rootServerAddr   = "10.53.0.3"
	relayAddr        = "10.53.0.10"
	relayAddr6       = "fd53::10"
	sinkholeAddr     = "10.53.0.25" // typoguard's SMTP listener
	sinkholeAddr6    = "fd53::25"   // the same
	deadSinkholeAddr = "10.53.0.67" // nothing listens
)

// site is a mail domain with its own mail server.
type site struct {
	domain string
	addr   string // of its mail server
	mx     bool   // has an MX record; otherwise only the address record, which mail servers use in its place
}

// The sites of the test's Internet: one organisation with an MX record and one without, each with the lookalike that a
// dropped letter leads to.
var (
	armyMil = site{domain: "army.mil", addr: "10.53.0.11", mx: true}
	navyMil = site{domain: "navy.mil", addr: "10.53.0.12"}
	armyML  = site{domain: "army.ml", addr: "10.53.0.21", mx: true}
	navyML  = site{domain: "navy.ml", addr: "10.53.0.22"}

	foreignSites = []site{armyMil, navyMil, armyML, navyML}
	goodML       = site{domain: "good.army.ml", addr: "10.53.0.23", mx: true} // below a lookalike
	alias        = site{domain: "alias.partner.example"}                      // of army.ml
	corp         = site{domain: "corp.example", addr: relayAddr, mx: true}
)

// servedSites are those with a mail server in the Internet.
func servedSites() []site { return append(slices.Clone(foreignSites), goodML) }

// zoneHead starts every zone file.
const zoneHead = "$TTL 60\n@ SOA ns.root. hostmaster.root. 1 60 60 60 60\n@ NS ns.root.\n"

// zone is the site's zone file.
func (s site) zone() string {
	if s.mx {
		return zoneHead + "@ MX 10 mx\nmx A " + s.addr + "\n"
	}
	return zoneHead + "@ A " + s.addr + "\n"
}

// internet is BIND and the foreign mail servers.
type internet struct {
	dir  string
	root *dns.DS // what the key of the root is known by; nil if it is not signed
}

// newInternet starts the Internet in its namespace.
func newInternet(t *testing.T, ns *netns, dir string, signed bool) *internet {
	t.Helper()
	in := &internet{dir: dir}
	in.startNamed(t, ns, signed)
	for _, s := range servedSites() {
		in.startMailServer(t, ns, s)
	}
	return in
}

// startNamed starts BIND as the only authoritative server there is, from the root down. If the root is signed it proves that nothing
// below it is.
func (in *internet) startNamed(t *testing.T, ns *netns, signed bool) {
	t.Helper()
	zones := map[string]string{
		corp.domain: corp.zone() + "lookalikes NS typoguard\ntypoguard A " + resolverAddr + "\n", goodML.domain: goodML.zone(), "partner.example": zoneHead + "alias CNAME " + armyML.domain + ".\n",
	}
	for _, s := range foreignSites {
		zones[s.domain] = s.zone()
	}
	root := zoneHead + "ns.root. A " + rootServerAddr + "\n"
	for name := range zones {
		root += name + ". NS ns.root.\n"
	}
	zones["."] = root
	conf := in.namedConf()
	for name, content := range zones {
		file := filepath.Join(in.namedDir(), "zone-"+name)
		writeFile(t, file, content)
		conf += fmt.Sprintf("zone %q { type primary; file %q; };\n", name, file)
	}
	if signed {
		var err error
		in.root, err = resolvers.Sign(t.Context(), in.namedDir(), ".", "zone-.")
		require.NoError(t, err)
	}
	confFile := filepath.Join(in.namedDir(), "named.conf")
	writeFile(t, confFile, conf)
	ns.start(t, filepath.Join(in.namedDir(), "output"), "named", "-f", "-n", "1", "-c", confFile)
	waitAnswer(t, ns, rootServerAddr)
}

// namedDir is BIND's directory.
func (in *internet) namedDir() string { return filepath.Join(in.dir, "named") }

// queryLog is where BIND logs the questions it gets.
func (in *internet) queryLog() string { return filepath.Join(in.namedDir(), "queries") }

// namedConf is BIND's configuration without the zones. BIND writes nothing outside its directory.
func (in *internet) namedConf() string {
	return fmt.Sprintf(`options {
	directory %q;
	pid-file none;
	session-keyfile none;
	listen-on { %s; };
	listen-on-v6 { none; };
	recursion no;
	dnssec-validation no;
	empty-zones-enable no;
	notify no;
};
controls { };
logging {
	channel queries { file %q; };
	category queries { queries; };
	category default { default_stderr; };
};
`, in.namedDir(), rootServerAddr, in.queryLog())
}

// startMailServer starts a site's mail server, which takes every message and keeps a copy.
func (in *internet) startMailServer(t *testing.T, ns *netns, s site) {
	t.Helper()
	dir := in.mailDir(s)
	makeDir(t, dir)
	require.NoError(t, os.Chmod(dir, 0o777), "smtp-sink gives up root before it writes")
	ns.start(t, dir+".output", "smtp-sink", "-u", "nobody", "-h", "mx."+s.domain, "-d", dir+"/", s.addr+":25", "16")
	ns.waitListening(t, s.addr, 25)
}

// mailDir is where a site's mail server keeps its copies.
func (in *internet) mailDir(s site) string {
	return filepath.Join(in.dir, "received", s.domain)
}

// received lists what a site's mail server has taken: for each message the envelope, as header lines that smtp-sink
// puts on top, then the message itself. The last one may still be on its way.
func (in *internet) received(t *testing.T, s site) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(in.mailDir(s), "*"))
	require.NoError(t, err)
	var messages []string
	for _, file := range files {
		messages = append(messages, kit.ReadFile(t, file))
	}
	return messages
}

// query is a question that reached BIND.
type query struct {
	name, qtype string
}

// queryLine finds the question in a line of BIND's query log.
var queryLine = regexp.MustCompile(`query: (\S+) IN (\S+)`)

// queries lists the questions that reached BIND, their names in lower case.
func (in *internet) queries(t *testing.T) []query {
	t.Helper()
	var qs []query
	for _, m := range queryLine.FindAllStringSubmatch(kit.ReadFile(t, in.queryLog()), -1) {
		qs = append(qs, query{name: strings.ToLower(m[1]), qtype: m[2]})
	}
	return qs
}

// waitAnswer waits until the DNS server at addr answers queries from the namespace.
func waitAnswer(t *testing.T, ns *netns, addr string) {
	t.Helper()
	client, query := &dns.Client{Timeout: time.Second}, new(dns.Msg).SetQuestion(".", dns.TypeSOA)
	kit.Eventually(t, "an answer from the DNS server "+addr, func() bool {
		conn := ns.dial(t, "udp", net.JoinHostPort(addr, "53"))
		defer conn.Close()
		reply, _, err := client.ExchangeWithConn(query, &dns.Conn{Conn: conn})
		return err == nil && reply.Rcode == dns.RcodeSuccess
	})
}
