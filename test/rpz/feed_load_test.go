//go:build e2e

package rpz_test

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/names"
)

var (
	feedRows = flag.Int("feed-rows", 500_000, "about how many rows the zone of TestFeedLoad has")
	feedLate = flag.Duration("feed-late", 0, "how much the 99th percentile of response times may grow in TestFeedLoad; 0 is whatever")
)

const (
	// feedMemory is how much memory a server may take for a zone, of whatever size, in bytes.
	feedMemory = 64 << 20
	// rowsPerDomain is about how many rows the zone has for each domain.
	rowsPerDomain = 4800
	// releases is when a server has returned the memory that it needed to start.
	releases = 15 * time.Second
	// loadQueries is how many queries a second measure response times, and loadBefore for how long while nothing else happens.
	loadQueries, loadBefore = 500, 10 * time.Second
)

// TestFeedLoad: while a large zone is made and transferred to four secondaries, one of which does not read, the server takes not much more
// memory than when idle, and answers queries as soon.
func TestFeedLoad(t *testing.T) {
	l := startLoaded(t)
	idle := l.idle(t)
	before := l.probe(t, func() { <-time.After(loadBefore) })
	l.resetPeak(t)
	var built, changed time.Duration
	var rows int
	during := l.probe(t, func() {
		began := time.Now()
		l.write(t, l.domains)
		l.await(t, 2)
		built = time.Since(began)
		rows = l.rows(t)
		t.Logf("%d rows after %.1f s; at most %.1f MB over idle", rows, built.Seconds(), megabytes(l.memory(t, "VmHWM")-idle))
		stop := l.stall(t)
		defer stop()
		var readers sync.WaitGroup
		began = time.Now()
		for client := range 3 {
			readers.Go(func() {
				l.read(t, client, rows)
				t.Logf("transferred after %.1f s", time.Since(began).Seconds())
			})
		}
		l.write(t, l.domains[1:])
		l.await(t, 3)
		changed = time.Since(began)
		readers.Wait()
	})
	peak := l.memory(t, "VmHWM") - idle
	t.Logf("%d rows: built in %.1f s, and changed meanwhile in %.1f s; memory %.1f MB idle, at most %.1f MB more; 99th percentile of response times %.2f ms, before %.2f ms",
		rows, built.Seconds(), changed.Seconds(), megabytes(idle), megabytes(peak), milliseconds(during), milliseconds(before))
	assert.Less(t, peak, feedMemory)
	if *feedLate > 0 {
		assert.Less(t, during, before+*feedLate)
	}
}

func megabytes(bytes int) float64 { return float64(bytes) / 1e6 }

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

// loaded is a server of a feed, with what its list is to have.
type loaded struct {
	*kit.Process

	address, metrics, list string
	domains                []string
}

// startLoaded starts a server whose list has one domain, with a cache, and a name in it.
func startLoaded(t *testing.T) *loaded {
	t.Helper()
	dir := t.TempDir()
	l := &loaded{
		address: kit.FreeAddress(t), metrics: kit.FreeAddress(t), list: filepath.Join(dir, "protect"),
		domains: names.Mixed.Make(rand.New(rand.NewPCG(1, 2)), *feedRows/rowsPerDomain),
	}
	l.write(t, []string{"army.nl"})
	_, port, err := net.SplitHostPort(l.address)
	require.NoError(t, err)
	corefile := fmt.Sprintf(`.:%s {
		bind 127.0.0.1
		prometheus %s
		errors
		acl {
			allow net 127.0.0.0/8
			block
		}
		typoguard mail {
			protect_file %s
			reload 1s
			feed rpz.example dir %s max_rows 20000000
		}
		cache
		transfer rpz.example {
			to *
		}
		forward . 127.0.0.1:%s
	}`, port, l.metrics, l.list, dir, startUpstream(t).port)
	l.Process, err = kit.Serve(t.Context(), dir, corefile, l.address, ours.Program)
	require.NoError(t, err)
	t.Cleanup(func() { l.End(9) })
	l.await(t, 1)
	return l
}

// write writes the list.
func (l *loaded) write(t *testing.T, domains []string) {
	t.Helper()
	kit.WriteFile(t, l.list, strings.Join(domains, "\n")+"\n")
}

// await waits until so many versions of the zone have been built.
func (l *loaded) await(t *testing.T, versions int) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Count(l.Output(), "feed: new version") >= versions }, 5*time.Minute, 20*time.Millisecond, l.Output())
}

