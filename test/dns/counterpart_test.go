package dns_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const counterpartCorefile = `.:{$DNS} {
    bind {$HOST}
    typoguard mail {
        protect mil
        require counterpart timeout 300ms
        ttl 77
    }
    cache
    forward . {$UPSTREAM}
}
`

// TestCounterpart: mail to google.co.il passes, since there is no co.mil; mail to army.ml does not.
func TestCounterpart(t *testing.T) {
	t.Parallel()
	up := newUpstream(t)
	s := start(t, up.addr, counterpartCorefile)
	steps := []struct {
		asked    string
		want     outcome
		text     string
		upstream []string // names that it is asked for
	}{
		{"us.army.ml.", nxdomain, beside("us.army.ml", "us.army.mil", "exists"), []string{"army.mil."}},
		{"google.co.il.", passes, "", []string{nowhere, "google.co.il."}},
		{"walla.co.il.", passes, "", []string{"walla.co.il."}},
		{"navy.army.ml.", nxdomain, beside("navy.army.ml", "navy.army.mil", "exists"), nil},
		{"example.org.", passes, "", []string{"example.org."}},
	}
	for _, step := range steps {
		t.Run(step.asked, func(t *testing.T) {
			checkOutcome(t, s, localhost, step.asked, step.want, step.text)
			assert.Equal(t, step.upstream, names(up.take()))
		})
	}
}

// TestCounterpartDead: while the upstream is silent, a lookalike is blocked, once the timeout has passed.
func TestCounterpartDead(t *testing.T) {
	t.Parallel()
	silent, err := net.ListenPacket("udp", localhost+":0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, silent.Close()) })
	s := start(t, silent.LocalAddr().String(), counterpartCorefile)
	begin := time.Now()
	checkOutcome(t, s, localhost, "army.ml.", nxdomain, beside("army.ml", "army.mil", "unknown"))
	assert.GreaterOrEqual(t, time.Since(begin), 300*time.Millisecond)
}

// beside returns the explanation of an answer with what is known of the counterpart.
func beside(name, intended, counterpart string) string {
	return strings.TrimSuffix(explanation(name, intended, "omission", "mail"), ")") + ", counterpart " + counterpart + ")"
}

// names returns the names of questions, each once if they stand side by side.
func names(questions []dns.Question) []string {
	var names []string
	for _, q := range questions {
		if len(names) == 0 || names[len(names)-1] != q.Name {
			names = append(names, q.Name)
		}
	}
	return names
}
