package dns_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

const (
	// pace is how often a worker asks for all names.
	pace = 5 * time.Millisecond
	// loadTimeout is after how long a worker takes an answer for lost.
	loadTimeout = 2 * time.Second
)

// result is what a worker got for a question.
type result string

const (
	blocked result = "blocked" // NXDOMAIN from typoguard
	passed  result = "passed"  // the upstream's answer
	lost    result = "lost"    // no answer
	wrong   result = "wrong"   // neither
)

// sample is one question of a worker.
type sample struct {
	asked, answered time.Time
	network         string
	result          result
	detail          string // of what is lost or wrong
}

// during reports whether the question was under way at some moment from one time to another.
func (s sample) during(from, to time.Time) bool { return s.asked.Before(to) && s.answered.After(from) }

// load is some workers that ask a server for the same names all the time, each with one question under way.
type load struct {
	workers sync.WaitGroup
	halt    func()

	mu      sync.Mutex
	samples map[string][]sample // by name
}

// startLoad starts one worker for each network, "udp" or "tcp".
func startLoad(t *testing.T, s *server, networks, names []string) *load {
	t.Helper()
	done := make(chan struct{})
	l := &load{halt: sync.OnceFunc(func() { close(done) }), samples: map[string][]sample{}}
	for _, network := range networks {
		l.workers.Go(func() { l.work(done, s.addr("DNS"), network, names) })
	}
	t.Cleanup(l.stop)
	return l
}

// work asks until done is closed.
func (l *load) work(done <-chan struct{}, addr, network string, names []string) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		for _, name := range names {
			l.add(name, sampleOf(addr, network, name))
		}
	}
}

// add notes a sample.
func (l *load) add(name string, s sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.samples[name] = append(l.samples[name], s)
}

// stop ends the load, and returns when no question is under way any more.
func (l *load) stop() {
	l.halt()
	l.workers.Wait()
}

// awaitMore returns when every name has been asked for a number of times more.
func (l *load) awaitMore(t *testing.T) {
	t.Helper()
	const more = 50
	before := l.fewest()
	kit.Eventually(t, "more answers", func() bool { return l.fewest() >= before+more })
}

// fewest returns how often the name was asked for that was asked for least.
func (l *load) fewest() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	var counts []int
	for _, samples := range l.samples {
		counts = append(counts, len(samples))
	}
	if len(counts) == 0 {
		return 0
	}
	return slices.Min(counts)
}

// sampleOf asks for the MX of a name over a connection of its own, as mail servers do.
func sampleOf(addr, network, name string) sample {
	q := query(name, dns.TypeMX)
	client := &dns.Client{Net: network, Timeout: loadTimeout}
	s := sample{asked: time.Now(), network: network}
	m, _, err := client.Exchange(q, addr)
	s.answered = time.Now()
	s.result, s.detail = judge(q, m, err)
	return s
}

// judge says what an answer is.
func judge(q, m *dns.Msg, err error) (result, string) {
	switch {
	case err != nil:
		return lost, err.Error()
	case m.Rcode == dns.RcodeNameError && len(m.Answer) == 0 && len(m.Ns) == 1 && m.Ns[0].Header().Rrtype == dns.TypeSOA:
		return blocked, ""
	case m.Rcode == dns.RcodeSuccess && slices.Equal(records(m.Answer), records(upstreamAnswer(q.Question[0]))):
		return passed, ""
	}
	return wrong, m.String()
}

// summary says how many samples there are of each result, and shows the first that is lost or wrong.
func summary(samples []sample) string {
	counts := map[result]int{}
	example := ""
	for _, s := range samples {
		counts[s.result]++
		if s.detail != "" && example == "" {
			example = fmt.Sprintf(", such as over %s: %s", s.network, s.detail)
		}
	}
	text := fmt.Sprintf("%d samples:", len(samples))
	for _, r := range slices.Sorted(maps.Keys(counts)) {
		text += fmt.Sprintf(" %d %s", counts[r], r)
	}
	return text + example
}

// where returns the samples for which something holds.
func where(samples []sample, holds func(sample) bool) []sample {
	return slices.DeleteFunc(slices.Clone(samples), func(s sample) bool { return !holds(s) })
}

// checkNone fails the test if there are samples, and says what is wrong with them.
func checkNone(t *testing.T, samples []sample, failure string) {
	t.Helper()
	if len(samples) > 0 {
		assert.Fail(t, failure, summary(samples))
	}
}

// checkSteady fails the test unless all samples have the one result.
func checkSteady(t *testing.T, name string, samples []sample, want result) {
	t.Helper()
	others := where(samples, func(s sample) bool { return s.result != want })
	assert.NotEmpty(t, samples, name)
	checkNone(t, others, fmt.Sprintf("%s is not always %s", name, want))
}

// change is when the answer for a name changed: not before it was written, and at the latest when it was in force.
type change struct {
	to               result
	written, inForce time.Time
}

// checkChanges fails the test unless the samples have the first result until the first change, and after each change
// its result: no answer is that of an older policy, once a question asked earlier was answered by the newer.
func checkChanges(t *testing.T, name string, samples []sample, first result, changes ...change) {
	t.Helper()
	from := first
	var begin time.Time
	for i, c := range changes {
		era := where(samples, func(s sample) bool {
			return s.asked.After(begin) && (i+1 == len(changes) || s.answered.Before(changes[i+1].written))
		})
		checkChange(t, name, era, from, c)
		from, begin = c.to, c.inForce
	}
}

// checkChange fails the test unless a change is the only one in the samples.
func checkChange(t *testing.T, name string, samples []sample, from result, c change) {
	t.Helper()
	latest := c.inForce
	for _, s := range samples {
		if s.result == c.to && s.answered.Before(latest) {
			latest = s.answered
		}
	}
	early := where(samples, func(s sample) bool { return s.result != from && s.answered.Before(c.written) })
	late := where(samples, func(s sample) bool { return s.result != c.to && s.asked.After(latest) })
	other := where(samples, func(s sample) bool { return s.result != from && s.result != c.to })
	checkNone(t, early, fmt.Sprintf("%s is not %s before the change", name, from))
	checkNone(t, late, fmt.Sprintf("%s is not %s after the change", name, c.to))
	checkNone(t, other, fmt.Sprintf("%s is neither %s nor %s", name, from, c.to))
	after := where(samples, func(s sample) bool { return s.asked.After(c.inForce) })
	assert.NotEmptyf(t, after, "samples of %s after the change to %s", name, c.to)
}
