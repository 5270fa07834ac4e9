package dns_test

import (
	"net"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listCorefile has a list zone with a policy for some clients, and a cache for all.
const listCorefile = `.:{$DNS} {
    bind {$HOST}
    cache
    typoguard mail {
        protect army.mil
        clients 127.0.0.2
        lookalike_zone list.corp.example
        ttl 77
    }
    forward . {$UPSTREAM}
}
`

// TestListZone: every client gets its own verdict from the list, which is authoritative, neither cached nor asked of others, and follows the
// query's EDNS.
func TestListZone(t *testing.T) {
	t.Parallel()
	up := newUpstream(t)
	s := start(t, up.addr, listCorefile)
	for _, step := range []struct {
		name, source, asked string
		edns                bool
		want                string
	}{
		{"outsider first", outsider, "army.ml.", false, ""},
		{"then insider", insider, "army.ml.", false, "127.0.0.2"},
		{"then outsider again", outsider, "army.ml.", false, ""},
		{"insider with EDNS", insider, "us.Army.ml.", true, "127.0.0.2"},
		{"not listed, with EDNS", insider, "example.org.", true, ""},
		{"the test entry", outsider, "test.", true, "127.0.0.2"},
	} {
		t.Run(step.name, func(t *testing.T) {
			q := query(step.asked+"list.corp.example.", dns.TypeA)
			if step.edns {
				q.SetEdns0(1232, true)
			}
			m := askFrom(t, s, net.ParseIP(step.source), q)
			assert.True(t, m.Authoritative)
			assert.False(t, m.AuthenticatedData)
			assert.Equal(t, step.edns, m.IsEdns0() != nil)
			if step.want == "" {
				assert.Empty(t, m.Answer)
				require.Len(t, m.Ns, 1)
				assert.Equal(t, uint32(77), m.Ns[0].Header().Ttl)
				return
			}
			require.Len(t, m.Answer, 1)
			assert.Equal(t, step.want, m.Answer[0].(*dns.A).A.String())
			assert.Equal(t, step.asked+"list.corp.example.", m.Answer[0].Header().Name)
		})
	}
	assert.Empty(t, up.take(), "questions at the upstream")
}
