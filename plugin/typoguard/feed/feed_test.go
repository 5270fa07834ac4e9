package feed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coredns/coredns/plugin/pkg/nonwriter"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

const zone = "rpz.corp.example."

// observer counts what happens. Its channel has the serial of each version that is built, and 0 for each that is not.
type observer struct {
	built  chan uint32
	mu     sync.Mutex
	counts map[Result]int
}

func newObserver() *observer {
	return &observer{built: make(chan uint32, 100), counts: map[Result]int{}}
}

func (o *observer) Built(_ int, serial uint32, _ time.Duration) { o.built <- serial }
func (o *observer) Failed()                                     { o.built <- 0 }
func (o *observer) Polled()                                     {}
func (o *observer) Transferred(r Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts[r]++
}

func (o *observer) counted(r Result) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[r]
}

// source is rules that a test changes.
type source struct {
	mu    sync.Mutex
	rules []rows.Rule
	time  time.Time
	about int
	err   error
}

func (s *source) set(at int64, rules []rows.Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules, s.time = rules, time.Unix(at, 0)
}

func (s *source) input() (*Input, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := s.rules
	return &Input{Time: s.time, Estimate: func() int { return s.about }, Each: func(visit func(*rows.Rule) error) (rows.LeftOut, error) {
		for i := range rules {
			if err := visit(&rules[i]); err != nil {
				return rows.LeftOut{}, err
			}
		}
		return rows.LeftOut{}, nil
	}}, s.err
}

// setting is a feed of a source.
type setting struct {
	*Feed
	*observer
	*source
	config   Config
	notified chan struct{}
}

func newSetting(t *testing.T, rules []rows.Rule, change func(*Config)) *setting {
	t.Helper()
	s := &setting{observer: newObserver(), source: &source{rules: rules, time: time.Unix(1000, 0)}, notified: make(chan struct{}, 100)}
	s.config = Config{
		Zone: zone, Dir: t.TempDir(), MaxRows: 1_000_000, Expire: time.Hour, TTL: 60, Observer: s.observer, Input: s.input,
		Logger: slog.New(slog.DiscardHandler),
		Notify: func(context.Context) error { s.notified <- struct{}{}; return nil },
	}
	if change != nil {
		change(&s.config)
	}
	s.open(t)
	return s
}

// open opens the feed and awaits its first version.
func (s *setting) open(t *testing.T) {
	t.Helper()
	var err error
	s.Feed, err = Open(s.config)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	<-s.built
}

// change puts other rules in force, and returns the serial.
func (s *setting) change(at int64, rules []rows.Rule) uint32 {
	s.set(at, rules)
	s.Wake()
	return <-s.built
}

// nobody is a client that gets no messages.
type nobody struct{ dns.ResponseWriter }

func (nobody) Close() error { return nil }

// take returns the records of a transfer from a serial.
func (s *setting) take(t *testing.T, serial uint32) []dns.RR {
	t.Helper()
	ticket, err := s.Admit("192.0.2.1", nobody{})
	require.NoError(t, err)
	defer ticket.End()
	channel, err := s.Transfer(serial)
	require.NoError(t, err)
	var all []dns.RR
	for records := range channel {
		all = append(all, records...)
	}
	return all
}

// content is the records of a zone, as text, and how often there are.
type content map[string]int

// contentOf returns the records of a whole zone, without the SOA record at its end.
func contentOf(t *testing.T, records []dns.RR) content {
	t.Helper()
	require.Greater(t, len(records), 2)
	require.Equal(t, records[0].String(), records[len(records)-1].String())
	all := content{}
	for _, rr := range records[:len(records)-1] {
		all[rr.String()]++
	}
	return all
}

