package typoguard

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/plugin/metadata"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClientsCover(t *testing.T) {
	b, err := parseCorefile(t, "", `typoguard {
		protect mil
		clients 192.0.2.0/24 2001:db8::/32 127.0.0.2 metadata:proxyproto/tlv=04 metadata:tls/name=mail=1
		client_subnet_from 127.0.0.1 127.0.0.2
	}`)
	require.NoError(t, err)
	c := &b.policies[0].Clients
	tests := []struct {
		name         string
		addr, subnet string
		metadata     map[string]string
		want         bool
	}{
		{"inside", "192.0.2.7", "", nil, true},
		{"inside IPv6", "2001:db8::7", "", nil, true},
		{"outside", "198.51.100.7", "", nil, false},
		{"the metadata", "198.51.100.7", "", map[string]string{"proxyproto/tlv": "04"}, true},
		{"a value with an equals sign", "198.51.100.7", "", map[string]string{"tls/name": "mail=1"}, true},
		{"other metadata", "198.51.100.7", "", map[string]string{"proxyproto/tlv": "05"}, false},
		{"a subnet of nobody's", "198.51.100.7", "192.0.2.0/24", nil, false},
		{"a subnet that does not take away", "192.0.2.7", "198.51.100.0/24", nil, true},
		{"a subnet of a forwarder", "127.0.0.1", "192.0.2.0/25", nil, true},
		{"a larger subnet", "127.0.0.1", "192.0.0.0/16", nil, false},
		{"another subnet", "127.0.0.1", "198.51.100.0/24", nil, false},
		{"a forwarder without a subnet", "127.0.0.1", "", nil, false},
		{"a forwarder that is a client itself, for one that does not say who it is", "127.0.0.2", "0.0.0.0/0", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx := metadata.ContextWithMetadata(t.Context())
			for name, value := range tt.metadata {
				metadata.SetValueFunc(ctx, name, func() string { return value })
			}
			r := question("army.ml.", dns.TypeMX)
			if tt.subnet != "" {
				subnet := netip.MustParsePrefix(tt.subnet)
				withEDNS(r, 1232, false).IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_SUBNET{
					Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: uint8(subnet.Bits()), Address: net.IP(subnet.Addr().AsSlice()),
				}}
			}
			who := clientOf(ctx, &test.ResponseWriter{RemoteIP: tt.addr}, r)
			assert.Equal(t, tt.want, c.Cover(who))
		})
	}
}

// TestClientSubnetStrange: what a client writes into the option must not matter, let alone harm.
func TestClientSubnetStrange(t *testing.T) {
	for _, subnet := range []*dns.EDNS0_SUBNET{
		{}, {Family: 1, Address: net.IPv4zero}, {Family: 1, SourceNetmask: 200, Address: net.IPv4(192, 0, 2, 1)}, {Family: 2, SourceNetmask: 33, Address: net.IPv4(192, 0, 2, 1).To4()},
		{Family: 3, Address: net.IP{1, 2, 3}},
	} {
		r := withEDNS(question("army.ml.", dns.TypeMX), 1232, false)
		r.IsEdns0().Option = []dns.EDNS0{subnet}
		assert.False(t, clientOf(context.Background(), &test.ResponseWriter{}, r).Subnet.IsValid(), subnet)
	}
}

// TestClientsNeedMetadata: without the metadata plugin no client would ever be one of the policy's, and all mail leak.
func TestClientsNeedMetadata(t *testing.T) {
	useDirectives(t)
	_, err := caddy.Start(corefile("typoguard {\nprotect mil\nclients metadata:proxyproto/tlv=04\n}", ""))
	require.ErrorContains(t, err, "plugin/typoguard: clients are selected by metadata, but the server block does not have the metadata plugin")
}
