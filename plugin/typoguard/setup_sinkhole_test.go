package typoguard

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLoopbackSinkhole: an address of loopback is each client's own, so that all clients of the policy must be on this host.
// Whoever asks on behalf of others has clients elsewhere.
func TestLoopbackSinkhole(t *testing.T) {
	for options, fits := range map[string]bool{
		"clients 127.0.0.0/8 ::1":        true,
		"clients 127.0.0.53":             true,
		"":                               false,
		"clients 127.0.0.1 192.0.2.0/24": false,
		"clients 126.0.0.0/7":            false,
		"clients ::/0":                   false,
		"clients 127.0.0.1 metadata:acl/role=relay":                false,
		"clients 127.0.0.0/8 ::1\nclient_subnet_from 127.0.0.1":    false,
		"clients 127.0.0.0/8 ::1\nclient_subnet_from 192.0.2.0/24": false,
	} {
		for _, address := range []string{"127.0.0.1", "::1", "192.0.2.1 127.0.0.1"} {
			_, err := parseCorefile(t, "", "typoguard {\nprotect mil\n"+options+"\naction sinkhole "+address+"\n}")
			if fits {
				require.NoError(t, err, options)
			} else {
				require.ErrorContains(t, err, "is the mail server itself", options)
			}
		}
		_, err := parseCorefile(t, "", "typoguard {\nprotect mil\n"+options+"\naction sinkhole 192.0.2.1\n}")
		require.NoError(t, err, options)
	}
}
