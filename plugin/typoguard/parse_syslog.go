package typoguard

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// syslogPorts are the default ports of the transports of syslog (RFC 5426, IANA's syslog-conn, RFC 5425).
var syslogPorts = map[string]string{"udp": "514", "tcp": "601", "tls": "6514"}

// parseSyslog reads a server's address, and settings.
func parseSyslog(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	words, err := args.All(c, "an address such as tls://siem.example.org:6514")
	if err != nil {
		return err
	}
	config := sink.SyslogConfig{Facility: "local0"}
	if config.Network, config.Address, err = parseSyslogAddress(words[0]); err != nil {
		return err
	}
	text := func(to *string) func(string) error {
		return func(value string) error { *to = value; return nil }
	}
	file := func(to *string) func(string) error {
		return func(value string) error { *to = p.below(value); return nil }
	}
	settings := map[string]func(string) error{"facility": text(&config.Facility)}
	if config.Network == "tls" {
		settings["ca"], settings["cert"], settings["key"] = file(&config.CA), file(&config.Cert), file(&config.Key)
		settings["server_name"] = text(&config.ServerName)
	}
	if err := args.Pairs(words[1:], settings); err != nil {
		return err
	}
	if err := checkSyslog(&config); err != nil {
		return err
	}
	return p.addSink(newSinkConfig("syslog", at, sink.Config{
		Name: config.Network + "://" + config.Address, Settings: strings.Join(words[1:], " "),
		Open: func() (sink.Target, error) {
			config.Host = sink.Hostname()
			return sink.NewSyslog(config), nil
		},
	}))
}

// checkSyslog returns an error for contradictory settings, and for unusable files.
func checkSyslog(config *sink.SyslogConfig) error {
	if !slices.Contains(sink.Facilities, config.Facility) {
		return fmt.Errorf("unknown facility %q; expected one of %s", config.Facility, strings.Join(sink.Facilities, ", "))
	}
	if (config.Cert == "") != (config.Key == "") {
		return errors.New("cert and key belong together; expected both or none")
	}
	if _, err := config.TLS(); err != nil {
		return fmt.Errorf("%w; expected files in PEM", err)
	}
	return nil
}

// parseSyslogAddress reads an address such as tls://siem.example.org:6514, with or without the port.
func parseSyslogAddress(arg string) (network, address string, err error) {
	network, address, _ = strings.Cut(arg, "://")
	port, ok := syslogPorts[network]
	host := address
	if h, p, err := net.SplitHostPort(address); err == nil {
		host, port = h, p
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if !ok || host == "" || strings.ContainsAny(host, "/ ") || err != nil || number == 0 {
		return "", "", fmt.Errorf("address %q; expected one such as udp://192.0.2.1, tcp://siem.example.org:601 or tls://siem.example.org:6514", arg)
	}
	return network, net.JoinHostPort(host, port), nil
}
