package dns_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkOutcome asks for the MX of a name from an address, and fails the test unless the answer is as expected, with an
// explanation if it is not the upstream's.
func checkOutcome(t *testing.T, s *server, source, name string, want outcome, text string) {
	t.Helper()
	q := query(name, dns.TypeMX).SetEdns0(dns.DefaultMsgSize, false)
	want.check(t, q, askFrom(t, s, net.ParseIP(source), q), matrixTTL, text)
}

// TestClients asks from addresses in and out of the clients of several policies, of which each has an action of its own.
func TestClients(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    typoguard relays {
        protect army.mil
        clients 127.0.0.2 127.0.0.3/32
        action nullmx
        ttl 77
    }
    typoguard desks {
        protect army.mil
        clients 127.0.1.0/24
        action sinkhole 192.0.2.66
        ttl 77
    }
    typoguard rest {
        protect navy.mil
        clients 127.0.0.0/8
        ttl 77
    }
    forward . {$UPSTREAM}
}
`)
	army := func(policy string) string { return explanation("army.ml", "army.mil", "omission", policy) }
	tests := []struct {
		name, source, asked string
		want                outcome
		text                string
	}{
		{"of the first policy", "127.0.0.2", "army.ml.", nullMX, army("relays")},
		{"of the first policy, second network", "127.0.0.3", "army.ml.", nullMX, army("relays")},
		{"of the second policy", "127.0.1.200", "army.ml.", sinkMXv4, army("desks")},
		{"of neither", "127.0.2.1", "army.ml.", passes, ""},
		{"next to the first policy's", "127.0.0.4", "army.ml.", passes, ""},
		{"of the third policy only", "127.0.2.1", "navy.ml.", nxdomain, explanation("navy.ml", "navy.mil", "omission", "rest")},
		{"of the first and the third policy", "127.0.0.2", "navy.ml.", nxdomain, explanation("navy.ml", "navy.mil", "omission", "rest")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkOutcome(t, s, test.source, test.asked, test.want, test.text)
		})
	}
}

// TestIPv6 asks over IPv6, as a client of a policy and as one that is none.
func TestIPv6(t *testing.T) {
	t.Parallel()
	if !hasIPv6(t) {
		t.Skip("this machine has no IPv6: no interface has the address ::1")
	}
	s := startOn(t, localhost6, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    typoguard six {
        protect army.mil
        clients ::1/128
        action nullmx
        ttl 77
    }
    typoguard four {
        protect navy.mil
        clients 0.0.0.0/0 2001:db8::/32
        ttl 77
    }
    forward . {$UPSTREAM}
}
`)
	t.Run("client", func(t *testing.T) {
		checkOutcome(t, s, localhost6, "army.ml.", nullMX, explanation("army.ml", "army.mil", "omission", "six"))
	})
	t.Run("other", func(t *testing.T) { checkOutcome(t, s, localhost6, "navy.ml.", passes, "") })
}

// hasIPv6 reports whether this machine has the IPv6 loopback address.
func hasIPv6(t *testing.T) bool {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, addr := range addrs {
		if network, ok := addr.(*net.IPNet); ok && network.IP.Equal(net.IPv6loopback) {
			return true
		}
	}
	return false
}

// TestPolicyOrder asks about names that are near the suffixes of several policies.
func TestPolicyOrder(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    prometheus {$HOST}:{$METRICS}
    typoguard watch {
        protect army.mil navy.mil marines.mil
        mode monitor
    }
    typoguard tld {
        protect mil
        action nodata
        ttl 77
    }
    typoguard first {
        protect army.mil mindef.nl
        action nullmx
        distance 2
        ttl 77
    }
    typoguard second {
        protect army.mil arny.mil
        ttl 77
    }
    forward . {$UPSTREAM}
}
`)
	tests := []struct {
		name, asked string
		want        outcome
		text        string
	}{
		{"the nearest, though shorter", "armi.ml.", nodata, explanation("armi.ml", "armi.mil", "omission", "tld")},
		{"on a tie the longer", "arny.ml.", nxdomain, explanation("arny.ml", "arny.mil", "omission", "second")},
		{"and then the first configured", "army.ml.", nullMX, explanation("army.ml", "army.mil", "omission", "first")},
		{"the only one with distance 2", "mindefn.", nullMX, explanation("mindefn", "mindef.nl", "multiple", "first")},
		{"one that enforces before one that monitors", "navy.ml.", nodata, explanation("navy.ml", "navy.mil", "omission", "tld")},
		{"one that monitors, alone", "navymil.", passes, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkOutcome(t, s, localhost, test.asked, test.want, test.text) })
	}
	m := s.metrics(t)
	for policy, want := range map[string]int{"watch": 1, "tld": 2, "first": 2, "second": 1} {
		assert.Equal(t, want, m.Sum(t, lookalikesTotal, fmt.Sprintf("policy=%q", policy)), "lookalikes of policy %s", policy)
	}
}

// TestMonitor asks about lookalikes of policies that only watch: they are counted, and answered as any other name.
func TestMonitor(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"nxdomain", "nodata", "nullmx", "sinkhole 192.0.2.66"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			up := newUpstream(t)
			s := start(t, up.addr, `.:{$DNS} {
    bind {$HOST}
    prometheus {$HOST}:{$METRICS}
    typoguard watch {
        protect army.mil
        mode monitor
        clients 127.0.0.1
        action `+action+`
    }
    forward . {$UPSTREAM}
}
`)
			checkOutcome(t, s, localhost, "aRmY.ml.", passes, "")
			checkOutcome(t, s, "127.0.0.2", "aRmY.ml.", passes, "")
			assert.Len(t, up.take(), 2, "questions at the upstream")
			m := s.metrics(t)
			assert.Equal(t, 1, m.Sum(t, lookalikesTotal, `mode="monitor"`, `policy="watch"`), "of a client")
			assert.Equal(t, 1, m.Sum(t, passedTotal, `reason="client"`), "of another")
		})
	}
}
