//go:build e2e

package soak_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// find looks for events where they should be.
func (e *events) find(ctx context.Context) error {
	if err := e.readFiles(); err != nil {
		return err
	}
	for s, dsn := range map[*sinkState]string{e.sqlite: e.world.dsns()[0], e.pg: e.world.dsns()[1]} {
		if err := e.readHistory(ctx, s, dsn); err != nil {
			return err
		}
	}
	return nil
}

// readHistory looks for events in a database.
func (e *events) readHistory(ctx context.Context, s *sinkState, dsn string) error {
	store, err := history.Open(historyconfig.Store{DSN: dsn})
	if err != nil {
		return err
	}
	defer store.Close()
	for _, times := range e.world.clock.shown(e.since.Add(-time.Minute)) {
		err := store.Each(ctx, history.Filter{From: times[0], Until: times[1].Add(time.Minute)}, func(found *history.Event) error {
			delete(s.pending, found.Name+".")
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// setAside renames the events' file, as logrotate does, and removes the one before, which was read.
func (e *events) setAside() {
	if e.renamed != "" {
		_ = os.Remove(e.renamed)
	}
	e.renamed = fmt.Sprintf("%s.%d", e.world.eventsFile(), time.Now().UnixNano())
	_ = os.Rename(e.world.eventsFile(), e.renamed) // there may be none
}

// readFiles reads what was written to event files since the last time.
func (e *events) readFiles() error {
	paths, err := filepath.Glob(e.world.eventsFile() + "*")
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(slices.Values(paths)) {
		if err := e.readFile(path); err != nil {
			return err
		}
	}
	return nil
}

func (e *events) readFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return nil //nolint:nilerr // renamed meanwhile
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	inode := info.Sys().(*syscall.Stat_t).Ino
	text := make([]byte, max(0, info.Size()-e.read[inode]))
	n, _ := file.ReadAt(text, e.read[inode])
	text = text[:bytes.LastIndexByte(text[:n], '\n')+1]
	e.read[inode] += int64(len(text))
	for line := range bytes.Lines(text) {
		var event struct {
			Name string `json:"dns.question.name"`
		}
		if err := json.Unmarshal(line, &event); err != nil {
			e.tally.violate("a line of the events' file is broken", "%s: %q: %v", path, line, err)
			continue
		}
		e.found++
		name := event.Name + "."
		if _, pending := e.file.pending[name]; !pending {
			e.early[name] = true
		}
		delete(e.file.pending, name)
	}
	return nil
}
