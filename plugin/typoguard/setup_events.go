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
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// defaults of the options of a file of events.
const (
	defaultFileSize = 100 << 20
	defaultFileKeep = 10
	minFileSize     = 64 << 10
)

// sinkConfig is a sink as it is configured.
type sinkConfig struct {
	name     string // in metrics
	settings string // as they were given, to tell whether two sinks of the same name are the same
	secret   string // the same, of what must not be shown
	option   string // that configured it
	at       position
	open     func(host string) (sink.Target, error)
}

// same reports whether two sinks of the same name have the same settings.
func (c *sinkConfig) same(other *sinkConfig) bool {
	return c.settings == other.settings && c.secret == other.secret
}

// addSink makes a sink one of the stanza's. Policies share sinks of the same name.
func (s *stanza) addSink(config *sinkConfig) error {
	if slices.Contains(s.policy.sinks, config.name) {
		return fmt.Errorf("%s twice; expected different ones", config.name)
	}
	s.policy.sinks = append(s.policy.sinks, config.name)
	s.sinks = append(s.sinks, config)
	return nil
}

// addLog completes a stanza with the log as a sink, which is on by default.
func (s *stanza) addLog() error {
	if !s.logEvents {
		return nil
	}
	return s.addSink(&sinkConfig{name: logSink, option: "log_events", at: s.at, open: newLogTarget})
}

// addSinks makes the sinks of a block part of the instance.
func (i *instance) addSinks(b *block) error {
	for _, s := range b.stanzas {
		for _, config := range s.sinks {
			switch other := i.sinks[config.name]; {
			case other == nil || config.same(other):
			case other.settings == config.settings:
				return config.at.errorf("%s: another password, or other options, than at %s; expected the same for both, which share %s", config.option, other.at, config.name)
			default:
				return config.at.errorf("%s: %q contradicts %q at %s; expected the same settings for both, which share %s",
					config.option, config.settings, other.settings, other.at, config.name)
			}
			i.sinks[config.name] = config
		}
	}
	return nil
}

func parseLogEvents(c *caddy.Controller, s *stanza) (err error) {
	s.logEvents, err = parseSwitch(c)
	return err
}

func parseDnstap(c *caddy.Controller, s *stanza) (err error) {
	s.policy.dnstap, err = parseSwitch(c)
	return err
}

// parseSwitch reads on or off.
func parseSwitch(c *caddy.Controller) (bool, error) {
	arg, err := argument(c, "on or off")
	if err == nil && arg != "on" && arg != "off" {
		err = fmt.Errorf("%q; expected on or off", arg)
	}
	return arg == "on", err
}

func parseClientMask(c *caddy.Controller, s *stanza) error {
	args, err := arguments(c, "bits of IPv4 and of IPv6 addresses to keep, such as 24 56")
	if err != nil {
		return err
	}
	if len(args) != 2 {
		return fmt.Errorf("%d numbers; expected bits of IPv4 and of IPv6 addresses to keep, such as 24 56", len(args))
	}
	v4, err4 := strconv.Atoi(args[0])
	v6, err6 := strconv.Atoi(args[1])
	if err4 != nil || err6 != nil {
		return fmt.Errorf("%q; expected bits of IPv4 and of IPv6 addresses to keep, such as 24 56", strings.Join(args, " "))
	}
	s.policy.mask = event.Mask{V4: v4, V6: v6}
	return s.policy.mask.Check()
}

