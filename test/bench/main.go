// Command bench measures with dnsperf what the typoguard plugin costs a resolver.
//
//	go run ./test/bench [-pairs N] [-seconds N] [-domains N] [-distance 1|2]
//		[-profile FILE | -stock BINARY | -sinks on|dead | -history on|dead [-lookalikes SHARE] |
//		-against BINARY | -embedded BINARY | -feeds | -limit | -sockets]
//
// It compares two servers by the queries that each can answer per second of CPU time:
//
//   - Ordinary names, answered from the cache: this binary with a policy of so many protected domains, and a stock CoreDNS without one.
//   - Lookalikes of the protected domains: the NXDOMAIN of the policy, that of CoreDNS's template plugin, and that of the least that can be
//     written with module dns.
//
// With -sinks it compares a policy whose events go to the log, a file and a syslog server with one whose events go nowhere,
// by ordinary names and by lookalikes. With -sinks dead there is no such directory, and no such server.
//
// With -history it compares a policy with a history, in SQLite, and a review page with one that has neither, by ordinary names;
// with -lookalikes 0.1 by queries of which one in ten is for a lookalike. With -history dead the history is in PostgreSQL, at an
// address where nobody listens.
//
// With -against it compares a policy with the same policy in another binary, that of an earlier version for instance, by ordinary
// names and by names all of which are aliases.
//
// With -embedded it compares a CoreDNS of others that has the plugin, as test/embed builds it, with and without a policy, by ordinary names.
//
// With -feeds it compares a policy with a feed and a list zone with one that has neither, by ordinary names and by lookalikes.
//
// With -limit it compares lookalikes with the least that a server can do: with module dns, and with prepared octets that are read and
// written one by one, or in batches.
//
// With -sockets it compares servers that have as many sockets as there are CPUs, with CoreDNS's plugin multisocket, with those that have one.
// They share all CPUs with dnsperf, which asks from 32 ports: with few CPUs, only the ratio by CPU time means something.
//
// With -profile it compares nothing, and writes the profile by which the released binaries are optimized.
//
// Nothing leaves the host. The noise of a busy machine is many times what the plugin costs, therefore the servers are
// loaded in turns, for some seconds each, and every run is compared with the one next to it. A ratio below what is
// required is printed as such, but only a benchmark that did not run, or got wrong answers, fails. More and shorter runs,
// such as -pairs 24 -seconds 2, help where other programs are running.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// settings are what the flags say.
type settings struct {
	pairs, seconds, domains, distance int
	sinks, history, against, stock    string
	embedded                          string
	profile                           string // the file to write
	feeds, limit, sockets             bool
	lookalikes                        float64 // share of queries
}

