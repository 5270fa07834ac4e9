// Package review serves the page on which people see who nearly sent mail where, and review whether blocking it was right. It shows
// the events of package history as HTML that works without JavaScript, as CSV and JSON, and as an API (API.md).
//
// Names, notes and text from SMTP clients come from strangers: html/template escapes them, the headers in security.go keep out scripts
// and other origins, and escape.go makes hidden characters visible.
//
// Not covered: access control beyond TLS and basic authentication (a web-config file of Prometheus's exporter toolkit), other rights than
// those of editors and readers, and storage (package history). The package knows neither CoreDNS nor the plugin.
package review

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// hostPattern matches a Host header without its port.
var hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)

// Check returns an error if Listen would reject the configuration, without any side effect. It does not look at the history.
func Check(config historyconfig.Page) error {
	local, err := isLoopback(config.Address)
	if err != nil {
		return err
	}
	if config.Host != "" && !hostPattern.MatchString(normalHost(config.Host)) {
		return fmt.Errorf("host %q: expected a host name such as review.corp.example, without a port", config.Host)
	}
	if config.WebConfig != "" {
		if err := web.Validate(config.WebConfig); err != nil {
			return fmt.Errorf("web_config %s: %w; expected a web-config file as defined by Prometheus's exporter toolkit", config.WebConfig, err)
		}
	}
	if config.ClientsFile != "" {
		if _, err := readNames(config.ClientsFile); err != nil {
			return err
		}
	}
	if config.ClientsPTR != "" {
		if _, err := ptrResolver(config.ClientsPTR); err != nil {
			return err
		}
	}
	if config.Editors != "" {
		if err := checkEditors(config); err != nil {
			return err
		}
	}
	if !local {
		return checkProtected(config)
	}
	return nil
}

// checkEditors returns an error for editors whom the page cannot tell from others.
func checkEditors(config historyconfig.Page) error {
	if config.WebConfig == "" {
		return errors.New("editors: nobody logs in to the page; expected a web_config with users or client certificates")
	}
	settings, err := readWebConfig(config.WebConfig)
	if err != nil {
		return err
	}
	if len(settings.Users) == 0 {
		if settings.TLSConfig.ClientAuth != mutualTLS {
			return fmt.Errorf("editors: web_config %s has neither basic_auth_users nor client_auth_type RequireAndVerifyClientCert; expected one of them", config.WebConfig)
		}
		return nil // names are in the certificates
	}
	for user := range strings.SplitSeq(config.Editors, "\n") {
		if _, ok := settings.Users[user]; !ok {
			return fmt.Errorf("editors: %q is none of the basic_auth_users in %s; expected one", user, config.WebConfig)
		}
	}
	return nil
}

// isLoopback reports whether an address is a loopback address.
func isLoopback(address string) (bool, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false, fmt.Errorf("address %q: expected ADDRESS:PORT, such as 127.0.0.1:8053", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false, fmt.Errorf("address %q: expected a port from 0 to 65535, not %q", address, port)
	}
	if host == "localhost" {
		return true, nil
	}
	if host == "" {
		return false, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false, fmt.Errorf("address %q: expected an IP address or localhost, not %q", address, host)
	}
	return ip.Unmap().IsLoopback(), nil
}

// checkProtected returns an error unless the WebConfig file requires TLS and authentication, because not everyone in a network may
// read who nearly sent mail where.
func checkProtected(config historyconfig.Page) error {
	if config.WebConfig == "" {
		return fmt.Errorf("address %q is not a loopback address: expected a web_config with TLS and basic authentication", config.Address)
	}
	settings, err := readWebConfig(config.WebConfig)
	if err != nil {
		return err
	}
	if !settings.TLSConfig.IsEnabled() {
		return fmt.Errorf("web_config %s: expected TLS (tls_server_config), because %q is not a loopback address", config.WebConfig, config.Address)
	}
	if len(settings.Users) == 0 && settings.TLSConfig.ClientAuth != mutualTLS {
		return fmt.Errorf("web_config %s: expected basic_auth_users, or client_auth_type RequireAndVerifyClientCert, because %q is not a loopback address",
			config.WebConfig, config.Address)
	}
	return nil
}

// mutualTLS is the setting of a web-config file by which clients need a certificate.
const mutualTLS = "RequireAndVerifyClientCert"

// readWebConfig reads a web-config file.
func readWebConfig(path string) (web.Config, error) {
	var settings web.Config
	content, err := os.ReadFile(path)
	if err == nil {
		err = yaml.UnmarshalStrict(content, &settings)
	}
	if err != nil {
		return settings, fmt.Errorf("web_config: %w", err)
	}
	return settings, nil
}

// errNoStore is a programming error.
var errNoStore = errors.New("review: no store")
