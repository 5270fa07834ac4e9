// Command flood measures what clients of the SMTP listener, and those who ask for lookalikes whose counterparts cannot be
// found, cost those who ask for other names.
//
//	go run ./test/flood [-rounds N] [-seconds N] [-connections N]
//
// The built binary runs on one CPU, as its only one, with an SMTP listener and a cache. A prober asks it for names, so many
// a second whatever the answers do, and notes how long each answer took; meanwhile a second process, on another CPU,
// does one of these:
//
//   - nothing
//   - opens connections to a listener of its own, as fast as it goes: what this costs, it costs the prober
//   - opens so many connections, and says nothing
//   - sends RCPT on 50 connections, as fast as it goes, without waiting for replies (PIPELINING)
//   - opens connections, as fast as it goes, to close them when it is greeted
//   - begins TLS on new connections, as fast as it goes
//   - asks for 10,000 different lookalikes a second, of a policy that requires a counterpart, while the upstream is silent
//
// The phases take turns, so that a machine that becomes slower or faster favours none. The figures are medians over all
// rounds. Nothing leaves the host. Prober and flood share a CPU. How
// much that delays the prober itself shows in the second phase, in which nobody talks to the server.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings are what the flags say.
type settings struct {
	rounds, seconds, connections int
	attack, target               string // of the second process
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 3, "`number` of times that each phase is measured")
	flag.IntVar(&s.seconds, "seconds", 5, "duration of a phase, in `seconds`")
	flag.IntVar(&s.connections, "connections", 10000, "`number` of idle connections")
	flag.StringVar(&s.attack, "attack", "", "used by the program itself: be the second process, and do `what`")
	flag.StringVar(&s.target, "target", "", "used by the program itself: the `address` to talk to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := s.check(flag.Args())
	switch {
	case err == nil && s.attack != "":
		err = attack(ctx, s)
	case err == nil:
		err = run(ctx, s)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "flood:", err)
		os.Exit(1)
	}
}

// check returns an error for settings that make no sense or would run for days.
func (s settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q; expected flags only", rest[0])
	case s.rounds < 1 || s.rounds > 100:
		return fmt.Errorf("-rounds %d; expected 1 to 100", s.rounds)
	case s.seconds < 1 || s.seconds > 60:
		return fmt.Errorf("-seconds %d; expected 1 to 60", s.seconds)
	case s.connections < 1 || s.connections > 60000:
		return fmt.Errorf("-connections %d; expected 1 to 60000", s.connections)
	}
	return nil
}

// phase is what the second process does, and what came out of it in every round.
type phase struct {
	name, attack string
	samples      []sample
}

// run measures every phase in turn, and prints the results.
func run(ctx context.Context, s settings) error {
	server, err := startServer(ctx, s.connections)
	if err != nil {
		return err
	}
	defer server.stop()
	phases := []*phase{
		{name: "nobody", attack: ""},
		{name: "nobody, and connections elsewhere", attack: attackElsewhere},
		{name: fmt.Sprintf("%d idle connections", s.connections), attack: attackIdle},
		{name: "RCPT on 50 connections", attack: attackRecipients},
		{name: "new connections", attack: attackConnections},
		{name: "TLS on new connections", attack: attackTLS},
		{name: "lookalikes without an upstream", attack: attackLookalikes},
	}
	for round := range s.rounds {
		for _, p := range phases {
			result, err := measure(ctx, s, server, p.attack)
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s: %s\n", round+1, s.rounds, p.name, result)
			p.samples = append(p.samples, result)
		}
	}
	printTable(os.Stdout, s, phases)
	return nil
}

// measure asks for names while the second process does something.
func measure(ctx context.Context, s settings, server *server, what string) (sample, error) {
	if what == "" {
		return probe(ctx, server.dns, time.Duration(s.seconds)*time.Second)
	}
	target := server.smtp
	if what == attackLookalikes {
		target = server.dns
	}
	attacker, err := startAttacker(ctx, s, target, what)
	if err != nil {
		return sample{}, err
	}
	result, err := probe(ctx, server.dns, time.Duration(s.seconds)*time.Second)
	events, stopErr := attacker.stop()
	result.events = events
	return result, errors.Join(err, stopErr)
}