// apply changes the records of a zone by an incremental transfer, as a secondary does.
func (c content) apply(t *testing.T, records []dns.RR) {
	t.Helper()
	last := records[0].String()
	require.Equal(t, last, records[len(records)-1].String())
	require.Greater(t, len(records), 2)
	adds := true
	for _, rr := range records[1 : len(records)-1] {
		if rr.Header().Rrtype == dns.TypeSOA {
			adds = !adds
		}
		if adds {
			require.Zero(t, c[rr.String()], "added twice: %s", rr)
			c[rr.String()]++
			continue
		}
		require.Equal(t, 1, c[rr.String()], "removed, but not there: %s", rr)
		delete(c, rr.String())
	}
	require.True(t, adds)
	require.Contains(t, c, last)
}

// rulesOf returns rules of all kinds for the names of some numbers. One has a number of its own way.
func rulesOf(random *rand.Rand, numbers map[int]int) []rows.Rule {
	var all []rows.Rule
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		name := fmt.Sprintf("lookalike-%d.ml", n)
		r := rows.Rule{Name: name, TTL: 60}
		switch numbers[n] % 5 {
		case 0:
			r.Own, r.Below = []string{"CNAME ."}, []string{"CNAME ."}
		case 1:
			r.Own, r.Below, r.Passes = []string{"CNAME rpz-passthru."}, []string{"CNAME rpz-passthru."}, true
		case 2:
			r.Own, r.Below = []string{"CNAME *."}, []string{"CNAME ."}
		case 3:
			host := []string{"MX 10 " + name + ".", "A 192.0.2.25", "AAAA 2001:db8::25"}
			r.Own, r.Below, r.TTL = host, host, 10
		case 4:
			r.Own, r.Below = []string{"MX 0 ."}, []string{"MX 0 ."}
		}
		all = append(all, r)
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// TestWholeZone: a transfer has all records, each in its place.
func TestWholeZone(t *testing.T) {
	s := newSetting(t, []rows.Rule{
		{Name: "gov.ml", Own: []string{"CNAME rpz-passthru."}, Below: []string{"CNAME rpz-passthru."}, Passes: true},
		{Name: "ml", Own: []string{"CNAME *."}, Below: []string{"CNAME ."}, TTL: 30},
		{Name: "navy.nl", Own: []string{"MX 10 navy.nl.", "A 192.0.2.25"}, Below: []string{"MX 10 navy.nl.", "A 192.0.2.25"}, TTL: 10},
		{Name: "army.nl", Own: []string{"MX 0 ."}, Below: []string{"MX 0 ."}, TTL: 10},
	}, nil)
	var got []string
	for _, rr := range s.take(t, 0) {
		got = append(got, rr.String())
	}
	soa := "rpz.corp.example.\t60\tIN\tSOA\tlocalhost. nobody.invalid. 1000 60 60 3600 60"
	require.Len(t, got, 14)
	assert.Regexp(t, `^rpz.corp.example.\t60\tIN\tTXT\t"sha256=[0-9a-f]{64}"$`, got[2])
	got[2] = ""
	assert.Equal(t, []string{
		soa,
		"rpz.corp.example.\t60\tIN\tNS\tlocalhost.",
		"",
		"gov.ml.rpz.corp.example.\t60\tIN\tCNAME\trpz-passthru.",
		"*.gov.ml.rpz.corp.example.\t60\tIN\tCNAME\trpz-passthru.",
		"ml.rpz.corp.example.\t30\tIN\tCNAME\t*.",
		"*.ml.rpz.corp.example.\t30\tIN\tCNAME\t.",
		"navy.nl.rpz.corp.example.\t10\tIN\tMX\t10 navy.nl.",
		"navy.nl.rpz.corp.example.\t10\tIN\tA\t192.0.2.25",
		"*.navy.nl.rpz.corp.example.\t10\tIN\tMX\t10 navy.nl.",
		"*.navy.nl.rpz.corp.example.\t10\tIN\tA\t192.0.2.25",
		"army.nl.rpz.corp.example.\t10\tIN\tMX\t0 .",
		"*.army.nl.rpz.corp.example.\t10\tIN\tMX\t0 .",
		soa,
	}, got)
}

// TestChanges: from whatever version a secondary has, the changes make the version of the server.
func TestChanges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	numbers := map[int]int{}
	for range 500 {
		numbers[random.IntN(2000)] = random.IntN(5)
	}
	s := newSetting(t, rulesOf(random, numbers), nil)
	versions := map[uint32]content{1000: contentOf(t, s.take(t, 0))}
	for at := int64(1001); at < 1040; at++ {
		for range random.IntN(80) {
			n := random.IntN(2000)
			if delete(numbers, n); random.IntN(2) == 0 {
				numbers[n] = random.IntN(5)
			}
		}
		require.EqualValues(t, at, s.change(at, rulesOf(random, numbers)))
		whole := contentOf(t, s.take(t, 0))
		for serial, have := range versions {
			records := s.take(t, serial)
			if isWhole(records) {
				assert.Equal(t, whole, contentOf(t, records))
				assert.NotEqual(t, at-1, int64(serial), "one change is less than the zone")
				continue
			}
			assert.LessOrEqual(t, at-int64(serial), int64(maxDeltas))
			have = maps.Clone(have)
			have.apply(t, records)
			require.Equal(t, whole, have, "from %d to %d", serial, at)
		}
		versions[uint32(at)] = whole
		assert.Len(t, s.take(t, uint32(at)), 1, "up to date")
	}
	assert.Greater(t, s.counted(Changes), 100)
	assert.Len(t, s.deltas, maxDeltas)
}