// rows returns the number of rows.
func (l *loaded) rows(t *testing.T) int {
	t.Helper()
	metrics, err := kit.Scrape(t.Context(), l.metrics)
	require.NoError(t, err)
	return metrics.Sum(t, "coredns_typoguard_feed_rows")
}

// memory returns a figure of the process's status, in bytes.
func (l *loaded) memory(t *testing.T, what string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.PID()))
	require.NoError(t, err)
	match := regexp.MustCompile(what + `:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, match, "%s", status)
	kibibytes, err := strconv.Atoi(string(match[1]))
	require.NoError(t, err)
	return kibibytes << 10
}

// resetPeak makes the process's largest memory so far that of now.
func (l *loaded) resetPeak(t *testing.T) {
	t.Helper()
	require.NoError(t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", l.PID()), []byte("5"), 0))
}

// idle returns how much memory the server takes once it has returned what it needed to start.
func (l *loaded) idle(t *testing.T) int {
	t.Helper()
	least := l.memory(t, "VmRSS")
	for end := time.Now().Add(releases); time.Now().Before(end); <-time.After(100 * time.Millisecond) {
		least = min(least, l.memory(t, "VmRSS"))
	}
	return least
}

// probe returns the 99th percentile of the response times of a name in the cache while something is done. Queries are sent at fixed times,
// whatever the answers do, and each time counts from when the query was due.
func (l *loaded) probe(t *testing.T, do func()) time.Duration {
	t.Helper()
	conn, err := net.Dial("udp", l.address)
	require.NoError(t, err)
	defer conn.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	begin := time.Now()
	due := func(query int) time.Time { return begin.Add(time.Duration(query) * time.Second / loadQueries) }
	var sender, receiver sync.WaitGroup
	sent := 0
	sender.Go(func() {
		for ; ctx.Err() == nil; sent++ {
			<-time.After(time.Until(due(sent)))
			query := new(dns.Msg).SetQuestion("cached.example.", dns.TypeMX)
			query.Id = uint16(sent)
			packed, err := query.Pack()
			if err == nil {
				_, err = conn.Write(packed)
			}
			if !assert.NoError(t, err) {
				return
			}
		}
	})
	var took []time.Duration
	receiver.Go(func() {
		buffer := make([]byte, dns.MinMsgSize)
		for answer := 0; ; answer++ {
			if _, err := conn.Read(buffer); err != nil {
				return // the deadline below
			}
			query := answer + int(int16(binary.BigEndian.Uint16(buffer)-uint16(answer))) // they come nearly in order
			took = append(took, time.Since(due(query)))
		}
	})
	do()
	stop()
	sender.Wait()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	receiver.Wait()
	assert.Len(t, took, sent, "lost")
	slices.Sort(took)
	require.NotEmpty(t, took)
	late := took[len(took)*99/100]
	t.Logf("response times: median %.2f ms, 99th percentile %.2f ms, longest %.2f ms", milliseconds(took[len(took)/2]), milliseconds(late), milliseconds(took[len(took)-1]))
	return late
}

// request asks for the zone, from an address of its own for each client.
func (l *loaded) request(t *testing.T, client int) net.Conn {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+client))}}
	conn, err := dialer.Dial("tcp", l.address)
	require.NoError(t, err)
	require.NoError(t, (&dns.Conn{Conn: conn}).WriteMsg(new(dns.Msg).SetAxfr(feedZone)))
	return conn
}

// read reads a zone of so many rows. It costs next to nothing, so that it delays nobody else on this host.
func (l *loaded) read(t *testing.T, client, rows int) {
	t.Helper()
	conn := l.request(t, client)
	defer conn.Close()
	message := make([]byte, 2+dns.MaxMsgSize)
	for got := 0; got < rows; {
		if _, err := io.ReadFull(conn, message[:2]); !assert.NoError(t, err) {
			return
		}
		length := binary.BigEndian.Uint16(message)
		if _, err := io.ReadFull(conn, message[:length]); !assert.NoError(t, err) {
			return
		}
		got += int(binary.BigEndian.Uint16(message[6:])) // ANCOUNT
	}
}

// stall asks for the zone and does not read it, until it is told to stop.
func (l *loaded) stall(t *testing.T) (stop func()) {
	t.Helper()
	conn := l.request(t, 100)
	return func() { assert.NoError(t, conn.Close()) }
}
