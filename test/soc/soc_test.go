//go:build e2e

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/sender"
)

// wink is how long to wait before asking again.
const wink = 100 * time.Millisecond

// start starts all servers until the test ends.
func start(t *testing.T) (context.Context, *site) {
	t.Helper()
	ctx := t.Context()
	s, err := startSite(context.WithoutCancel(ctx), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() {
		s.stop()
		assert.NotContains(t, s.resolver.Output(), "panic")
		if t.Failed() {
			t.Log(s.resolver.Output())
		}
	})
	return ctx, s
}

// deliver has mail servers deliver until the test ends.
func deliver(t *testing.T, ctx context.Context, s *site) {
	t.Helper()
	var done sync.WaitGroup
	ctx, stop := context.WithCancel(ctx)
	done.Go(func() {
		_, err := newMailers(s.resolver, 20, 5*time.Millisecond).run(ctx)
		assert.NoError(t, err)
	})
	t.Cleanup(func() {
		stop()
		done.Wait()
	})
}

// crowd has mail servers jostle until the test ends.
func crowd(t *testing.T, ctx context.Context, s *site) {
	t.Helper()
	ctx, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { assert.NoError(t, jostle(ctx, s.resolver.smtp)) })
	t.Cleanup(func() {
		stop()
		done.Wait()
	})
}

// jostle has one mail server open more connections to an SMTP listener than it may have, and another one send what is for no
// lookalike, until the context ends.
func jostle(ctx context.Context, listener string) error {
	tick := time.NewTicker(2 * wink)
	defer tick.Stop()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 2, 1)}}
	other := sender.Message{Client: netip.AddrFrom4([4]byte{127, 0, 2, 2}), Helo: "relay.example", Domain: "example.org"}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		conn, err := dialer.DialContext(ctx, "tcp", listener)
		if err == nil {
			defer conn.Close()
			err = other.Refused(ctx, listener)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// writeList replaces the list file of the policy partners.
func writeList(t *testing.T, s *site, content string) {
	t.Helper()
	kit.WriteFile(t, filepath.Join(s.resolver.dir, "more"), content)
}

// restartResolver ends the resolver and starts one with other settings, on other ports.
func (s *site) restartResolver(t *testing.T, with settings) {
	t.Helper()
	s.resolver.End(syscall.SIGTERM)
	r, err := startResolver(context.WithoutCancel(t.Context()), with)
	require.NoError(t, err)
	s.resolver = r
}

// askFor looks up one lookalike after the other, each from a client of its own, and returns when each was asked for.
func askFor(t *testing.T, ctx context.Context, s *site, from, to int, pause time.Duration) []time.Time {
	t.Helper()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	var asked []time.Time
	for i := from; i < to; i++ {
		<-tick.C
		_, _, err := lookup(ctx, "127.0.0.1", s.resolver.dns, fmt.Sprintf("n%d.army.ml", i))
		require.NoError(t, err)
		asked = append(asked, time.Now())
	}
	return asked
}

// idsIn returns the ids of the events in a file, each of whose lines ends with JSON, by the names asked for.
func idsIn(t require.TestingT, path string) map[string]string {
	content, err := os.ReadFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	content = content[:bytes.LastIndexByte(content, '\n')+1]
	ids := map[string]string{}
	for line := range bytes.Lines(content) {
		var e struct {
			ID   string `json:"event.id"`
			Name string `json:"dns.question.name"`
		}
		require.NoError(t, json.Unmarshal(line[max(bytes.IndexByte(line, '{'), 0):], &e), "%s", line)
		ids[e.Name] = e.ID
	}
	return ids
}

// metric returns the value of a series of the resolver.
func metric(t require.TestingT, s *site, series string) string {
	m, err := kit.Scrape(context.Background(), s.resolver.metrics)
	require.NoError(t, err)
	require.Contains(t, m, series)
	return strconv.FormatFloat(m[series], 'g', -1, 64)
}

// requests returns how many queries the resolver has had.
func requests(t *testing.T, s *site) int {
	t.Helper()
	m, err := kit.Scrape(t.Context(), s.resolver.metrics)
	require.NoError(t, err)
	return m.Sum(t, "coredns_dns_requests_total")
}

// TestSyslogDown: what is reported while rsyslog is stopped arrives when it is started again, and each event once. What it
// had taken without writing it is lost, which is none when it is stopped in order.
func TestSyslogDown(t *testing.T) {
	ctx, s := start(t)
	const events = 300
	askFor(t, ctx, s, 0, 100, 5*time.Millisecond)
	s.rsyslog.End(syscall.SIGTERM)
	askFor(t, ctx, s, 100, 200, 5*time.Millisecond)
	up := `coredns_typoguard_events_sink_up{sink="tcp://` + s.rsyslog.address + `"}`
	require.Eventually(t, func() bool { return metric(t, s, up) == "0" }, kit.Patience, wink)
	require.NoError(t, s.rsyslog.restart(context.WithoutCancel(ctx)))
	askFor(t, ctx, s, 200, events, 5*time.Millisecond)
	var lost int
	require.Eventually(t, func() bool {
		lost = events - len(idsIn(t, s.rsyslog.file))
		return lost == 0
	}, 2*kit.Patience, wink)
	assert.Equal(t, "1", metric(t, s, up))
	assert.Equal(t, idsIn(t, s.resolver.events), idsIn(t, s.rsyslog.file), "in both, with the same ids")
	t.Logf("FIGURE events lost of %d while rsyslog is stopped and started: %d", events, lost)
}

// TestFullDisk: what is reported while the disk is full, or read-only, is written when it is not any more, no line is torn,
// and nothing is lost.
func TestFullDisk(t *testing.T) {
	ctx, s := start(t)
	mount := filepath.Join(s.resolver.dir, "disk")
	require.NoError(t, os.Mkdir(mount, 0o700))
	require.NoError(t, syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=1m"))
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(mount, 0)) })
	t.Cleanup(func() { s.resolver.End(syscall.SIGTERM) }) // before the disk is gone
	with := s.resolver.settings
	with.events = filepath.Join(mount, "events.json")
	s.restartResolver(t, with)

	askFor(t, ctx, s, 0, 100, time.Millisecond)
	filler := filepath.Join(mount, "filler")
	require.Error(t, os.WriteFile(filler, make([]byte, 2<<20), 0o600))
	const events = 500 // a page of the disk may be left
	askFor(t, ctx, s, 100, events, time.Millisecond)
	up := `coredns_typoguard_events_sink_up{sink="` + s.resolver.events + `"}`
	require.Eventually(t, func() bool { return metric(t, s, up) == "0" }, kit.Patience, wink)
	require.NoError(t, os.Remove(filler))
	var lost int
	require.Eventually(t, func() bool {
		lost = events - len(idsIn(t, s.resolver.events))
		return lost == 0
	}, 2*kit.Patience, wink)
	assert.Equal(t, "1", metric(t, s, up))
	content, err := os.ReadFile(s.resolver.events)
	require.NoError(t, err)
	assert.Equal(t, events, bytes.Count(content, []byte("\n")), "each once")
	t.Logf("FIGURE events lost of %d while the disk is full: %d", events, lost)

	// The disk cannot be made read-only while a file is open on it; but one that is may be put over it.
	require.NoError(t, syscall.Mount("tmpfs", mount, "tmpfs", syscall.MS_RDONLY, ""))
	askFor(t, ctx, s, events, events+10, time.Millisecond)
	require.Eventually(t, func() bool { return metric(t, s, up) == "0" }, kit.Patience, wink)
	require.NoError(t, syscall.Unmount(mount, 0))
	require.Eventually(t, func() bool { return len(idsIn(t, s.resolver.events)) == events+10 }, 2*kit.Patience, wink)
}

