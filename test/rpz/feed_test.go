//go:build e2e

package rpz_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/names"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

var (
	feedNames = flag.Int("feed-names", 1000, "how many names TestFeed asks each secondary for, after each change")
	feedMore  = flag.Int("feed-more", 0, "about how many rows the zone of TestFeed has besides those that change")
	feedSlow  = flag.Duration("feed-within", 2*time.Minute, "how long a change may take to arrive at a secondary in TestFeed")
	feedBIND  = flag.Duration("feed-bind", time.Minute, "how long changes of lists may take to be in effect on BIND")
)

const (
	feedZone   = "rpz.example."
	feedSecret = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U="
)

// feeding is a primary and its secondaries.
type feeding struct {
	dir         string
	upstream    *upstream
	variables   map[string]string // of the primary
	primary     *resolvers.Server
	starts      int
	secondaries []*fed
	policy      string
	more        []string // further protected domains
}

// fed is a secondary.
type fed struct {
	name      string
	product   resolvers.Product
	variables map[string]string
	answers   bool // as a resolver; otherwise it has the zone for others
	server    *resolvers.Server
}

// newFeeding describes a primary with all secondaries, none of which is started.
func newFeeding(t *testing.T) *feeding {
	t.Helper()
	f := &feeding{
		dir: makeDir(t), upstream: startUpstream(t), more: names.Mixed.Make(rand.New(rand.NewPCG(1, 2)), *feedMore/rowsPerDomain),
	}
	dir := func(name string) string {
		path := filepath.Join(f.dir, name)
		require.NoError(t, os.Mkdir(path, 0o755))
		return path
	}
	certificates := dir("certificates")
	require.NoError(t, kit.Certificate(filepath.Join(certificates, "cert.pem"), filepath.Join(certificates, "key.pem"), "feed.example"))
	f.variables = map[string]string{
		"port": port(t), "encrypted": port(t), "metrics": port(t), "certificates": certificates, "secret": feedSecret, "upstream": f.upstream.port,
	}
	f.policy = fmt.Sprintf(`typoguard mail {
			protect_file %[1]s/protect
			allow_file %[1]s/allow
			reload 1s
			feed rpz.example dir %[1]s
		}
		typoguard sink {
			protect navy.nl
			action sinkhole 192.0.2.25 192.0.2.26
			ttl 10
			feed rpz.example dir %[1]s
		}`, dir("state"))
	f.variables["policy"] = f.policy
	relayed := port(t)
	f.secondaries = []*fed{
		{name: "NSD", product: resolvers.FedNSD, variables: map[string]string{"relayed": relayed}},
		{name: "Knot DNS", product: resolvers.FedKnotDNS},
		{name: "BIND, signed", product: resolvers.FedBIND, answers: true, variables: map[string]string{"protection": `key "feedkey"`}},
		{name: "BIND, over TLS", product: resolvers.FedBIND, answers: true,
			variables: map[string]string{"protection": `key "feedkey" tls "feed"`, "primary": f.variables["encrypted"]}},
		{name: "Unbound", product: resolvers.FedUnbound, answers: true},
		{name: "PowerDNS Recursor", product: resolvers.FedPowerDNS, answers: true},
	}
	behindNSD := &fed{name: "Unbound behind NSD", product: resolvers.FedUnbound, answers: true, variables: map[string]string{"port": relayed}}
	f.secondaries = append(f.secondaries, behindNSD)
	var notified []string
	for i, s := range f.secondaries {
		variables := map[string]string{
			"primary": f.variables["port"], "source": fmt.Sprintf("127.0.0.%d", 21+i), "upstream": f.upstream.port, "secret": feedSecret,
			"certificates": certificates, "port": port(t),
		}
		maps.Copy(variables, s.variables)
		s.variables = variables
		if s != behindNSD {
			notified = append(notified, "127.0.0.1:"+variables["port"])
		}
	}
	behindNSD.variables["primary"] = f.secondaries[0].variables["port"]
	f.variables["secondaries"] = strings.Join(notified, " ")
	return f
}

// port returns a free port.
func port(t *testing.T) string {
	t.Helper()
	free, err := kit.FreePort()
	require.NoError(t, err)
	return free
}

// write writes the lists, as if they were changed at a time.
func (f *feeding) write(t *testing.T, protect, allow string, at int64) {
	t.Helper()
	for name, content := range map[string]string{"protect": protect + " " + strings.Join(f.more, " "), "allow": allow} {
		path := filepath.Join(f.dir, "state", name)
		kit.WriteFile(t, path, strings.ReplaceAll(content, " ", "\n")+"\n")
		require.NoError(t, os.Chtimes(path, time.Unix(at, 0), time.Unix(at, 0)))
	}
}

