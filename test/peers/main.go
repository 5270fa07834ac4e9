// Command peers compares typoguard with resolvers that have no idea of a lookalike: BIND 9, Unbound, PowerDNS Recursor and Knot Resolver.
//
//	go run ./test/peers [-domains N] [-seconds N] [-rounds N]
//
// All get the same job, to hide every name within one edit of so many protected domains. To typoguard it is given as the
// list of those domains. The others need a response policy zone with every such name, and with a wildcard for what lies
// under it, which coredns-typoguard writes: that is the best one can do with them, and what one has to write again for each
// new domain.
//
// Measured are the time from the start until lookalikes are hidden, the memory that takes, and how many lookalikes a
// server answers per second, which it does with NXDOMAIN. Each server has one CPU and one thread, and no log of queries,
// and is loaded in turns with the others, for a machine that becomes slower or faster must favour none. PowerDNS keeps
// whole answers in its packet cache; the others, typoguard too, decide anew about each query.
//
// It needs no root, and nothing leaves the host: the only upstream is a closed port of the loopback address. Whatever the
// figures are, only a comparison that did not run, or got wrong answers, fails.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// settings are what the flags say.
type settings struct {
	domains, seconds, rounds int
}

func main() {
	s, err := parseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// parseFlags reads the command line.
func parseFlags(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.IntVar(&s.domains, "domains", 1000, "`number` of protected domains")
	flags.IntVar(&s.seconds, "seconds", 4, "duration of a run of dnsperf, in `seconds`")
	flags.IntVar(&s.rounds, "rounds", 5, "`number` of runs for each server")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	return s, s.check(flags.Args())
}

// check returns an error for settings that make no sense, or would run for days or out of memory.
func (s settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q; expected flags only", rest[0])
	case s.domains < 1 || s.domains > 5000:
		return fmt.Errorf("-domains %d; expected 1 to 5000", s.domains)
	case s.seconds < 1 || s.seconds > 60:
		return fmt.Errorf("-seconds %d; expected 1 to 60", s.seconds)
	case s.rounds < 1 || s.rounds > 1000:
		return fmt.Errorf("-rounds %d; expected 1 to 1000", s.rounds)
	}
	return nil
}

// command returns the command line that measures with these settings.
func (s settings) command() string {
	return fmt.Sprintf("go run ./test/peers -domains %d -seconds %d -rounds %d", s.domains, s.seconds, s.rounds)
}

// run compares in a directory of its own, and prints the results. Neither it nor any server outlives the run.
func run(s settings) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := resolvers.CheckPrograms(byZone, map[string]string{"dnsperf": "dnsperf", "taskset": "util-linux"}); err != nil {
		return err
	}
	cpus, err := chooseCPUs()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "typoguard-peers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	binary, err := kit.Build(ctx)
	if err != nil {
		return err
	}
	job, err := newJob(ctx, dir, binary, s.domains)
	if err != nil {
		return err
	}
	results, err := compare(ctx, dir, binary, cpus, s, job)
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if err != nil {
		return err
	}
	printTable(os.Stdout, s, results)
	return nil
}
