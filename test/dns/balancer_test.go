package dns_test

import (
	"net"
	"testing"

	"github.com/miekg/dns"
	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBalancer: behind a load balancer the policy is for the clients that it names, by address or by what else it says of
// them, and nobody else is believed.
func TestBalancer(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    metadata
    proxyproto {
        allow 127.0.0.2/32
        tlv_metadata
    }
    typoguard {
        protect army.mil
        clients 192.0.2.0/24 metadata:proxyproto/tlv=e000046d61696c
    }
    forward . {$UPSTREAM}
}
`)
	tests := []struct {
		name, balancer, client string
		tlv                    string
		want                   int
	}{
		{"a client of the policy", "127.0.0.2", "192.0.2.7", "", dns.RcodeNameError},
		{"another client", "127.0.0.2", "198.51.100.7", "", dns.RcodeSuccess},
		{"another client, of which the balancer says who it is", "127.0.0.2", "198.51.100.7", "mail", dns.RcodeNameError},
		{"and somebody else", "127.0.0.2", "198.51.100.7", "web", dns.RcodeSuccess},
		{"no balancer", "127.0.0.3", "192.0.2.7", "mail", dns.RcodeSuccess},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(tt.balancer)}}
			conn, err := dialer.Dial("tcp", s.addr("DNS"))
			require.NoError(t, err)
			header := &proxyproto.Header{
				Version: 2, Command: proxyproto.PROXY, TransportProtocol: proxyproto.TCPv4,
				SourceAddr: &net.TCPAddr{IP: net.ParseIP(tt.client), Port: 1234}, DestinationAddr: conn.RemoteAddr(),
			}
			if tt.tlv != "" {
				require.NoError(t, header.SetTLVs([]proxyproto.TLV{{Type: 0xe0, Value: []byte(tt.tlv)}}))
			}
			_, err = header.WriteTo(conn)
			require.NoError(t, err)
			packed, err := query("army.ml.", dns.TypeMX).Pack()
			require.NoError(t, err)
			answer, err := overConn(t, conn)(packed)
			require.NoError(t, err)
			reply := new(dns.Msg)
			require.NoError(t, reply.Unpack(answer))
			assert.Equal(t, tt.want, reply.Rcode)
		})
	}
}
