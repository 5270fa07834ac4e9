package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// measureSinks compares a policy with all sinks of events, alive or dead, with one that has none.
func measureSinks(ctx context.Context, dir, binary string, cpus cpus, files files, s settings) (results []result, err error) {
	collector, err := newCollector()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, collector.close()) }()
	events := filepath.Join(dir, "events")
	if err := os.Mkdir(events, 0o700); err != nil {
		return nil, err
	}
	options := fmt.Sprintf("events %s/events.json size 10MB keep 2\n        syslog tcp://%s", events, collector.address())
	servers, stop, err := startAll(ctx, binary, cpus.servers,
		usual+policy(files.protected, s.distance, options)+resolver, usual+policy(files.protected, s.distance, "log_events off")+resolver)
	if err != nil {
		return nil, err
	}
	defer stop()
	if s.sinks == "dead" {
		if err := errors.Join(os.RemoveAll(events), collector.close()); err != nil {
			return nil, err
		}
	}
	return compareAll(ctx, cpus.load, s, []comparison{
		{name: "ordinary names, sinks " + s.sinks, queries: files.ordinary, rcode: "NOERROR", ours: servers[0], theirs: servers[1], required: 0.97},
		{name: "lookalikes, sinks " + s.sinks, queries: files.lookalikes, rcode: "NXDOMAIN", ours: servers[0], theirs: servers[1], required: 0.5},
	})
}

// collector stands for a syslog server: it reads all that comes over TCP.
type collector struct {
	listener net.Listener
	close    func() error
}

// newCollector returns one that runs until it is closed.
func newCollector() (*collector, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var open sync.Map
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Store(conn, nil)
			go func() { _, _ = io.Copy(io.Discard, conn) }()
		}
	}()
	return &collector{listener, sync.OnceValue(func() error {
		err := listener.Close()
		open.Range(func(conn, _ any) bool {
			_ = conn.(net.Conn).Close()
			return true
		})
		return err
	})}, nil
}

func (c *collector) address() string { return c.listener.Addr().String() }