// parseEvents reads the name of a file, and pairs of a setting and its value.
func parseEvents(c *caddy.Controller, s *stanza) error {
	at := here(c)
	args, err := arguments(c, "a file name")
	if err != nil {
		return err
	}
	path := args[0]
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.root, path)
	}
	config := sink.FileConfig{Path: filepath.Clean(path), Size: defaultFileSize, Keep: defaultFileKeep}
	err = parsePairs(args[1:], map[string]func(string) error{
		"size": func(value string) (err error) {
			config.Size, err = parseSize(value)
			return err
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
	return s.addSink(&sinkConfig{
		name: config.Path, settings: fmt.Sprintf("size %d keep %d age %s", config.Size, config.Keep, config.Age), option: "events", at: at,
		open: func(host string) (sink.Target, error) {
			config.Host = host
			return sink.NewFile(config), nil
		},
	})
}

// checkFile returns an error for a path where no file can be. Whether it can be written is not tried: a full disk must not
// keep a resolver from starting.
func checkFile(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file; expected a file, or none", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is no directory; expected one that exists", filepath.Dir(path))
	}
	return nil
}

// parseSize reads a number of octets, such as 100MB.
func parseSize(value string) (int64, error) {
	number, factor := value, int64(1)
	for unit, octets := range map[string]int64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30} {
		if rest, ok := strings.CutSuffix(value, unit); ok {
			number, factor = rest, octets
		}
	}
	size, err := strconv.ParseInt(number, 10, 32)
	if err != nil || size*factor < minFileSize {
		return 0, fmt.Errorf("size %q; expected at least 64KB, such as 100MB", value)
	}
	return size * factor, nil
}

// parseAge reads a duration, which may be in days.
func parseAge(value string) (time.Duration, error) {
	const day = 24 * time.Hour
	if number, ok := strings.CutSuffix(value, "d"); ok {
		if days, err := strconv.ParseUint(number, 10, 16); err == nil && days > 0 {
			return time.Duration(days) * day, nil
		}
	} else if age, err := time.ParseDuration(value); err == nil && age > 0 {
		return age, nil
	}
	return 0, fmt.Errorf("age %q; expected a duration such as 30d or 12h", value)
}

// syslogPorts are the ports of the ways to a syslog server (RFC 5426, IANA's syslog-conn, RFC 5425).
var syslogPorts = map[string]string{"udp": "514", "tcp": "601", "tls": "6514"}

// parseSyslog reads the address of a server, and pairs of a setting and its value.
func parseSyslog(c *caddy.Controller, s *stanza) error {
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
		return func(value string) error {
			if *to = value; !filepath.IsAbs(value) {
				*to = filepath.Join(s.root, value)
			}
			return nil
		}
	}
	settings := map[string]func(string) error{"facility": text(&config.Facility)}
	if config.Network == "tls" {
		settings["ca"], settings["cert"], settings["key"] = file(&config.CA), file(&config.Cert), file(&config.Key)
		settings["server_name"] = text(&config.ServerName)
	}
	if err := parsePairs(args[1:], settings); err != nil {
		return err
	}
	if !slices.Contains(sink.Facilities, config.Facility) {
		return fmt.Errorf("unknown facility %q; expected one of %s", config.Facility, strings.Join(sink.Facilities, ", "))
	}
	if (config.Cert == "") != (config.Key == "") {
		return errors.New("cert and key belong together; expected both or none")
	}
	if _, err := config.TLS(); err != nil {
		return fmt.Errorf("%w; expected files in PEM", err)
	}
	return s.addSink(&sinkConfig{
		name: config.Network + "://" + config.Address, settings: strings.Join(args[1:], " "), option: "syslog", at: at,
		open: func(host string) (sink.Target, error) {
			config.Host = host
			return sink.NewSyslog(config), nil
		},
	})
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

// parsePairs reads settings, each a name and a value, which are given once at most.
func parsePairs(args []string, settings map[string]func(string) error) error {
	given := map[string]bool{}
	for pair := range slices.Chunk(args, 2) {
		set, ok := settings[pair[0]]
		switch {
		case !ok:
			return fmt.Errorf("unknown setting %q; expected one of %s", pair[0], strings.Join(sortedKeys(settings), ", "))
		case len(pair) < 2:
			return fmt.Errorf("%s without a value; expected one", pair[0])
		case given[pair[0]]:
			return fmt.Errorf("%s twice; expected it once", pair[0])
		}
		given[pair[0]] = true
		if err := set(pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
