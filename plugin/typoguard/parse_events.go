package typoguard

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// defaults of the options of a file of events.
const (
	defaultFileSize = 100 << 20
	defaultFileKeep = 10
	minFileSize     = 64 << 10
)

// sinkConfig is a sink of events as it is configured, and where.
type sinkConfig struct {
	sink.Config
	option string
	at     suffixlist.Position
}

// newSinkConfig returns a sink that an option configures.
func newSinkConfig(option string, at suffixlist.Position, config sink.Config) *sinkConfig {
	open := config.Open
	config.Open = func() (sink.Target, error) {
		target, err := open()
		if err != nil {
			return nil, at.Errorf("%s: %w", option, err)
		}
		return target, nil
	}
	return &sinkConfig{config, option, at}
}

// addSink makes a sink one of the stanza's. Policies share sinks of the same name.
func (c *policyConfig) addSink(config *sinkConfig) error {
	if slices.Contains(c.sinkNames, config.Name) {
		return fmt.Errorf("%s twice; expected different ones", config.Name)
	}
	c.sinkNames = append(c.sinkNames, config.Name)
	c.sinks = append(c.sinks, config)
	return nil
}

// addLog completes a stanza with the log as a sink, which is on by default.
func (c *policyConfig) addLog() error {
	if !c.logEvents {
		return nil
	}
	return c.addSink(newSinkConfig("log_events", c.at, sink.Config{Name: logSink, Open: newLogTarget}))
}

func parseLogEvents(c *caddy.Controller, p *policyConfig) (err error) {
	p.logEvents, err = choice(c, "on", "off")
	return err
}

func parseDnstap(c *caddy.Controller, p *policyConfig) (err error) {
	p.dnstap, err = choice(c, "on", "off")
	return err
}

// parseEvents reads the name of a file, and pairs of a setting and its value.
func parseEvents(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	args, err := arguments(c, "a file name")
	if err != nil {
		return err
	}
	config := sink.FileConfig{Path: filepath.Clean(p.below(args[0])), Size: defaultFileSize, Keep: defaultFileKeep}
	err = parsePairs(args[1:], map[string]func(string) error{
		"size": func(value string) (err error) {
			if config.Size, err = parseSize(value); err != nil || config.Size < minFileSize {
				return fmt.Errorf("size %q; expected at least 64KB, such as 100MB", value)
			}
			return nil
		},
		"keep": func(value string) (err error) {
			config.Keep, err = strconv.Atoi(value)
			if err != nil || config.Keep < 0 {
				return fmt.Errorf("keep %q; expected a number of files, or 0 for all", value)
			}
			return nil
		},
		"age": func(value string) (err error) {
			config.Age, err = parseAge(value)
			return err
		},
	})
	if err != nil {
		return err
	}
	if err := checkFile(config.Path); err != nil {
		return err
	}
	return p.addSink(newSinkConfig("events", at, sink.Config{
		Name: config.Path, Settings: fmt.Sprintf("size %d keep %d age %s", config.Size, config.Keep, config.Age),
		Open: func() (sink.Target, error) {
			config.Host = hostname()
			return sink.NewFile(config), nil
		},
	}))
}

// checkFile returns an error for a path where no file can be. Whether it can be written is not tried: a full disk must not
// keep a resolver from starting.
func checkFile(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file; expected a file, or none", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is not a directory; expected one that exists", filepath.Dir(path))
	}
	return nil
}

// hostname returns the name of the host in events. Without one they have none.
func hostname() string {
	name, _ := os.Hostname()
	return name
}

// syslogPorts are the ports of the ways to a syslog server (RFC 5426, IANA's syslog-conn, RFC 5425).
var syslogPorts = map[string]string{"udp": "514", "tcp": "601", "tls": "6514"}

// parseSyslog reads the address of a server, and pairs of a setting and its value.
func parseSyslog(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	args, err := arguments(c, "an address such as tls://siem.example.org:6514")
	if err != nil {
		return err
	}
	config := sink.SyslogConfig{Facility: "local0"}
	if config.Network, config.Address, err = parseSyslogAddress(args[0]); err != nil {
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
	if err := parsePairs(args[1:], settings); err != nil {
		return err
	}
	if err := checkSyslog(&config); err != nil {
		return err
	}
	return p.addSink(newSinkConfig("syslog", at, sink.Config{
		Name: config.Network + "://" + config.Address, Settings: strings.Join(args[1:], " "),
		Open: func() (sink.Target, error) {
			config.Host = hostname()
			return sink.NewSyslog(config), nil
		},
	}))
}

// checkSyslog returns an error for settings that do not go together, and for files that cannot be used.
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
