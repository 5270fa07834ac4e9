package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// zoneName is the name of the response policy zone.
const zoneName = "rpz.invalid"

// product is a server that is compared. In its configuration and arguments $dir is the directory of the former, $port the
// port to serve at, $zone the file of the response policy zone, and $protected that of the domains.
type product struct {
	name    string
	program string
	debian  string // the package it is in
	listing bool   // it is given the lookalikes, rather than the domains
	files   map[string]string
	args    []string
	version []string // arguments that make it print its version
}

// ours is configured as a resolver would be.
var ours = product{
	name:    "CoreDNS with typoguard",
	program: "coredns-typoguard",
	files: map[string]string{"Corefile": `.:$port {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:0
    typoguard {
        protect_file $protected
    }
    cache
    forward . 127.0.0.1:1
}
`},
	args:    []string{"-conf", "$dir/Corefile"},
	version: []string{"-version"},
}

// peers hide a name without resolving it first, and answer validators too: BIND would do neither by default, and be slow
// and incomplete. Otherwise they have their defaults, but that they validate nothing, fetch nothing, and keep no files
// elsewhere.
var peers = []product{
	{
		name:    "BIND 9",
		program: "named",
		debian:  "bind9",
		listing: true,
		files: map[string]string{"named.conf": `options {
    directory "$dir";
    listen-on port $port { 127.0.0.1; };
    listen-on-v6 { none; };
    pid-file none;
    session-keyfile none;
    dnssec-validation no;
    forward only;
    forwarders { 127.0.0.1 port 1; };
    servfail-ttl 0; # we ask again while it loads
    response-policy { zone "` + zoneName + `" log no; } break-dnssec yes qname-wait-recurse no nsip-enable no nsdname-enable no;
};
controls { };
zone "` + zoneName + `" {
    type primary;
    file "$zone";
    notify no;
    allow-query { none; };
};
`},
		args:    []string{"-g", "-n", "1", "-c", "$dir/named.conf"},
		version: []string{"-v"},
	},
	{
		name:    "Unbound",
		program: "unbound",
		debian:  "unbound",
		listing: true,
		files: map[string]string{"unbound.conf": `server:
    directory: "$dir"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    interface: 127.0.0.1
    port: $port
    num-threads: 1
    module-config: "respip iterator"
    do-not-query-localhost: no
remote-control:
    control-enable: no
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@1
rpz:
    name: ` + zoneName + `
    zonefile: "$zone"
`},
		args:    []string{"-d", "-c", "$dir/unbound.conf"},
		version: []string{"-V"},
	},
	{
		name:    "PowerDNS Recursor",
		program: "pdns_recursor",
		debian:  "pdns-recursor",
		listing: true,
		files: map[string]string{
			"recursor.conf": `local-address=127.0.0.1
local-port=$port
socket-dir=$dir
lua-config-file=$dir/rpz.lua
forward-zones-recurse=.=127.0.0.1:1
hint-file=no
dnssec=off
threads=1
quiet=yes
disable-syslog=yes
write-pid=no
security-poll-suffix=
`,
			"rpz.lua": `rpzFile("$zone", {policyName = "` + zoneName + `"})` + "\n",
		},
		args:    []string{"--config-dir=$dir", "--daemon=no"},
		version: []string{"--version"},
	},
}

// checkPrograms returns an error that names the Debian packages of what is not installed.
func checkPrograms() error {
	// Servers are there, and it is in the path of root only.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin"); err != nil {
		return err
	}
	packages := map[string]string{"dnsperf": "dnsperf", "taskset": "util-linux"}
	for _, p := range peers {
		packages[p.program] = p.debian
	}
	var missing []string
	for program, debian := range packages {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, debian)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("programs are missing; install the Debian packages %s", strings.Join(missing, " "))
	}
	return nil
}

// configure writes the configuration for a job, and returns the command line.
func (p product) configure(dir, port string, j job) ([]string, error) {
	expand := func(text string) string {
		return os.Expand(text, func(name string) string {
			return map[string]string{"dir": dir, "port": port, "zone": j.zoneFile, "protected": j.protectedFile}[name]
		})
	}
	for name, text := range p.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(expand(text)), 0o600); err != nil {
			return nil, err
		}
	}
	command := []string{p.program}
	for _, arg := range p.args {
		command = append(command, expand(arg))
	}
	return command, nil
}

var versionNumber = regexp.MustCompile(`[0-9]+(\.[0-9]+)+`)

// installed returns the version of the program.
func (p product) installed() (string, error) {
	output, err := exec.Command(p.program, p.version...).CombinedOutput()
	if version := versionNumber.Find(output); version != nil {
		return string(version), nil
	}
	return "", fmt.Errorf("no version in %q: %w", output, err)
}
