//go:build e2e

package rpz_test

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// readySample is how many names a server must hide to be ready.
const readySample = 1000

// setting is a policy, its zone, and servers that have the one or the other.
type setting struct {
	*resolvers.Zone
	policy   string // the typoguard stanzas
	dir      string
	upstream *upstream
	sample   []string // of the hidden names
}

// newSetting writes the zone of a policy with the built binary, and starts an upstream.
func newSetting(t *testing.T, policy string) *setting {
	t.Helper()
	s := &setting{policy: policy, dir: makeDir(t), upstream: startUpstream(t)}
	var err error
	s.Zone, err = resolvers.WriteZone(t.Context(), ours.Program, policy, filepath.Join(s.dir, "zone"))
	require.NoError(t, err)
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(s.Hidden)) {
		if s.sample = append(s.sample, s.Hidden[i]); len(s.sample) == readySample {
			break
		}
	}
	return s
}

// withUpstream returns the same setting with an upstream of its own, so that it is known which server asked.
func (s *setting) withUpstream(t *testing.T) *setting {
	t.Helper()
	own := *s
	own.upstream = startUpstream(t)
	return &own
}

// makeDir makes a directory for a test. Its path is short, since PowerDNS has a socket in it.
func makeDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "typoguard-rpz-") //nolint:usetesting // t.TempDir's paths are too long
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// start starts a server, which is ready when it hides what a sample of the rows hides: BIND goes on to take them over after
// it has begun to serve. It is stopped when the test ends.
func (s *setting) start(t *testing.T, p resolvers.Product) *resolvers.Server {
	t.Helper()
	left := s.sample
	variables := map[string]string{"policy": s.policy, "zone": s.File, "upstream": s.upstream.port}
	server, err := p.Start(t.Context(), s.dir, "", variables, func(port string) bool {
		for len(left) > 0 && hides(port, left[0]) {
			left = left[1:]
		}
		return len(left) == 0
	})
	require.NoError(t, err, p.Name)
	t.Cleanup(server.Stop)
	return server
}

// hides reports whether the server at a port answers otherwise than the upstream.
func hides(port, name string) bool {
	reply, err := dns.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeMX), net.JoinHostPort("127.0.0.1", port))
	if err != nil || reply.Rcode == dns.RcodeServerFailure || reply.Rcode == dns.RcodeRefused {
		return false
	}
	return outcome(reply) != passed
}
