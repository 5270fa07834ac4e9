package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/names"
)

// measureHistory compares a policy with a history and a page with one that has neither: by ordinary names, or by a mix of these
// with lookalikes.
func measureHistory(ctx context.Context, dir, binary string, cpus cpus, files files, s settings) ([]result, error) {
	dsn, err := database(dir, s.history)
	if err != nil {
		return nil, err
	}
	options := fmt.Sprintf("log_events off\n        history %s\n        review 127.0.0.1:0", dsn)
	servers, stop, err := startAll(ctx, binary, cpus.servers,
		usual+policy(files.protected, s.distance, options)+resolver, usual+policy(files.protected, s.distance, "log_events off")+resolver)
	if err != nil {
		return nil, err
	}
	defer stop()
	c := comparison{name: "ordinary names, history " + s.history, queries: files.ordinary, rcode: "NOERROR", ours: servers[0], theirs: servers[1], required: 0.97}
	if s.lookalikes > 0 {
		c.name = fmt.Sprintf("%g %% lookalikes, history %s", 100*s.lookalikes, s.history)
		c.queries, c.rcode, c.required = filepath.Join(dir, "mixed"), "NOERROR NXDOMAIN", 0.5
		if err := writeMixed(c.queries, files, s.lookalikes); err != nil {
			return nil, err
		}
	}
	results, err := compareAll(ctx, cpus.load, s, []comparison{c})
	if err != nil || s.history != "on" || s.lookalikes == 0 {
		return results, err
	}
	stop()
	return results, tellKept(ctx, dsn, files.lookalikes)
}

// tellKept says how many events of lookalikes a history has. The others were dropped, or waited when the server was stopped, which
// is not gentle: on one CPU that is full of queries there is little left for anything else.
func tellKept(ctx context.Context, dsn, lookalikes string) error {
	asked, err := readLines(lookalikes)
	if err != nil {
		return err
	}
	store, err := history.Open(historyconfig.Store{DSN: dsn})
	if err != nil {
		return err
	}
	totals, err := store.Totals(ctx)
	if err == nil {
		fmt.Fprintf(os.Stderr, "%d events kept, of %d queries in them, for %d lines of lookalikes\n", totals[0].Blocked.Events, totals[0].Blocked.Queries, len(asked))
	}
	return errors.Join(err, store.Close())
}

// database returns the DSN of a history in a directory, or of one that is dead.
func database(dir, state string) (string, error) {
	if state == "on" {
		return "sqlite://" + filepath.Join(dir, "events.db"), nil
	}
	port, err := kit.FreePort()
	return "postgres://typoguard@127.0.0.1:" + port + "/events", err
}

// writeMixed makes a file of queries of which a share is for lookalikes, evenly, each of which comes at least once.
func writeMixed(path string, from files, share float64) error {
	ordinary, err := readLines(from.ordinary)
	if err != nil {
		return err
	}
	lookalikes, err := readLines(from.lookalikes)
	if err != nil {
		return err
	}
	total := int(math.Ceil(float64(len(lookalikes)) / share))
	mixed := make([]string, 0, total)
	for i, near := 0, 0; i < total; i++ {
		if float64(near) < share*float64(i+1) && near < len(lookalikes) {
			mixed = append(mixed, lookalikes[near])
			near++
			continue
		}
		mixed = append(mixed, ordinary[(i-near)%len(ordinary)])
	}
	return names.WriteLines(path, mixed)
}

func readLines(path string) ([]string, error) {
	content, err := os.ReadFile(path)
	return strings.Split(strings.TrimSpace(string(content)), "\n"), err
}