// start starts the primary.
func (f *feeding) start(t *testing.T) {
	t.Helper()
	f.starts++
	dir := filepath.Join(f.dir, fmt.Sprintf("primary-%d", f.starts))
	require.NoError(t, os.Mkdir(dir, 0o755))
	program := resolvers.FedTypoguard
	program.Program = ours.Program
	var err error
	f.primary, err = program.Start(t.Context(), dir, "", f.variables, func(port string) bool { return serialAt(port) != 0 })
	require.NoError(t, err)
	t.Cleanup(f.primary.Stop)
}

// startSecondaries starts all secondaries.
func (f *feeding) startSecondaries(t *testing.T) {
	t.Helper()
	for _, s := range f.secondaries {
		dir, err := os.MkdirTemp(f.dir, "s") //nolint:usetesting // which the servers' own users may read
		require.NoError(t, err)
		require.NoError(t, os.Chmod(dir, 0o755))
		s.server, err = s.product.Start(t.Context(), dir, "", s.variables, func(port string) bool { return answersAt(port) })
		require.NoError(t, err, s.name)
		t.Cleanup(s.server.Stop)
	}
}

// answersAt reports whether a server answers at all.
func answersAt(port string) bool {
	_, err := dns.Exchange(new(dns.Msg).SetQuestion(feedZone, dns.TypeSOA), net.JoinHostPort("127.0.0.1", port))
	return err == nil
}

// serialAt returns the serial of the zone of an authoritative server, or 0.
func serialAt(port string) uint32 {
	reply, err := dns.Exchange(new(dns.Msg).SetQuestion(feedZone, dns.TypeSOA), net.JoinHostPort("127.0.0.1", port))
	if err != nil || len(reply.Answer) == 0 {
		return 0
	}
	return reply.Answer[0].(*dns.SOA).Serial
}

// zoneAt returns the records of the zone of a server, in order, with the SOA record first.
func zoneAt(port string) ([]string, error) {
	envelopes, err := new(dns.Transfer).In(new(dns.Msg).SetAxfr(feedZone), net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	var all []string
	for e := range envelopes {
		if e.Error != nil {
			return nil, e.Error
		}
		for _, rr := range e.RR {
			all = append(all, rr.String())
		}
	}
	if len(all) < 2 {
		return nil, fmt.Errorf("%d records", len(all))
	}
	slices.Sort(all[1:])
	return all[: len(all)-1 : len(all)-1], nil
}

// owners returns the names that have rows in a zone, without wildcards.
func owners(zone []string) map[string]bool {
	all := map[string]bool{}
	for _, rr := range zone {
		name, _, _ := strings.Cut(rr, "\t")
		if name, below := strings.CutSuffix(name, "."+feedZone); below && !strings.HasPrefix(name, "*.") {
			all[name] = true
		}
	}
	return all
}

// TestFeed: secondaries get the zone and each change of it, and answer as the primary does: after a transfer of the whole zone and one of
// changes, after a restart, and if the times of files go back.
func TestFeed(t *testing.T) {
	f := newFeeding(t)
	const future = 2_500_000_000 // later than the program's own time
	f.write(t, "mil army.nl nato.int", "gov.ml a.b.c.ml", future)
	f.start(t)
	f.startSecondaries(t)
	f.compare(t, "the whole zone", future, nil, "arny.nl")

	before := f.zone(t)
	f.write(t, "mil nato.int mindef.nl army.mit", "gov.ml il a.b.arny.nl", future+1)
	for name, took := range f.compare(t, "changes", future+1, before, "mindf.nl") {
		if strings.HasPrefix(name, "BIND") {
			assert.Less(t, took, *feedBIND, "changes on %s", name)
		}
	}
	metrics, err := kit.Scrape(t.Context(), net.JoinHostPort("127.0.0.1", f.variables["metrics"]))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, metrics.Sum(t, "coredns_typoguard_feed_transfers_total", `result="ixfr"`), 6, "secondaries that got changes only")
	assert.Zero(t, metrics.Sum(t, "coredns_typoguard_feed_transfers_total", `result="aborted"`))

	before = f.zone(t)
	f.primary.Stop()
	f.write(t, "mil nato.int army.nl", "gov.ml", future+2)
	f.start(t)
	f.compare(t, "a restart", future+2, before, "arny.nl")

	before = f.zone(t)
	f.primary.Stop()
	f.write(t, "mil nato.int army.nl state.gov", "gov.ml", future-1000)
	f.start(t)
	f.compare(t, "a serial that would go back", future+3, before, "stte.gov")
}

// TestFeedSoon: a change of the lists is soon in effect on a BIND that need not share the host with other secondaries.
func TestFeedSoon(t *testing.T) {
	f := newFeeding(t)
	const bind = "BIND, signed"
	f.secondaries = slices.DeleteFunc(f.secondaries, func(s *fed) bool { return s.name != bind })
	f.variables["secondaries"] = "127.0.0.1:" + f.secondaries[0].variables["port"]
	const future = 2_500_000_000
	f.write(t, "mil army.nl", "gov.ml", future)
	f.start(t)
	f.startSecondaries(t)
	f.await(t, "the whole zone", future, "arny.nl")
	f.write(t, "mil mindef.nl", "gov.ml", future+1)
	assert.Less(t, f.await(t, "changes", future+1, "mindf.nl")[bind], *feedBIND)
}

