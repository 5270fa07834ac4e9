//go:build e2e

package soak_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/kit/wrongclock"
	"github.com/typoguard/coredns-typoguard/test/postgres"
)

// world is a host with a guarded and a stock server, and what they depend on.
type world struct {
	lists, disk    string // directories: of list files, and of what is written, a small disk
	guarded, stock *server
	upstreams      [2]*upstream
	web            *webServer
	syslog         *logServer
	postgres       *postgres.Server
	clock          *wallClock
}

// diskSize is the size of the small disk.
const diskSize = "512m"

// newWorld starts everything. It ends with the test.
func newWorld(t *testing.T) *world {
	t.Helper()
	dir := makeDir(t)
	w := &world{lists: filepath.Join(dir, "lists"), disk: filepath.Join(dir, "disk")}
	for _, made := range []string{w.lists, w.disk} {
		require.NoError(t, os.Mkdir(made, 0o755))
	}
	require.NoError(t, syscall.Mount("tmpfs", w.disk, "tmpfs", 0, "size="+diskSize)) // gone with the namespace
	for i, address := range []string{upstreamOne, upstreamTwo} {
		w.upstreams[i] = &upstream{address: address}
		require.NoError(t, w.upstreams[i].start())
		t.Cleanup(func() { assert.NoError(t, w.upstreams[i].stop()) })
	}
	var err error
	certificate := filepath.Join(dir, "web.pem")
	w.web, err = startWeb(certificate)
	require.NoError(t, err)
	t.Cleanup(w.web.Close)
	w.syslog = &logServer{address: syslogTCP}
	require.NoError(t, w.syslog.start())
	t.Cleanup(func() { assert.NoError(t, w.syslog.stop()) })
	w.postgres, err = postgres.New(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.postgres.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, w.postgres.Close()) })
	w.clock = &wallClock{path: filepath.Join(dir, "clock")}
	require.NoError(t, w.clock.set(0))
	require.NoError(t, w.writeLists())
	w.startServers(t, dir, certificate)
	return w
}

// startServers starts the servers.
func (w *world) startServers(t *testing.T, dir, certificate string) {
	t.Helper()
	binary, err := kit.BuildWrongClock(t.Context())
	require.NoError(t, err)
	stanzas := fmt.Sprintf(policies, w.lists, w.web.URL, w.disk, w.postgres.DSN("postgres"))
	w.guarded = &server{name: "guarded", dns: guardedDNS, metrics: guardedMetrics, corefile: fmt.Sprintf(chain, portOf(guardedDNS), guardedMetrics, stanzas)}
	w.stock = &server{name: "stock", dns: stockDNS, metrics: stockMetrics, corefile: fmt.Sprintf(chain, portOf(stockDNS), stockMetrics, "")}
	for _, s := range w.servers() {
		s.dir, s.binary = filepath.Join(dir, s.name), binary
		s.environment = []string{"SSL_CERT_FILE=" + certificate, wrongclock.Variable + "=" + w.clock.path}
		require.NoError(t, os.Mkdir(s.dir, 0o755))
		require.NoError(t, s.start(t.Context()))
		t.Cleanup(func() {
			s.end(syscall.SIGTERM)
			text, _ := s.said(0)
			assert.NotContains(t, text, "panic:", s.name)
			assert.NotContains(t, text, "fatal error:", s.name)
			if t.Failed() {
				t.Logf("the last that the %s server said: %s", s.name, s.lastWords())
			}
		})
	}
}

// servers returns both servers.
func (w *world) servers() []*server { return []*server{w.guarded, w.stock} }

// The list files, below the directory of lists.
const (
	protectFile = "protect.txt"
	allowFile   = "allow.txt"
)

// contents returns what a list file should contain.
func contents(file string) string {
	if file == protectFile {
		return listOf("partner", entries) + untilEnd(endingSuffix)
	}
	var list strings.Builder
	list.WriteString(untilEnd(endingAllowed))
	for i := range entries {
		list.WriteString(allowedEntry(i) + " # a neighbour\n")
	}
	return list.String()
}

// writeLists puts all list files back to what they should be.
func (w *world) writeLists() error {
	return errors.Join(w.write(protectFile, contents(protectFile)), w.write(allowFile, contents(allowFile)))
}

// write replaces a list file, whatever it is, in one step.
func (w *world) write(file, content string) error {
	path := filepath.Join(w.lists, file)
	if err := os.WriteFile(path+".new", []byte(content), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// databaseFile and eventsFile are the files on the small disk.
func (w *world) databaseFile() string { return filepath.Join(w.disk, "events.db") }
func (w *world) eventsFile() string   { return filepath.Join(w.disk, "events.json") }

// dsns returns the histories.
func (w *world) dsns() []string {
	return []string{history.SQLite(w.databaseFile()), w.postgres.DSN("postgres")}
}

// onBoth does something to both servers.
func (w *world) onBoth(do func(*server) error) error {
	errs := make(chan error, 2)
	for _, s := range w.servers() {
		go func() { errs <- do(s) }()
	}
	return errors.Join(<-errs, <-errs)
}

// startBoth starts both servers again.
func (w *world) startBoth(ctx context.Context, environment ...string) error {
	return w.onBoth(func(s *server) error { return s.start(ctx, environment...) })
}
