package dns_test

import (
	"net"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
)

const inspectCorefile = `.:{$DNS} {
    bind {$HOST}
    typoguard mail {
        protect army.mil
        clients 127.0.0.2
        inspect mx cname
    }
    cache
    forward . {$UPSTREAM}
}
`

// TestInspect: a mistyped mail server is taken out of the reply for those that the policy is for, and stays in the cache
// for the others.
func TestInspect(t *testing.T) {
	t.Parallel()
	up := newUpstream(t)
	s := start(t, up.addr, inspectCorefile)
	for _, step := range []struct {
		source string
		want   []string
	}{
		{insider, []string{"upstream.test."}},
		{outsider, []string{"mail.army.ml.", "upstream.test."}},
		{insider, []string{"upstream.test."}},
	} {
		reply := askFrom(t, s, net.ParseIP(step.source), query(mistypedMX, dns.TypeMX))
		var got []string
		for _, rr := range reply.Answer {
			got = append(got, rr.(*dns.MX).Mx)
		}
		assert.ElementsMatch(t, step.want, got, step.source)
	}
	assert.Len(t, up.take(), 1, "the rest came from the cache")
}