// TestKill: a process that is killed loses no event that is older than the time in which events settle.
func TestKill(t *testing.T) {
	ctx, s := start(t)
	asked := askFor(t, ctx, s, 0, 500, 10*time.Millisecond)
	killed := time.Now()
	s.resolver.End(syscall.SIGKILL)
	written := idsIn(t, s.resolver.events)
	lost, oldest := 0, time.Duration(0)
	for i, at := range asked {
		if written[fmt.Sprintf("n%d.army.ml", i)] == "" {
			lost++
			oldest = max(oldest, killed.Sub(at))
		}
	}
	assert.Positive(t, lost, "some had not settled")
	assert.Less(t, oldest, 2500*time.Millisecond, "a second and a half, and what a busy machine adds")
	t.Logf("FIGURE events lost of 500 in 5 s when the process is killed: %d, the oldest %s old", lost, oldest.Round(10*time.Millisecond))
}

// TestDnstapRead: a stock decoder, BIND's dnstap-read, reads the messages that have a policy.
func TestDnstapRead(t *testing.T) {
	ctx, s := start(t)
	socket, captured := filepath.Join(s.resolver.dir, "dnstap.sock"), filepath.Join(s.resolver.dir, "dnstap.fstrm")
	capture, err := kit.Launch(ctx, nil, "fstrm_capture", "-ddddd", "-t", "protobuf:dnstap.Dnstap", "-u", socket, "-w", captured)
	require.NoError(t, err)
	require.NoError(t, capture.Until(ctx, func() error {
		_, err := os.Stat(socket)
		return err
	}))
	with := s.resolver.settings
	with.plugin, with.option = "dnstap "+socket+" full", "dnstap on"
	s.restartResolver(t, with)
	lookalikes, _, err := lookup(ctx, "127.0.0.1", s.resolver.dns, "army.ml")
	require.NoError(t, err)

	// CoreDNS sends what it has every second, and when it is stopped only if there is time: two messages for each query, and one
	// more for each lookalike.
	require.Eventually(t, func() bool {
		return strings.Count(capture.Output(), "processing data frame") == 2*requests(t, s)+lookalikes
	}, kit.Patience, wink)
	capture.End(syscall.SIGTERM)
	output, err := exec.CommandContext(ctx, "dnstap-read", captured).CombinedOutput()
	require.NoError(t, err, string(output))
	lines := find(string(output), `(?m)^\S+ \S+ (C[QR]) .* army\.ml/IN/MX$`)
	assert.Equal(t, []string{"CQ", "CR", "CR"}, lines, "%s", output)
}
