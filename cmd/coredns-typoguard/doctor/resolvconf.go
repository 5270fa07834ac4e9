package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

const (
	resolvConf = "/etc/resolv.conf"
	nsswitch   = "/etc/nsswitch.conf"
	// resolvedStub is where systemd-resolved, which nss-resolve asks, serves DNS.
	resolvedStub = "127.0.0.53"
	// postfixCopy is what Postfix reads where it runs in its chroot, as on Debian.
	postfixCopy = "/var/spool/postfix/etc/resolv.conf"
)

// maxNameservers is how many name servers resolver libraries use.
const maxNameservers = 3

// writers are programs that write resolv.conf, by what stands in a comment of theirs or in the path to which the file links, and what to
// do about each.
var writers = []struct{ comment, link, name, do string }{
	{"systemd-resolved", "systemd/resolve", "systemd-resolved", "turn off its stub, and point the file to typoguard: docs/install.md"},
	{"NetworkManager", "NetworkManager", "NetworkManager", "dns=none in /etc/NetworkManager/conf.d, and write the file yourself"},
	{"resolvconf", "resolvconf", "resolvconf", "name_servers=127.0.0.1 in /etc/resolvconf.conf"},
	{"dhcpcd", "dhcpcd", "dhcpcd", "nohook resolv.conf in /etc/dhcpcd.conf"},
	{"dhclient", "dhclient", "dhclient", "supersede domain-name-servers 127.0.0.1; in /etc/dhcp/dhclient.conf"},
}

// resolvers is what a file like resolv.conf(5) says.
type resolvers struct {
	servers []string
	search  []string
	options []string
	text    []byte
}

// readResolvers reads such a file.
func readResolvers(path string) (*resolvers, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &resolvers{text: text}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			r.servers = append(r.servers, words[1])
		case "search", "domain": // the last one counts
			r.search = words[1:]
		case "options":
			r.options = append(r.options, words[1:]...)
		}
	}
	return r, nil
}

// examineResolvConf reads which resolvers the host uses, and returns them.
func (e *examination) examineResolvConf(ctx context.Context) []server {
	r, err := readResolvers(e.path(resolvConf))
	if err != nil {
		e.add(warning, "resolv.conf", err.Error(), "write one that names typoguard only")
		return nil
	}
	servers := serversOf(r, resolvConf)
	switch {
	case len(servers) == 0:
		e.add(note, "resolv.conf", resolvConf+" names no resolver: programs ask 127.0.0.1", "")
		servers = []server{{net.JoinHostPort("127.0.0.1", "53"), resolvConf}}
	case len(servers) > 1:
		e.add(warning, "resolv.conf", fmt.Sprintf("%s names %d resolvers: programs ask the others when one is slow, and some ask all at once", resolvConf, len(servers)),
			"name typoguard only, or make sure that each of them is guarded")
	}
	writer := e.examineWriter(r)
	e.examineSearch(ctx, r, servers)
	services := e.examineServices()
	if len(services) > 0 && writer == "" {
		writer = "systemd-resolved"
	}
	return slices.Concat(servers, services, e.managed(writer, r), e.examinePostfixCopy(r), e.examineContainers(r))
}

// examineServices returns the resolver that the C library asks by nss-resolve(8) before it reads resolv.conf.
func (e *examination) examineServices() []server {
	text, err := os.ReadFile(e.path(nsswitch))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) > 0 && words[0] == "hosts:" && slices.Contains(words, "resolve") {
			return []server{{net.JoinHostPort(resolvedStub, "53"), nsswitch}}
		}
	}
	return nil
}

// serversOf returns the resolvers that a file names, as far as they are used.
func serversOf(r *resolvers, from string) []server {
	var all []server
	for _, host := range r.servers[:min(len(r.servers), maxNameservers)] {
		all = append(all, server{net.JoinHostPort(host, "53"), from})
	}
	return all
}

// examineWriter reports who writes the file again, with other resolvers, and returns its name.
func (e *examination) examineWriter(r *resolvers) string {
	target, _ := os.Readlink(e.path(resolvConf)) // "" for a file
	for _, w := range writers {
		if (bytes.Contains(r.text, []byte(w.comment)) || strings.Contains(target, w.link)) && !e.isOff(w.name) {
			e.add(warning, "resolv.conf", fmt.Sprintf("%s writes %s, and may write other resolvers", w.name, resolvConf), w.do)
			return w.name
		}
	}
	e.add(fine, "resolv.conf", "no program is known to write "+resolvConf, "")
	return ""
}

// examineSearch looks for wildcards in the domains of the search list: there, some mail servers find a hidden name.
func (e *examination) examineSearch(ctx context.Context, r *resolvers, servers []server) {
	for _, domain := range r.search {
		if domain == "." {
			continue
		}
		name := dns.Fqdn(strings.ToLower(rand.Text()) + "." + domain)
		for _, qtype := range []uint16{dns.TypeMX, dns.TypeA} {
			reply, err := ask(ctx, servers[0].address, name, qtype)
			if err == nil && len(reply.Answer) > 0 {
				e.add(fault, "resolv.conf", fmt.Sprintf("search %s has a wildcard: Sendmail and OpenSMTPD send mail to hidden names there", domain),
					"remove search and domain from the file")
				return
			}
		}
	}
	if len(r.search) > 0 {
		e.add(note, "resolv.conf", "search "+strings.Join(r.search, " ")+": no wildcard there today", "")
	}
}

// examinePostfixCopy compares the copy in Postfix's chroot, and returns the resolvers that only it names.
func (e *examination) examinePostfixCopy(r *resolvers) []server {
	own, err := readResolvers(e.path(postfixCopy))
	if err != nil || strings.Join(own.servers, " ") == strings.Join(r.servers, " ") {
		return nil
	}
	e.add(fault, "resolv.conf", fmt.Sprintf("%s names %s, and %s names %s", postfixCopy, some(own.servers), resolvConf, some(r.servers)),
		"restart Postfix, which copies the file")
	return serversOf(own, postfixCopy)
}

// some returns a list for people.
func some(words []string) string {
	if len(words) == 0 {
		return "nobody"
	}
	return strings.Join(words, " ")
}
