package doctor

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// named is where resolvers are named: files, and the lines in them, whose group is a list of addresses.
type named struct {
	files string // a pattern
	line  *regexp.Regexp
}

// The lines that name resolvers, in the forms of several programs.
var (
	nameserverLine = regexp.MustCompile(`(?m)^[ \t]*nameserver[ \t]+(\S+)`)
	dnsLine        = regexp.MustCompile(`(?mi)^[ \t]*dns[ \t]*=[ \t]*(.+)$`)
	interfacesLine = regexp.MustCompile(`(?m)^[ \t]*dns-nameservers?[ \t]+(.+)$`)
	openresolvLine = regexp.MustCompile(`(?m)^[ \t]*name_servers=["']?([^"'\n]+)`)
	leaseLine      = regexp.MustCompile(`(?m)\boption[ \t]+(?:domain-name-servers|dhcp6\.name-servers)[ \t]+([^;]+);`)
	// nameserversBlock has the addresses of netplan, in both forms of YAML.
	nameserversBlock = regexp.MustCompile(`(?s)\bnameservers:.*?\baddresses:\s*(\[[^\]]*\]|(?:-[ \t]*["']?[0-9a-fA-F:.]+["']?\s*)+)`)
)

// manager is a program that writes resolv.conf from what others name, or answers in its place.
type manager struct {
	name  string
	names []named
	// off are settings with which it does not, or only writes what they say.
	off named
}

var managers = []manager{
	{"systemd-resolved", []named{
		{"/run/systemd/resolve/resolv.conf", nameserverLine}, {"/etc/systemd/resolved.conf", dnsLine}, {"/etc/systemd/resolved.conf.d/*.conf", dnsLine},
		{"/etc/netplan/*.yaml", nameserversBlock},
	}, named{}},
	{"NetworkManager", []named{
		{"/run/NetworkManager/no-stub-resolv.conf", nameserverLine}, {"/etc/NetworkManager/system-connections/*.nmconnection", dnsLine},
		{"/etc/netplan/*.yaml", nameserversBlock},
	}, named{"/etc/NetworkManager/*onf*", regexp.MustCompile(`(?m)^[ \t]*(dns=none|rc-manager=unmanaged)\b`)}},
	{"resolvconf", []named{
		{"/etc/resolvconf.conf", openresolvLine}, {"/etc/resolvconf/resolv.conf.d/*", nameserverLine}, {"/etc/network/interfaces", interfacesLine}, {"/etc/network/interfaces.d/*", interfacesLine},
	}, named{"/etc/resolvconf.conf", regexp.MustCompile(`(?m)^[ \t]*name_servers=["']?(127\.0\.0\.1|::1)["']?[ \t]*$`)}},
	{"dhcpcd", nil, named{"/etc/dhcpcd.conf", regexp.MustCompile(`(?m)^[ \t]*nohook[ \t].*\bresolv\.conf\b`)}},
	{"dhclient", []named{{"/var/lib/dhcp/*.leases", leaseLine}},
		named{"/etc/dhcp/dhclient.conf", regexp.MustCompile(`(?m)^[ \t]*supersede[ \t]+domain-name-servers[ \t]`)}},
}

// isOff reports whether a program is told not to write resolv.conf.
func (e *examination) isOff(name string) bool {
	i := slices.IndexFunc(managers, func(m manager) bool { return m.name == name })
	if i < 0 || managers[i].off.files == "" {
		return false
	}
	off := managers[i].off
	for _, pattern := range []string{off.files, filepath.Join(off.files, "*.conf")} { // a file, or a directory
		for _, path := range e.files(pattern) {
			if text, err := os.ReadFile(path); err == nil && off.line.Match(text) {
				return true
			}
		}
	}
	return false
}

// managed returns the resolvers that the program which is behind resolv.conf is told elsewhere, and that the file does not name.
func (e *examination) managed(name string, r *resolvers) []server {
	i := slices.IndexFunc(managers, func(m manager) bool { return m.name == name })
	if i < 0 {
		return nil
	}
	var all []server
	for _, n := range managers[i].names {
		for _, path := range e.files(n.files) {
			text, err := os.ReadFile(path)
			if err != nil {
				continue // a directory, for example
			}
			for _, m := range n.line.FindAllStringSubmatch(string(text), -1) {
				for _, address := range addresses(m[1]) {
					at := net.JoinHostPort(address, "53")
					known := func(s server) bool { return s.address == at }
					if !slices.Contains(r.servers, address) && !slices.ContainsFunc(all, known) {
						all = append(all, server{at, strings.TrimPrefix(path, strings.TrimSuffix(e.root, "/"))})
					}
				}
			}
		}
	}
	return all
}

// files returns the files of the host that match a pattern.
func (e *examination) files(pattern string) []string {
	found, _ := filepath.Glob(e.path(pattern)) // the patterns are good
	return found
}

// addresses returns the addresses in a list, whatever separates them, without ports, names for TLS and the like.
func addresses(list string) []string {
	var all []string
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;[]\"'", r) }) {
		word, _, _ = strings.Cut(word, "#") // the name of a certificate, or a comment
		if addr, err := netip.ParseAddr(word); err == nil {
			all = append(all, addr.String())
		}
	}
	return all
}

// dockerDNS is what Docker gives to containers.
var dockerDNS = named{"/etc/docker/daemon.json", regexp.MustCompile(`"dns"\s*:\s*\[([^\]]*)\]`)}

// examineContainers returns the resolvers that Docker gives to containers. It cannot give them the loopback address of the host, and takes those of
// Google in its place.
func (e *examination) examineContainers(r *resolvers) []server {
	text, err := os.ReadFile(e.path(dockerDNS.files))
	if err != nil && len(e.files("/run/docker.sock")) == 0 {
		return nil
	}
	var all []server
	for _, m := range dockerDNS.line.FindAllStringSubmatch(string(text), -1) {
		for _, address := range addresses(m[1]) {
			all = append(all, server{net.JoinHostPort(address, "53"), dockerDNS.files})
		}
	}
	reached := func(text string) bool {
		addr, err := netip.ParseAddr(text)
		return err == nil && !addr.IsLoopback()
	}
	if len(all) == 0 && !slices.ContainsFunc(r.servers, reached) {
		e.add(warning, "containers", "Docker gives 8.8.8.8 and 8.8.4.4 to containers on its default bridge, because "+resolvConf+" names loopback only",
			`if one sends mail: "dns" in `+dockerDNS.files+", with an address of typoguard that containers reach")
	}
	return all
}