// TestMoreChangesThanRows: if that is less, a client gets the whole zone.
func TestMoreChangesThanRows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newSetting(t, rulesOf(random, map[int]int{1: 0, 2: 0, 3: 0}), nil)
	s.change(1001, rulesOf(random, map[int]int{1: 0, 2: 0, 4: 0}))
	s.change(1002, rulesOf(random, map[int]int{1: 0, 2: 0, 5: 0}))
	assert.False(t, isWhole(s.take(t, 1001)), "4 changes of 6 rows")
	assert.True(t, isWhole(s.take(t, 1000)), "8 changes")
}

// isWhole reports whether an answer to an incremental request has the whole zone.
func isWhole(records []dns.RR) bool { return records[1].Header().Rrtype != dns.TypeSOA }

// TestSettings: other settings of the zone make another version.
func TestSettings(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newSetting(t, rulesOf(random, map[int]int{1: 0, 2: 3, 3: 4, 4: 2, 5: 2, 6: 2}), nil)
	have := contentOf(t, s.take(t, 0))
	c := s.config
	c.Expire, c.TTL = 2*time.Hour, 20
	s.Configure(c)
	assert.EqualValues(t, 1001, <-s.built)
	records := s.take(t, 1000)
	require.False(t, isWhole(records))
	have.apply(t, records)
	assert.Equal(t, contentOf(t, s.take(t, 0)), have)
	s.Configure(c)
	assert.EqualValues(t, 1001, <-s.built, "the same")
}

// TestSerial: the serial is the time of the inputs, and never goes back.
func TestSerial(t *testing.T) {
	for _, tt := range []struct {
		name   string
		last   *state
		serial uint32
		sum    byte
		want   uint32
		forced bool
	}{
		{"the first", nil, 1000, 1, 1000, false},
		{"newer inputs", &state{serial: 1000}, 1001, 1, 1001, false},
		{"newer inputs, the same rows", &state{serial: 1000}, 1001, 0, 1001, false},
		{"nothing", &state{serial: 1000}, 1000, 0, 1000, false},
		{"rows that inputs do not tell of", &state{serial: 1000}, 1000, 1, 1001, true},
		{"older inputs", &state{serial: 1000}, 900, 1, 1001, true},
		{"older inputs, the same rows", &state{serial: 1000}, 900, 0, 1000, false},
		{"over the end", &state{serial: 1<<32 - 1}, 5, 1, 5, false},
		{"at the end", &state{serial: 1<<32 - 1}, 1<<32 - 1, 1, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, forced := tt.last.next(tt.serial, [sha256.Size]byte{tt.sum})
			assert.Equal(t, tt.want, got.serial)
			assert.Equal(t, tt.forced, forced)
		})
	}
}

