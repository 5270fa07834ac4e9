package typos

import (
	"math/rand/v2"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// TestCommonDomain: a mistyped domain can be asked for, whatever was hit.
func TestCommonDomain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		name := CommonDomain(random, "navy.mil")
		_, err := dns.PackDomainName(dns.Fqdn(name), make([]byte, 255), 0, nil, false)
		require.NoError(t, err, name)
		require.NotRegexp(t, `^\.|\.$`, name)
	}
}
