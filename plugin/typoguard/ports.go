package typoguard

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"slices"
	"syscall"

	"github.com/coredns/caddy"
)

// sharePorts is the name of a flag that a program may have. If it does and the flag is not set, a port that another process serves is an
// error.
const sharePorts = "share-ports"

// checkPorts returns an error if another process serves a port of the Corefile that the sites before it, which this process serves, do not
// have. CoreDNS would share the port with it (SO_REUSEPORT), and the other process, perhaps with another policy, would get a part of the
// queries.
func checkPorts(c *caddy.Controller, before []*site) error {
	if share := flag.Lookup(sharePorts); share == nil || share.Value.String() == "true" {
		return nil
	}
	checked := map[string]bool{}
	for _, s := range sitesOf(c) {
		if slices.ContainsFunc(before, s.sharesSocket) {
			continue
		}
		for _, host := range s.listenHosts {
			for _, network := range networksOf(s.transport) {
				address := net.JoinHostPort(host, s.port)
				if s.port == "0" || checked[network+address] {
					continue
				}
				checked[network+address] = true
				if err := probe(network, address); errors.Is(err, syscall.EADDRINUSE) {
					return fmt.Errorf("%s: another process serves this port, and each would get a part of the queries; expected it to be stopped, or the flag -%s: %w",
						s.key, sharePorts, err)
				}
			}
		}
	}
	return nil
}

// sharesSocket reports whether two sites listen on the same port, with an address in common.
func (s *site) sharesSocket(other *site) bool {
	common := func(network string) bool { return slices.Contains(networksOf(other.transport), network) }
	return s.port == other.port && slices.ContainsFunc(networksOf(s.transport), common) && overlap(s.hosts, other.hosts)
}

// networksOf returns the networks that a transport of CoreDNS listens on.
func networksOf(transport string) []string {
	switch transport {
	case "dns":
		return []string{"udp", "tcp"}
	case "quic", "https3":
		return []string{"udp"}
	}
	return []string{"tcp"}
}

// probe binds an address, without sharing it, and releases it again.
func probe(network, address string) error {
	if network == "udp" {
		conn, err := net.ListenPacket(network, address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	return listener.Close()
}