// TestRestart: the serial is remembered, and does not go back with the inputs. Without a memory, it does.
func TestRestart(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, remembers := range []bool{true, false} {
		t.Run(fmt.Sprint(remembers), func(t *testing.T) {
			s := newSetting(t, rulesOf(random, map[int]int{1: 0}), func(c *Config) { c.Remembers = remembers })
			s.Close()
			s.open(t)
			assert.EqualValues(t, 1000, s.take(t, 0)[0].(*dns.SOA).Serial, "nothing has changed")
			s.Close()
			s.set(900, rulesOf(random, map[int]int{2: 0}))
			s.open(t)
			want := uint32(900)
			if remembers {
				want = 1001
			}
			records := s.take(t, 1000)
			assert.Equal(t, want, records[0].(*dns.SOA).Serial)
			assert.Equal(t, remembers, len(records) > 1)
			left, err := os.ReadDir(s.config.Dir)
			require.NoError(t, err)
			if remembers {
				require.Len(t, left, 1)
				assert.Equal(t, "rpz.corp.example.serial", left[0].Name())
			} else {
				assert.Empty(t, left)
			}
		})
	}
}

// TestDamagedMemory: a file that is none is an error, since the serial might go back.
func TestDamagedMemory(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "x y\n", "12\n", "12 abc\n", "12 abcd\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "rpz.corp.example.serial"), []byte(text), 0o600))
		_, err := Open(Config{Zone: zone, Dir: dir, Remembers: true})
		require.ErrorContains(t, err, "expected a serial and a hash", text)
	}
}

// TestKeepsLast: a version that cannot be made leaves the last in force.
func TestKeepsLast(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newSetting(t, rulesOf(random, map[int]int{1: 0, 2: 0}), func(c *Config) { c.MaxRows = 4 })
	before := s.take(t, 0)
	assert.Zero(t, s.change(1001, rulesOf(random, map[int]int{1: 0, 2: 0, 3: 0})))
	assert.Equal(t, before, s.take(t, 0))
	s.source.mu.Lock()
	s.err = errors.New("broken")
	s.source.mu.Unlock()
	assert.Zero(t, s.change(1002, nil))
	assert.Equal(t, before, s.take(t, 0))
}

// TestTooManyAbout: a version that would have far too many rows is not even begun, unless the last one had but half as many as there may be.
func TestTooManyAbout(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var log bytes.Buffer
	names := func(from, count int) []rows.Rule {
		all := map[int]int{}
		for i := range count {
			all[from+i] = 0
		}
		return rulesOf(random, all)
	}
	s := newSetting(t, names(0, 25), func(c *Config) {
		c.MaxRows, c.Logger = 100, slog.New(slog.NewTextHandler(&log, nil))
	})
	s.about = 1000
	assert.EqualValues(t, 1001, s.change(1001, names(100, 26)), "the last version has 50 rows")
	s.about = 105
	assert.EqualValues(t, 1002, s.change(1002, names(200, 26)), "the estimate may be wrong by so much")
	s.about = 106
	assert.Zero(t, s.change(1003, names(300, 26)))
	s.Close()
	assert.Contains(t, log.String(), `error="too many rows, about 106; expected at most 100 (max_rows)"`)
}

