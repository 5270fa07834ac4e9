//go:build e2e

package mail_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// nameServer is the name of typoguard's server in the delegation of the list.
const nameServer = "typoguard.corp.example"

// listResolver is a resolver between a mail server and the list: its configuration without the list, and how it forwards the queries for the list.
type listResolver struct {
	name, deployed string // the latter is the file below deploy/mail-servers/resolvers, which makes a stub zone
	conf, forward  string
	command        []string
}

// rootHints are the hints of the test's Internet.
const rootHints = ". 3600 NS ns.root.\nns.root. 3600 A " + rootServerAddr + "\n"

// listResolvers believe no NXDOMAIN above a name, or the opposite, where that can be chosen: a name that is not listed, and one above a listed name,
// must be told apart. DIR is the directory of a resolver.
var listResolvers = []listResolver{
	{
		name: "Unbound", deployed: "unbound.conf",
		conf: `server:
    directory: "DIR"
    username: ""
    chroot: ""
    pidfile: ""
    interface: 127.0.0.1
    do-ip6: no
    use-syslog: no
    module-config: "iterator"
    root-hints: "DIR/hints"
    qname-minimisation: yes
    qname-minimisation-strict: yes
    harden-below-nxdomain: yes
`,
		forward: "forward-zone:\n    name: \"ZONE\"\n    forward-addr: ADDRESS\n",
		command: []string{"unbound", "-d", "-c", "DIR/conf"},
	},
	{
		name: "BIND", deployed: "named.conf",
		conf: `options {
    directory "DIR";
    pid-file none;
    session-keyfile none;
    listen-on { 127.0.0.1; };
    listen-on-v6 { none; };
    dnssec-validation no;
    empty-zones-enable no;
    qname-minimization strict;
};
controls { };
logging { category default { default_stderr; }; };
zone "." { type hint; file "DIR/hints"; };
`,
		forward: "zone \"ZONE\" { type forward; forward only; forwarders { ADDRESS; }; };\n",
		command: []string{"named", "-f", "-n", "1", "-c", "DIR/conf"},
	},
	{
		name: "PowerDNS Recursor", deployed: "recursor.conf",
		conf: `local-address=127.0.0.1
socket-dir=DIR
hint-file=DIR/hints
dnssec=off
dont-query=
nothing-below-nxdomain=yes
qname-minimization=yes
threads=1
`,
		forward: "forward-zones-recurse=ZONE=ADDRESS\n",
		command: []string{"pdns_recursor", "--config-dir=DIR", "--daemon=no"},
	},
	{
		name: "Knot Resolver", deployed: "kresd.conf",
		conf: `net.listen('127.0.0.1', 53, { kind = 'dns' })
net.ipv6 = false
modules = { 'hints > iterate' }
hints.root({ ['ns.root.'] = '` + rootServerAddr + `' })
trust_anchors.remove('.')
cache.size = 10 * MB
`,
		forward: "policy.add(policy.suffix(policy.FORWARD('ADDRESS'), policy.todnames({'ZONE.'})))\n",
		command: []string{"kresd", "-n", "-c", "DIR/conf", "DIR"},
	},
}

// TestListResolvers: the list is the same behind each resolver, as a stub zone, a forward zone and a delegation.
func TestListResolvers(t *testing.T) {
	t.Parallel()
	requireTools(t, map[string]string{"unbound": "unbound", "pdns_recursor": "pdns-recursor", "kresd": "knot-resolver"})
	dir := caseDir(t)
	net := newNetwork(t)
	newInternet(t, net.internet, dir, false)
	newResolver(t, net, dir, configuration{
		stanza: stanza("protect mil mindef.nl", "lookalike_zone "+listZone+" "+nameServer) + "\n    typoguard trial {\n    protect partner.example\n    mode monitor\n    lookalike_zone " +
			listZone + " " + nameServer + "\n    }",
	})
	for _, r := range listResolvers {
		for mode, conf := range map[string]string{
			"stub":       strings.ReplaceAll(deployed(t, "resolvers/"+r.deployed, "192.0.2.53", "ADDRESS"), "lookalikes.corp.example", "ZONE"),
			"forward":    r.forward,
			"delegation": "",
		} {
			t.Run(r.name+" "+mode, func(t *testing.T) { r.run(t, net.relay, conf) })
		}
	}
}

// run starts the resolver with more configuration, and asks it.
func (r *listResolver) run(t *testing.T, ns *netns, more string) {
	t.Helper()
	dir := caseDir(t)
	expand := strings.NewReplacer("DIR", dir, "ZONE", listZone, "ADDRESS", resolverAddr)
	conf := "conf"
	if r.deployed == "recursor.conf" {
		conf = r.deployed
	}
	writeFile(t, filepath.Join(dir, conf), expand.Replace(r.conf+more))
	writeFile(t, filepath.Join(dir, "hints"), rootHints)
	var command []string
	for _, word := range r.command {
		command = append(command, expand.Replace(word))
	}
	end := ns.launch(t, filepath.Join(dir, "output"), command[0], command[1:]...)
	defer end()
	waitAnswer(t, ns, "127.0.0.1")
	ask := func(name, qtype string) string {
		return strings.TrimSpace(ns.run(t, "dig", "@127.0.0.1", "+short", "+time=3", name+"."+listZone, qtype))
	}
	for _, c := range []struct{ name, want string }{
		{"test", "127.0.0.2"},
		{"invalid", ""},
		{"example.org", ""},
		{"nl", ""},
		{"mail.midef.nl", "127.0.0.2"}, // below what is not listed
		{"army.ml", "127.0.0.2"},
		{"us.army.ml", "127.0.0.2"},
		{"army.mil", ""},
		{"partnr.example", "127.0.0.3"},
	} {
		assert.Equal(t, c.want, ask(c.name, "A"), c.name)
	}
	assert.Contains(t, ask("army.ml", "TXT"), did("army.mil"))
	assert.Equal(t, nameServer+".", strings.TrimSpace(ns.run(t, "dig", "@127.0.0.1", "+short", listZone, "NS")))
	assert.Equal(t, "127.0.0.2", ask("navy.ml", "A"), "after it has learnt the zone's own NS record")
}
