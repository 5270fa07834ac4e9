package suffixlist

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
)

// Lookup returns the addresses of a host.
type Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

// LookUpWith makes a list from elsewhere look up its host with a function if the host's own resolver does not know it: this process may be that
// resolver, and not be running yet.
func (s *Source) LookUpWith(lookup Lookup) {
	s.lookup = lookup
	if !s.IsRemote() {
		return
	}
	system := func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = dialer(system, lookup)
	s.remote.client.Transport = transport
}

// dialer returns a function that dials an address whose host is looked up with the first of some functions that knows it.
func dialer(lookups ...Lookup) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		addresses, err := lookUp(ctx, host, lookups)
		if err != nil {
			return nil, err
		}
		var errs []error
		for _, a := range addresses {
			conn, err := new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(a.String(), port))
			if err == nil {
				return conn, nil
			}
			errs = append(errs, err)
		}
		return nil, errors.Join(errs...)
	}
}

// lookUp returns the addresses of a host, which may be one itself.
func lookUp(ctx context.Context, host string, lookups []Lookup) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	var errs []error
	for _, lookup := range lookups {
		addresses, err := lookup(ctx, host)
		if err == nil && len(addresses) > 0 {
			return addresses, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