// TestRetry: a version that cannot be made is tried again without a change of the inputs, less and less often. One with too many rows is not.
func TestRetry(t *testing.T) {
	dir, short := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		full := errors.New("no space left on device")
		var tried []time.Duration
		began := time.Now()
		s := newSetting(t, rulesOf(random, map[int]int{1: 0}), func(c *Config) {
			c.Dir = dir
			input := c.Input
			c.Input = func() (*Input, error) {
				tried = append(tried, time.Since(began).Round(time.Second))
				if in, err := input(); len(tried) > 8 || err != nil {
					return in, err
				}
				return nil, full
			}
		})
		for range 7 {
			assert.Zero(t, <-s.built)
		}
		assert.EqualValues(t, 1000, <-s.built)
		assert.Equal(t, []time.Duration{0, 30 * time.Second, 90 * time.Second, 210 * time.Second, 450 * time.Second, 930 * time.Second, 1530 * time.Second,
			2130 * time.Second, 2730 * time.Second}, tried)
		<-time.After(time.Hour)
		assert.Len(t, tried, 9, "no more after the first that succeeds")

		many := newSetting(t, rulesOf(random, map[int]int{1: 0}), func(c *Config) { c.Dir, c.MaxRows = short, 1 })
		<-time.After(time.Hour)
		assert.Empty(t, many.built)
	})
}

// TestNotify: secondaries are told of each version, and of nothing else.
func TestNotify(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newSetting(t, rulesOf(random, map[int]int{1: 0}), nil)
	<-s.notified
	assert.EqualValues(t, 1001, s.change(1001, rulesOf(random, map[int]int{2: 0})))
	<-s.notified
	assert.EqualValues(t, 1001, s.change(1001, rulesOf(random, map[int]int{2: 0})))
	s.Close()
	assert.Empty(t, s.notified)
}

// TestLargeChange: more rows than are kept make a transfer of the whole zone.
func TestLargeChange(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	numbers := map[int]int{}
	for n := range maxDelta/2 + 1 {
		numbers[n] = 0
	}
	s := newSetting(t, nil, nil)
	s.change(1001, rulesOf(random, numbers))
	assert.True(t, isWhole(s.take(t, 1000)))
	numbers[0] = 4
	s.change(1002, rulesOf(random, numbers))
	assert.Len(t, s.take(t, 1001), 1+2*(2+2)+1)
	assert.True(t, isWhole(s.take(t, 1000)))
}

// TestSorter: more hashes than are sorted in memory come out in order, each with the number of its row, and none is lost.
func TestSorter(t *testing.T) {
	s := &sorter{dir: t.TempDir()}
	defer s.close()
	const count = 2*sortedRun + 17
	random := rand.New(rand.NewPCG(1, 2))
	added := make([]hash, count)
	for i := range added {
		added[i] = hash{byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())}
		require.NoError(t, s.add(added[i]))
	}
	file, sum, err := s.sorted()
	require.NoError(t, err)
	z := &zoneSpool{hashes: file}
	r := z.readHashes()
	seen := map[uint32]bool{}
	digest := sha256.New()
	for last := (hash{}); r.next(); last = r.hash {
		require.LessOrEqual(t, slices.Compare(last[:], r.hash[:]), 0)
		require.Equal(t, added[r.row], r.hash)
		seen[r.row] = true
		digest.Write(r.hash[:])
	}
	require.NoError(t, r.err)
	assert.Len(t, seen, count)
	assert.Equal(t, digest.Sum(nil), sum[:])
	require.NoError(t, file.Close())
}

// TestAborted: a client that goes away, or is not let in by another plugin, costs nothing, and the next one is served.
func TestAborted(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	numbers := map[int]int{}
	for n := range 1000 {
		numbers[n] = 0
	}
	s := newSetting(t, rulesOf(random, numbers), nil)
	for range 3 * maxTransfers {
		ticket, err := s.Admit("192.0.2.1", nobody{})
		require.NoError(t, err)
		ticket.End()
	}
	assert.Equal(t, 3*maxTransfers, s.counted(Rejected))
	for range 3 * maxTransfers {
		ticket, err := s.Admit("192.0.2.1", nobody{})
		require.NoError(t, err)
		channel, err := s.Transfer(0)
		require.NoError(t, err)
		<-channel
		ticket.End()
		for range channel { // as the plugin transfer does; it must end at once
		}
	}
	assert.Equal(t, 3*maxTransfers, s.counted(Cancelled))
	_, err := s.Transfer(0)
	require.Error(t, err, "nobody was admitted")
	assert.Len(t, s.take(t, 0), 2004)
}

