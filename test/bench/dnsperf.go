package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLost is the share of unanswered queries above which a run says nothing about the server.
const maxLost = 0.001

// sample is what came out of one run of dnsperf.
type sample struct {
	answers, seconds float64
	cpu              time.Duration // that the server used
}

// qps returns the answers per second.
func (s sample) qps() float64 { return s.answers / s.seconds }

// perAnswer returns the server's CPU time for an answer, in seconds.
func (s sample) perAnswer() float64 { return s.cpu.Seconds() / s.answers }

// load puts the server under the load of a file of queries, all of which must be answered with one of some codes. They come from some ports. There are
// always 100 queries outstanding, which is dnsperf's default. They have EDNS, as those of most resolvers.
func (s *server) load(ctx context.Context, cpu, queries, rcode string, seconds, clients int) (sample, error) {
	before, err := cpuTime(s.PID())
	if err != nil {
		return sample{}, errors.Join(err, s.failure())
	}
	r, err := dnsperf(ctx, cpu, s.port, queries, seconds, clients)
	if err == nil {
		err = r.check(rcode)
	}
	if err != nil {
		return sample{}, errors.Join(fmt.Errorf("dnsperf: %w", err), s.failure())
	}
	after, err := cpuTime(s.PID())
	if err != nil {
		return sample{}, errors.Join(err, s.failure())
	}
	return sample{answers: r.completed, seconds: r.seconds, cpu: after - before}, nil
}

// report is what dnsperf prints at the end.
type report struct {
	sent, completed, seconds float64
	rcodes                   string // such as NOERROR 3 (75.00%), NXDOMAIN 1 (25.00%)
}

// dnsperf runs dnsperf on some CPUs.
func dnsperf(ctx context.Context, cpu, port, queries string, seconds, clients int) (report, error) {
	output, err := exec.CommandContext(ctx, "taskset", "-c", cpu, "dnsperf",
		"-s", "127.0.0.1", "-p", port, "-d", queries, "-l", strconv.Itoa(seconds), "-c", strconv.Itoa(clients), "-e").CombinedOutput()
	if err != nil {
		return report{}, fmt.Errorf("%w\n%s", err, output)
	}
	r, err := parseReport(string(output))
	if err != nil {
		return report{}, fmt.Errorf("%w\n%s", err, output)
	}
	return r, nil
}

// reportLine matches one line of a report, such as "  Queries sent:         257955".
var reportLine = regexp.MustCompile(`(?m)^ +(\w[^:]*): +(\S.*)$`)

// parseReport finds the report in dnsperf's output.
func parseReport(output string) (report, error) {
	values := map[string]string{}
	for _, match := range reportLine.FindAllStringSubmatch(output, -1) {
		values[match[1]] = match[2]
	}
	r := report{rcodes: values["Response codes"]}
	for label, value := range map[string]*float64{
		"Queries sent": &r.sent, "Queries completed": &r.completed, "Run time (s)": &r.seconds,
	} {
		number, _, _ := strings.Cut(values[label], " ") // a percentage may follow
		var err error
		if *value, err = strconv.ParseFloat(number, 64); err != nil {
			return report{}, fmt.Errorf("%s: %w", label, err)
		}
	}
	return r, nil
}

// check returns an error if queries were lost, or the codes of the answers are not the given ones.
func (r report) check(rcode string) error {
	if lost := r.sent - r.completed; r.sent == 0 || lost > r.sent*maxLost {
		return fmt.Errorf("%.0f of %.0f queries lost; expected less than %.1f %%", lost, r.sent, 100*maxLost)
	}
	var codes []string
	for part := range strings.SplitSeq(r.rcodes, ", ") {
		code, _, _ := strings.Cut(part, " ")
		codes = append(codes, code)
	}
	slices.Sort(codes)
	if strings.Join(codes, " ") != rcode {
		return fmt.Errorf("response codes %s; expected %s only", r.rcodes, rcode)
	}
	return nil
}