func main() {
	var s settings
	flag.IntVar(&s.pairs, "pairs", 8, "`number` of times that both servers are measured")
	flag.IntVar(&s.seconds, "seconds", 4, "duration of a run, in `seconds`")
	flag.IntVar(&s.domains, "domains", 1000, "`number` of protected domains")
	flag.IntVar(&s.distance, "distance", 1, "distance of the policy, `1 or 2`")
	flag.StringVar(&s.sinks, "sinks", "", "what events cost, with sinks that are `on or dead`")
	flag.StringVar(&s.history, "history", "", "what a history costs, in a database that is `on or dead`")
	flag.Float64Var(&s.lookalikes, "lookalikes", 0, "`share` of queries for lookalikes, with -history")
	flag.StringVar(&s.against, "against", "", "compare with another `binary`")
	flag.StringVar(&s.embedded, "embedded", "", "what a policy costs a CoreDNS with the plugin, as `binary`")
	flag.StringVar(&s.stock, "stock", "", "a stock CoreDNS, as `binary`; by default one is built")
	flag.BoolVar(&s.feeds, "feeds", false, "what a feed and a list zone cost")
	flag.BoolVar(&s.limit, "limit", false, "what can be had at most for lookalikes")
	flag.BoolVar(&s.sockets, "sockets", false, "what several sockets bring")
	flag.StringVar(&s.profile, "profile", "", "compare nothing, and write a CPU profile of the server to a `file`")
	flag.Parse()
	err := s.check(flag.Args())
	if err == nil {
		err = run(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// check returns an error for settings that make no sense or would run for days.
func (s settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q; expected flags only", rest[0])
	case s.pairs < 1 || s.pairs > 1000:
		return fmt.Errorf("-pairs %d; expected 1 to 1000", s.pairs)
	case s.seconds < 1 || s.seconds > 60:
		return fmt.Errorf("-seconds %d; expected 1 to 60", s.seconds)
	case s.domains < 1 || s.domains > 1_000_000:
		return fmt.Errorf("-domains %d; expected 1 to 1000000", s.domains)
	case s.sinks != "" && s.sinks != "on" && s.sinks != "dead":
		return fmt.Errorf("-sinks %s; expected on or dead", s.sinks)
	case s.history != "" && s.history != "on" && s.history != "dead":
		return fmt.Errorf("-history %s; expected on or dead", s.history)
	case s.several():
		return errors.New("more than one of -history, -sinks, -against, -embedded, -feeds, -limit, -sockets, -stock and -profile; expected one of them")
	case s.lookalikes < 0 || s.lookalikes >= 1 || (s.lookalikes > 0 && s.history == ""):
		return fmt.Errorf("-lookalikes %g; expected a share below 1, with -history", s.lookalikes)
	case s.distance < 1 || s.distance > 2:
		return fmt.Errorf("-distance %d; expected 1 or 2", s.distance)
	}
	return nil
}

// several reports whether more than one thing is to be compared.
func (s settings) several() bool {
	things := 0
	for _, thing := range []bool{s.history != "", s.sinks != "", s.against != "", s.embedded != "", s.feeds, s.limit, s.sockets, s.stock != "", s.profile != ""} {
		if thing {
			things++
		}
	}
	return things > 1
}

// command returns the command line that measures with these settings.
func (s settings) command() string {
	command := fmt.Sprintf("go run ./test/bench -pairs %d -seconds %d -domains %d -distance %d", s.pairs, s.seconds, s.domains, s.distance)
	if s.sinks != "" {
		command += " -sinks " + s.sinks
	}
	if s.history != "" {
		command += " -history " + s.history
	}
	if s.lookalikes > 0 {
		command += fmt.Sprintf(" -lookalikes %g", s.lookalikes)
	}
	if s.against != "" {
		command += " -against " + s.against
	}
	if s.embedded != "" {
		command += " -embedded " + s.embedded
	}
	if s.feeds {
		command += " -feeds"
	}
	if s.limit {
		command += " -limit"
	}
	if s.sockets {
		command += " -sockets"
	}
	if s.stock != "" {
		command += " -stock " + s.stock
	}
	return command
}

// run measures in a directory of its own, and prints the results. Nothing that it starts or writes outlives it.
func run(s settings) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := checkTools(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "typoguard-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	results, err := measure(ctx, dir, s)
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if err != nil || s.profile != "" {
		return err
	}
	printTable(os.Stdout, s, results)
	if s.against != "" {
		printDifferences(os.Stdout, results)
	}
	return nil
}

// checkTools returns an error for programs that are needed and not installed.
func checkTools() error {
	var missing []error
	for _, tool := range []struct{ program, debian string }{{"dnsperf", "dnsperf"}, {"taskset", "util-linux"}} {
		if _, err := exec.LookPath(tool.program); err != nil {
			missing = append(missing, fmt.Errorf("%w; install the Debian package %s", err, tool.debian))
		}
	}
	return errors.Join(missing...)
}

// measure builds the binary, starts all servers and makes the comparisons.
func measure(ctx context.Context, dir string, s settings) ([]result, error) {
	cpus, err := chooseCPUs()
	if err != nil {
		return nil, err
	}
	files, err := writeFiles(dir, s.domains)
	if err != nil {
		return nil, err
	}
	if s.embedded != "" {
		return measureEmbedded(ctx, cpus, files, s)
	}
	binary, err := kit.BuildReleased(ctx)
	if err != nil {
		return nil, err
	}
	if s.profile != "" {
		return nil, writeProfile(ctx, dir, binary, cpus, files, s)
	}
	if s.sinks != "" {
		return measureSinks(ctx, dir, binary, cpus, files, s)
	}
	if s.history != "" {
		return measureHistory(ctx, dir, binary, cpus, files, s)
	}
	if s.against != "" {
		return measureAgainst(ctx, binary, cpus, files, s)
	}
	if s.feeds {
		return measureFeeds(ctx, binary, cpus, files, s)
	}
	if s.limit {
		return measureLimit(ctx, dir, binary, cpus, files, s)
	}
	if s.sockets {
		return measureSockets(ctx, binary, cpus, files, s)
	}
	return measureStock(ctx, dir, binary, cpus, files, s)
}