// zone returns the zone of the primary.
func (f *feeding) zone(t *testing.T) []string {
	t.Helper()
	zone, err := zoneAt(f.primary.Port)
	require.NoError(t, err)
	return zone
}

// compare waits until the secondaries have the version with a serial, and compares it, and their answers, with the primary's. before is the
// last version, and hidden a name that only the new one hides. It returns how long each secondary took to hide it.
func (f *feeding) compare(t *testing.T, what string, serial uint32, before []string, hidden string) map[string]time.Duration {
	t.Helper()
	took := f.await(t, what, serial, hidden)
	zone := f.zone(t)
	differing := f.differing(t, owners(before), owners(zone))
	sampler := &sampler{
		Rand: rand.New(rand.NewPCG(1, 2)), listed: []string{"mil", "army.nl", "nato.int", "mindef.nl", "army.mit", "gov.ml", "il", "a.b.arny.nl", "navy.nl"},
		owners: slices.Sorted(maps.Keys(owners(zone))),
	}
	asked := questions(sampler.sample()[:*feedNames], nil)
	expected := askAll(t, f.primary.Port, asked)
	for _, s := range f.secondaries {
		if !s.answers {
			got, err := zoneAt(s.server.Port)
			require.NoError(t, err, "%s: %s", what, s.name)
			assert.Equal(t, zone[0], got[0], "%s: %s", what, s.name)
			assert.Len(t, got, len(zone), "%s: %s", what, s.name)
			assert.True(t, slices.Equal(zone, got), "%s: %s has other records", what, s.name)
			continue
		}
		left := differing
		if !assert.Eventually(t, func() bool {
			for len(left) > 0 && left[0].holds(s.server.Port) {
				left = left[1:]
			}
			return len(left) == 0
		}, *feedSlow, 100*time.Millisecond, "%s: %s", what, s.name) {
			t.Logf("%s: %v, and its output: %s", s.name, left[0], s.server.Output())
			continue
		}
		compare(t, asked, expected, askAll(t, s.server.Port, asked))
	}
	t.Logf("%s: compared %d names, and %d records", what, len(asked), len(zone))
	return took
}

// await waits until the primary and the secondaries have the version with a serial, by which a name is hidden. It returns how long each
// secondary took.
func (f *feeding) await(t *testing.T, what string, serial uint32, hidden string) map[string]time.Duration {
	t.Helper()
	changed := time.Now()
	wait := func(arrived func() bool) time.Duration {
		assert.Eventually(t, arrived, *feedSlow, 50*time.Millisecond, what)
		return time.Since(changed)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	took := map[string]time.Duration{}
	for _, s := range f.secondaries {
		all.Go(func() {
			hides := difference{hidden, dns.RcodeToString[dns.RcodeNameError]}
			after := wait(func() bool {
				return (s.answers && hides.holds(s.server.Port)) || (!s.answers && serialAt(s.server.Port) == serial)
			})
			mu.Lock()
			defer mu.Unlock()
			took[s.name] = after
		})
	}
	t.Logf("%s: the primary has the new version after %.1f s", what, wait(func() bool { return serialAt(f.primary.Port) == serial }).Seconds())
	all.Wait()
	require.Equal(t, serial, serialAt(f.primary.Port), what)
	for _, s := range f.secondaries {
		t.Logf("%s: %s is up to date after %.1f s", what, s.name, took[s.name].Seconds())
	}
	return took
}

// difference is a name that a new version of the zone hides, or does no longer.
type difference struct {
	name    string
	outcome string
}

// holds reports whether a server answers as it should.
func (d difference) holds(port string) bool {
	reply, err := dns.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(d.name), dns.TypeMX), net.JoinHostPort("127.0.0.1", port))
	return err == nil && outcome(reply) == d.outcome
}

// differing returns some of the names with rows in only one of two versions, with what the primary says of them.
func (f *feeding) differing(t *testing.T, before, after map[string]bool) []difference {
	t.Helper()
	var all []difference
	add := func(some, others map[string]bool) {
		names := slices.Sorted(maps.Keys(some))
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		added := 0
		for _, name := range names {
			if others[name] || added == 100 {
				continue
			}
			added++
			reply, err := dns.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeMX), net.JoinHostPort("127.0.0.1", f.primary.Port))
			require.NoError(t, err)
			all = append(all, difference{name, outcome(reply)})
		}
	}
	add(after, before)
	add(before, after)
	require.NotEmpty(t, all)
	return all
}
