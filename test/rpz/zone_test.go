//go:build e2e

package rpz_test

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// setting is a policy, its zone, and servers that have the one or the other.
type setting struct {
	policy   string // the typoguard stanzas
	dir      string
	zone     string // the file
	rows     int
	owners   []string // of the zone's rows, without wildcards
	hidden   []string // some of those that do not pass
	upstream string   // the port
}

// readySample is how many names a server must hide to be ready.
const readySample = 1000

var reported = regexp.MustCompile(`(?m)^([0-9]+) rows for`)

// newSetting writes the zone of a policy with the built binary, and starts an upstream.
func newSetting(t *testing.T, policy string) *setting {
	t.Helper()
	s := &setting{policy: policy, dir: makeDir(t), upstream: startUpstream(t)}
	s.zone = filepath.Join(s.dir, "zone")
	corefile := filepath.Join(s.dir, "Corefile")
	require.NoError(t, os.WriteFile(corefile, []byte(". {\n"+policy+"\n}\n"), 0o600))
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), ours.Program, "rpz", "-conf", corefile, "-origin", resolvers.ZoneName, "-o", s.zone)
	cmd.Stderr = &errs
	require.NoError(t, cmd.Run(), errs.String())
	rows := reported.FindStringSubmatch(errs.String())
	require.NotNil(t, rows, errs.String())
	var err error
	s.rows, err = strconv.Atoi(rows[1])
	require.NoError(t, err)
	s.readOwners(t)
	return s
}

// readOwners reads which names have rows.
func (s *setting) readOwners(t *testing.T) {
	t.Helper()
	file, err := os.Open(s.zone)
	require.NoError(t, err)
	defer file.Close()
	parser := dns.NewZoneParser(file, "", s.zone)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		owner, ok := strings.CutSuffix(rr.Header().Name, "."+resolvers.ZoneName+".")
		if !ok || strings.HasPrefix(owner, "*.") || (len(s.owners) > 0 && owner == s.owners[len(s.owners)-1]) {
			continue
		}
		s.owners = append(s.owners, owner)
		if cname, ok := rr.(*dns.CNAME); !ok || cname.Target != "rpz-passthru." {
			s.hidden = append(s.hidden, owner)
		}
	}
	require.NoError(t, parser.Err())
	require.NotEmpty(t, s.hidden)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(s.hidden), func(i, j int) { s.hidden[i], s.hidden[j] = s.hidden[j], s.hidden[i] })
	s.hidden = s.hidden[:min(len(s.hidden), readySample)]
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
	left := s.hidden
	variables := map[string]string{"policy": s.policy, "zone": s.zone, "upstream": s.upstream}
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