// closing is a client that gets no messages, and knows whether it is disconnected.
type closing struct {
	dns.ResponseWriter
	closed chan struct{}
}

func (c closing) Close() error {
	close(c.closed)
	return nil
}

// TestUnreadable: a client is disconnected if the rest of the zone cannot be read, or it would take what it has for the whole.
func TestUnreadable(t *testing.T) {
	s := newSetting(t, rulesOf(rand.New(rand.NewPCG(1, 2)), map[int]int{1: 0}), nil)
	require.NoError(t, s.current.file.Truncate(0))
	client := closing{closed: make(chan struct{})}
	ticket, err := s.Admit("192.0.2.1", client)
	require.NoError(t, err)
	defer ticket.End()
	channel, err := s.Transfer(0)
	require.NoError(t, err)
	for range channel { // as the plugin transfer does
		assert.Fail(t, "records of a zone that cannot be read")
	}
	<-client.closed
	assert.Equal(t, 1, s.counted(Cancelled))
}

// TestAuthoritative: replies to secondaries are authoritative, if they are answers.
func TestAuthoritative(t *testing.T) {
	s := newSetting(t, nil, nil)
	for rcode, want := range map[int]bool{dns.RcodeSuccess: true, dns.RcodeRefused: false} {
		w := new(nonwriter.Writer)
		ticket, err := s.Admit("192.0.2.1", w)
		require.NoError(t, err)
		require.NoError(t, ticket.WriteMsg(&dns.Msg{MsgHdr: dns.MsgHdr{Rcode: rcode}}))
		ticket.End()
		assert.Equal(t, want, w.Msg.Authoritative)
	}
}

// TestTooMany: a client has but some transfers at a time, while others are served. It waits for the next.
func TestTooMany(t *testing.T) {
	s := newSetting(t, nil, nil)
	s.wait = time.Millisecond
	var tickets []*Ticket
	for range maxPerClient {
		ticket, err := s.Admit("192.0.2.1", nobody{})
		require.NoError(t, err)
		_, err = s.Transfer(0)
		require.NoError(t, err)
		tickets = append(tickets, ticket)
	}
	_, err := s.Admit("192.0.2.1", nobody{})
	require.ErrorIs(t, err, errBusy)
	other, err := s.Admit("192.0.2.2", nobody{})
	require.NoError(t, err)
	s.wait = maxWait
	next := make(chan error)
	go func() {
		ticket, err := s.Admit("192.0.2.1", nobody{})
		if err == nil {
			ticket.End()
		}
		next <- err
	}()
	other.End()
	tickets[0].End()
	require.NoError(t, <-next)
	for _, ticket := range tickets[1:] {
		ticket.End()
	}
	assert.Empty(t, s.clients)
	assert.Empty(t, s.slots)
	s.take(t, 0)
}

// TestStalled: a client that does not read is disconnected.
func TestStalled(t *testing.T) {
	s := newSetting(t, nil, nil)
	s.stall = time.Millisecond
	here, there := net.Pipe()
	defer there.Close()
	ticket, err := s.Admit("192.0.2.1", piped{Conn: here})
	require.NoError(t, err)
	defer ticket.End()
	_, err = s.Transfer(0)
	require.NoError(t, err)
	require.ErrorIs(t, ticket.WriteMsg(new(dns.Msg)), net.ErrClosed)
	<-ticket.ctx.Done()
}

// piped writes messages to a connection that nobody reads.
type piped struct {
	dns.ResponseWriter
	net.Conn
}

func (p piped) WriteMsg(*dns.Msg) error {
	if _, err := p.Conn.Write([]byte{0}); err != nil {
		return net.ErrClosed
	}
	return nil
}
func (p piped) Close() error                { return p.Conn.Close() }
func (p piped) LocalAddr() net.Addr         { return p.Conn.LocalAddr() }
func (p piped) RemoteAddr() net.Addr        { return p.Conn.RemoteAddr() }
func (p piped) Write(b []byte) (int, error) { return p.Conn.Write(b) }
